/**
 * One superstep, as a sentence: interrupts (before) → schedule → barrier → frontier → commit → interrupts (after) → report.
 * Each phase hands the next a value. A superstep that does not commit leaves the session where it stood (B3, C1).
 */
import { crashPoint } from "../crash-point.js";
import { JoinStalledError, locate, recordOf } from "../errors.js";
import { interruptId, tasksOf } from "../session/checkpoint.js";
import { READY } from "../session/status.js";
import { applyBarrier } from "../superstep/barrier.js";
import { computeNextFrontier, frontierEnd } from "../superstep/frontier.js";
import { pauseAfter, recordAsks, toPending } from "../superstep/interrupts.js";
import { askRoutes } from "../superstep/routes.js";
import { after, isThenable, recovering } from "../superstep/thenable.js";
import { verdictOf } from "../superstep/verdict.js";
import { unlessAborted } from "./cancellation.js";
import { makeCheckpoint } from "./checkpointing.js";
import { recordFailure, tellSettled } from "./failure.js";
import { pausedNote, stopBefore } from "./gates.js";
import { Keeper } from "./keeper.js";
import { reportOf } from "./report.js";
import { frontierContext, nextStep } from "./run.js";
import { annotate, commit } from "./saving.js";
import { scheduleTasks } from "./scheduling.js";
import { SPANS, within } from "./telemetry.js";
/** Throws what failed, with the frontier it failed at; the session can go on from there. Gives a promise only when something has to be waited for (S8). */
export function runSuperstep(run) {
    const { frontier, progress } = run.standing.checkpoint;
    const stalled = frontier.length === 0 ? stallOf(run, frontierEnd(run.engine.plan, progress)) : undefined;
    if (stalled !== undefined)
        throw stalled;
    return after(stopBefore(run), (reason) => {
        if (reason !== undefined)
            return { kind: "paused", reason, report: undefined };
        const attributes = () => ({ step: nextStep(run) });
        return within(run.trace, SPANS.superstep, attributes, (span) => advance(run, span));
    });
}
function advance(run, span) {
    run.scope = span;
    const startedAt = run.engine.stopwatch();
    run.emit?.(nextStep(run), { type: "step.started", frontier: run.standing.checkpoint.frontier });
    crashPoint("step.started");
    const trial = { startedAt, keeper: new Keeper(run), settled: [], failed: undefined };
    return after(tryTasks(run, trial), (attempt) => attempt.kind === "asked" ? pauseOnQuestions(run, attempt, trial) : commitAttempt(run, attempt, trial));
}
/** A join that can no longer fire: the superstep commits and the session has failed (F4). */
function stallOf(run, end) {
    if (end?.kind !== "stalled")
        return undefined;
    return locate(new JoinStalledError(end.join, end.waitingFor), frontierContext(run, []));
}
function tryTasks(run, trial) {
    const { keeper } = trial;
    const work = () => after(scheduleTasks(run, keeper), (scheduled) => {
        trial.settled = scheduled.settled;
        return after(keeper.close(), () => judge(run, scheduled, trial));
    });
    return recovering(work, async (error) => {
        throw await recordFailure(run, { error, ...trial });
    });
}
function judge(run, scheduled, trial) {
    const verdict = verdictOf(scheduled, run.cancellation.aborted);
    if (verdict.kind === "asked")
        return verdict;
    if (verdict.kind === "aborted")
        throw run.cancellation.toError(run.sessionId);
    if (verdict.kind === "failed") {
        trial.failed = verdict;
        throw verdict.error;
    }
    return moveOn(run, verdict.results);
}
/** Barrier and frontier. Waits only for conditional edges that are asynchronous. */
function moveOn(run, results) {
    const barrier = foldResults(run, results);
    const asked = askRoutes(run.engine.plan, results, barrier.state);
    const answering = isThenable(asked) ? unlessAborted(run.cancellation, run.sessionId, asked) : asked;
    return after(answering, (answers) => {
        const frontier = nextFrontier(run, results, answers);
        crashPoint("frontier.done");
        return { kind: "ready", barrier, frontier };
    });
}
function foldResults(run, results) {
    const { state, versions } = run.standing.checkpoint;
    const attributes = () => ({ ran_nodes_len: results.length, errors_in_partials: 0 });
    return within(run.scope, SPANS.barrier, attributes, () => applyBarrier({ plan: run.engine.plan, state, versions, results }));
}
function nextFrontier(run, results, answers) {
    const { progress } = run.standing.checkpoint;
    const attributes = () => ({
        commands_count: results.reduce((count, { outcome }) => count + outcome.routes.length, 0),
        conditional_edges_evaluated: [...answers.values()].reduce((count, list) => count + list.length, 0),
    });
    return within(run.scope, SPANS.frontier, attributes, () => computeNextFrontier({ plan: run.engine.plan, results, answers, progress }));
}
function nextCheckpoint(run, { barrier, frontier }, stall) {
    const { checkpoint: former } = run.standing;
    const { sessionId, incarnation, frontier: ran } = former;
    const seq = former.seq + 1;
    const place = {
        sessionId,
        incarnation,
        seq,
        parentSeq: former.seq,
        source: "step",
        step: former.step + 1,
        frontier: tasksOf(frontier.targets, incarnation, seq),
        progress: frontier.progress,
        ran,
    };
    return makeCheckpoint(run.engine, place, barrier, noteAfter(run, frontier, stall));
}
/** Completion comes before every pause after the last superstep (P1). */
function noteAfter(run, { end }, stall) {
    const note = plainNote(run.standing.note);
    if (stall !== undefined)
        return { ...note, status: { kind: "failed", error: recordOf(stall) } };
    if (end !== undefined && end.kind !== "stalled")
        return { ...note, status: { kind: "completed", endedBy: end.kind } };
    const reason = pauseAfter(run.options, run.standing.checkpoint.frontier, nextStep(run));
    return reason === undefined ? note : pausedNote(run, note, reason);
}
/** A session that goes on keeps its note. */
function plainNote(former) {
    const { passed, issued, status, trace } = former;
    if (status === READY && passed.length === 0 && trace === undefined)
        return former;
    return { status: READY, passed: [], issued };
}
function commitAttempt(run, attempt, trial) {
    const stall = stallOf(run, attempt.frontier.end);
    const checkpoint = nextCheckpoint(run, attempt, stall);
    return after(commit(run, checkpoint), () => {
        run.tally.steps++;
        return tellCommitted(run, trial, checkpoint, stall);
    });
}
/** What is said once the superstep is durable (C2). */
function tellCommitted(run, { settled, keeper, startedAt }, checkpoint, stall) {
    const { hooks, stopwatch } = run.engine;
    const { note, updatedChannels } = checkpoint;
    tellSettled(run, settled, keeper, checkpoint.step);
    const isAsked = hooks.has("afterStep");
    if (!run.reports && !isAsked)
        return conclude(run, { note, stall, report: undefined }, undefined);
    const report = reportOf(checkpoint, updatedChannels, stopwatch() - startedAt);
    run.emit?.(checkpoint.step, { type: "step.completed", report });
    const wish = isAsked ? hooks.ask("afterStep", report) : undefined;
    return after(wish, (wished) => conclude(run, { note, stall, report }, wished));
}
/** Where the session stands after it. */
function conclude(run, { note, stall, report }, wish) {
    const { status } = note;
    if (status.kind === "completed")
        return { kind: "completed", report };
    if (status.kind === "paused")
        return { kind: "paused", reason: status.reason, report };
    if (stall !== undefined)
        throw stall;
    if (wish === undefined)
        return { kind: "committed", report };
    const reason = { kind: "hook", detail: wish.detail };
    return after(annotate(run, pausedNote(run, note, reason), []), () => ({ kind: "paused", reason, report }));
}
/** The questions and the results of those who asked none are durable before the pause is an answer (P3). */
async function pauseOnQuestions(run, { asks }, { keeper, settled }) {
    const { checkpoint, records, note } = run.standing;
    let { issued } = note;
    const questions = recordAsks(asks, records, () => interruptId(checkpoint.incarnation, ++issued));
    const reason = { kind: "interrupt", interrupts: questions.map(toPending) };
    await annotate(run, pausedNote(run, { ...note, issued }, reason), [...keeper.unwritten(settled), ...questions]);
    tellSettled(run, settled, keeper, nextStep(run));
    return { kind: "paused", reason, report: undefined };
}
