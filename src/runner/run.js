import { checkpointId } from "../session/checkpoint.js";
import { viewOf } from "../session/view.js";
export function view({ standing }) {
    return viewOf(standing.checkpoint, standing.note);
}
/** The superstep being attempted. */
export function nextStep({ standing }) {
    return standing.checkpoint.step + 1;
}
/** Tasks of the frontier whose results are in the store. */
export function keptTasks({ standing }) {
    const kept = new Set(standing.records.filter(({ kind }) => kind === "result").map(({ taskId }) => taskId));
    return standing.checkpoint.frontier.filter(({ id }) => kept.has(id));
}
/** Where the run stands, for an error. Inputs are left out, so that it survives JSON. */
export function frontierContext(run, finished, failed) {
    const { incarnation, seq, frontier, versions } = run.standing.checkpoint;
    return {
        sessionId: run.sessionId,
        step: nextStep(run),
        frontier: frontier.map(withoutInput),
        versions,
        checkpointId: checkpointId(incarnation, seq),
        finished: finished.map(withoutInput),
        ...(failed && { node: failed.task.node, taskId: failed.task.id, attempt: failed.attempt }),
    };
}
function withoutInput({ id, node }) {
    return { id, node };
}
