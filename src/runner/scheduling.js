import { recordOf } from "../errors.js";
import { memoriesOf } from "../superstep/record.js";
import { scheduleStep } from "../superstep/schedule.js";
import { InterruptSignal } from "../superstep/task-context.js";
import { isThenable } from "../superstep/thenable.js";
import { nextStep } from "./run.js";
import { SPANS, within } from "./telemetry.js";
export function scheduleTasks(run, keeper) {
    const { frontier } = run.standing.checkpoint;
    const attributes = () => ({ step: nextStep(run), frontier_len: frontier.length });
    return within(run.scope, SPANS.schedule, attributes, (span) => schedule(run, keeper, span));
}
function schedule(run, keeper, span) {
    const { plan, limits, maxConcurrency, onFailure, stopwatch } = run.engine;
    const { checkpoint, records } = run.standing;
    const startedAt = stopwatch();
    const scheduled = scheduleStep({
        plan,
        tasks: checkpoint.frontier,
        state: checkpoint.state,
        environment: environmentOf(run, keeper, span),
        memories: memoriesOf(records),
        maxConcurrency,
        onFailure,
        limits,
        cancellation: run.cancellation,
        onSettled: keeper.settled,
    });
    if (!isThenable(scheduled)) {
        run.tally.count(scheduled.settled, undefined);
        return scheduled;
    }
    return scheduled.then((step) => {
        run.tally.count(step.settled, stopwatch() - startedAt);
        return step;
    });
}
function environmentOf(run, keeper, span) {
    const { clock, stopwatch, random } = run.engine;
    return {
        sessionId: run.sessionId,
        step: nextStep(run),
        clock,
        stopwatch,
        random,
        remember: keeper.remember,
        listener: run.emit && listenerOf(run, nextStep(run)),
        around: span && ((task, attempt, call) => coverNode(span, task, attempt, call)),
    };
}
function listenerOf({ emit }, step) {
    return {
        started: (task, attempt) => emit?.(step, { type: "node.started", task, attempt }),
        retrying: (task, attempt, error) => emit?.(step, { type: "node.retrying", task, attempt, error: recordOf(error) }),
        emitted: (task, data) => emit?.(step, { type: "node.emitted", task, data }),
        progressed: (task, done, total, message) => emit?.(step, {
            type: "node.progress",
            task,
            done,
            ...(total !== undefined && { total }),
            ...(message !== undefined && { message }),
        }),
    };
}
/** A node that leaves to ask a question has not failed. */
function coverNode(span, task, attempt, call) {
    const node = span.child(SPANS.node(task.node), {
        "superstep.node": task.node,
        "superstep.task_id": task.id,
        "superstep.attempt": attempt,
    });
    return node.cover(call, (error) => !(error instanceof InterruptSignal));
}
