import { changesOf } from "../session/view.js";
export function reportOf(checkpoint, updatedChannels, durationMs) {
    const { sessionId, step, ran, frontier, versions, deltas, note } = checkpoint;
    return {
        sessionId,
        step,
        ran,
        barrier: { updatedChannels, changes: changesOf(deltas) },
        nextFrontier: frontier,
        versions,
        completed: note.status.kind === "completed",
        durationMs,
    };
}
