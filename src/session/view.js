import { toPatch } from "../state/delta.js";
import { checkpointId, parentIdOf } from "./checkpoint.js";
/** A checkpoint of the session's line, also one that the session inherited when it was forked. What the store reads late is read late here. */
export function checkpointViewOf(checkpoint, sessionId) {
    const { incarnation, seq, step, frontier, source, ran, deltas, createdAt, note } = checkpoint;
    const view = {
        sessionId,
        step,
        frontier,
        status: note.status,
        checkpointId: checkpointId(incarnation, seq),
        parentId: parentIdOf(checkpoint),
        source,
        ran,
        changes: changesOf(deltas),
        createdAt,
    };
    const isLate = Object.getOwnPropertyDescriptor(checkpoint, "state")?.get !== undefined;
    if (!isLate)
        return { ...view, state: checkpoint.state, versions: checkpoint.versions };
    return {
        ...view,
        get state() {
            return checkpoint.state;
        },
        get versions() {
            return checkpoint.versions;
        },
    };
}
/** The session at a checkpoint, under the note that stands beside it now. */
export function viewOf(checkpoint, note) {
    const { sessionId, step, state, frontier, versions } = checkpoint;
    return { sessionId, step, state, frontier, versions, status: note.status };
}
/** Deltas as callers see them. */
export function changesOf(deltas) {
    return deltas.map(({ task, channel, delta }) => ({
        node: task.node,
        taskId: task.id,
        channel,
        patch: toPatch(delta),
    }));
}
