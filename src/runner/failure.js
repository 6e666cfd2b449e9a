/** A superstep that did not commit: what was finished is kept, the status says why, and the error says where (S6, S7, P6). */
import { CheckpointConflictError, CheckpointError, locate, RunAbortedError, recordOf, SuperstepError, } from "../errors.js";
import { READY } from "../session/status.js";
import { finishedOf } from "../superstep/verdict.js";
import { frontierContext, nextStep } from "./run.js";
import { annotate } from "./saving.js";
/**
 * Stores what is left of the attempt and gives the error to throw. When that cannot be stored either, it is a CheckpointError.
 * A session that has moved on is left alone.
 */
export async function recordFailure(run, attempt) {
    const { error, failed, settled, keeper } = attempt;
    if (error instanceof CheckpointConflictError)
        return error;
    const isOfStore = error instanceof CheckpointError;
    if (!isOfStore && SuperstepError.is(error))
        locate(error, frontierContext(run, finishedOf(settled).map(taskOf), failed));
    try {
        await annotate(run, isOfStore ? undefined : noteOf(run, error), keeper.unwritten(settled));
    }
    catch (unsaved) {
        return isOfStore ? error : unsaved;
    }
    tellSettled(run, settled, keeper, nextStep(run));
    return error;
}
function taskOf({ task }) {
    return task;
}
/** Says which tasks are finished, durably, and which failed. */
export function tellSettled({ emit }, settled, keeper, step) {
    if (emit === undefined)
        return;
    for (const one of settled) {
        if (one.kind === "finished" && !one.kept && !keeper.isReported(one.task)) {
            emit(step, { type: "node.completed", task: one.task, attempt: one.attempt, durationMs: one.ms });
        }
        if (one.kind === "failed" || one.kind === "unstorable") {
            emit(step, { type: "node.failed", task: one.task, attempt: one.attempt, error: recordOf(one.error) });
        }
    }
}
function noteOf(run, error) {
    const status = error instanceof RunAbortedError ? READY : { kind: "failed", error: recordOf(error) };
    return { ...run.standing.note, status };
}
