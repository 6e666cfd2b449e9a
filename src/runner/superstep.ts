/**
 * One superstep, as a sentence: interrupts (before) → schedule → barrier → frontier → commit → interrupts (after) → report.
 * Each phase hands the next a value. A superstep that does not commit leaves the session where it stood (B3, C1).
 */
import { crashPoint } from "../crash-point.js";
import { JoinStalledError, locate, recordOf } from "../errors.js";
import { type Checkpoint, interruptId, type Note, tasksOf } from "../session/checkpoint.js";
import { READY } from "../session/status.js";
import type { Channels } from "../state/channel.js";
import type { Settled } from "../superstep/attempt.js";
import { applyBarrier, type BarrierResult } from "../superstep/barrier.js";
import { computeNextFrontier, type Frontier, frontierEnd } from "../superstep/frontier.js";
import { type PauseReason, pauseAfter, recordAsks, toPending } from "../superstep/interrupts.js";
import type { TaskResult } from "../superstep/outcome.js";
import { askRoutes, type RouteAnswers } from "../superstep/routes.js";
import type { ScheduledStep } from "../superstep/schedule.js";
import { type Awaitable, after, isThenable } from "../superstep/thenable.js";
import { type Verdict, verdictOf } from "../superstep/verdict.js";
import { unlessAborted } from "./cancellation.js";
import { makeCheckpoint } from "./checkpointing.js";
import { recordFailure, tellSettled } from "./failure.js";
import { pausedNote, stopBefore } from "./gates.js";
import type { PauseRequest } from "./hooks.js";
import { Keeper } from "./keeper.js";
import { reportOf, type StepReport } from "./report.js";
import { frontierContext, nextStep, type Run } from "./run.js";
import { annotate, commit } from "./saving.js";
import { scheduleTasks } from "./scheduling.js";
import { SPANS, type Trace, within } from "./telemetry.js";

/** What came of trying one superstep. */
export type Advance =
  | { readonly kind: "committed" | "completed"; readonly report: StepReport | undefined }
  | { readonly kind: "paused"; readonly reason: PauseReason; readonly report: StepReport | undefined };

/** What the tasks, the barrier and the frontier gave, before it is committed. */
type Attempt<C extends Channels> = (Verdict & { readonly kind: "asked" }) | ReadyAttempt<C>;
interface ReadyAttempt<C extends Channels> {
  readonly kind: "ready";
  readonly barrier: BarrierResult<C>;
  readonly frontier: Frontier;
}
/** What goes along with an attempt: what was kept of it by the time it fails, or is committed. */
interface Trial<C extends Channels> {
  readonly startedAt: number;
  readonly keeper: Keeper<C>;
  settled: readonly Settled[];
  failed: (Verdict & { readonly kind: "failed" }) | undefined;
}

/** Throws what failed, with the frontier it failed at; the session can go on from there. Gives a promise only when something has to be waited for (S8). */
export function runSuperstep<C extends Channels>(run: Run<C>): Awaitable<Advance> {
  const { frontier, progress } = run.standing.checkpoint;
  const stalled = frontier.length === 0 ? stallOf(run, frontierEnd(run.engine.plan, progress)) : undefined;
  if (stalled !== undefined) throw stalled;
  const stopping = stopBefore(run);
  return isThenable(stopping) ? stopping.then((reason) => attempt(run, reason)) : attempt(run, stopping);
}

function attempt<C extends Channels>(run: Run<C>, reason: PauseReason | undefined): Awaitable<Advance> {
  if (reason !== undefined) return { kind: "paused", reason, report: undefined };
  if (run.trace === undefined) return advance(run, undefined);
  return within(run.trace, SPANS.superstep, { step: nextStep(run) }, (span) => advance(run, span));
}

function advance<C extends Channels>(run: Run<C>, span: Trace | undefined): Awaitable<Advance> {
  run.scope = span;
  const startedAt = run.engine.stopwatch();
  run.emit?.(nextStep(run), { type: "step.started", frontier: run.standing.checkpoint.frontier });
  crashPoint("step.started");
  const trial: Trial<C> = { startedAt, keeper: new Keeper(run), settled: [], failed: undefined };
  const tried = tryTasks(run, trial);
  return isThenable(tried) ? tried.then((came) => conclude(run, came, trial)) : conclude(run, tried, trial);
}

function conclude<C extends Channels>(run: Run<C>, attempt: Attempt<C>, trial: Trial<C>): Awaitable<Advance> {
  return attempt.kind === "asked" ? pauseOnQuestions(run, attempt, trial) : commitAttempt(run, attempt, trial);
}

/** A join that can no longer fire: the superstep commits and the session has failed (F4). */
function stallOf<C extends Channels>(run: Run<C>, end: Frontier["end"]): JoinStalledError | undefined {
  if (end?.kind !== "stalled") return undefined;
  return locate(new JoinStalledError(end.join, end.waitingFor), frontierContext(run, []));
}

function tryTasks<C extends Channels>(run: Run<C>, trial: Trial<C>): Awaitable<Attempt<C>> {
  try {
    const scheduling = scheduleTasks(run, trial.keeper);
    if (!isThenable(scheduling)) return settle(run, trial, scheduling, undefined);
    const { stopwatch } = run.engine;
    return scheduling.then((scheduled) => settle(run, trial, scheduled, stopwatch() - trial.startedAt));
  } catch (error) {
    return fail(run, trial, error);
  }
}

/** `elapsedMs`: how long the tasks took together, when they were waited for. */
function settle<C extends Channels>(
  run: Run<C>,
  trial: Trial<C>,
  scheduled: ScheduledStep,
  elapsedMs: number | undefined,
): Awaitable<Attempt<C>> {
  try {
    trial.settled = scheduled.settled;
    run.tally.count(scheduled.settled, elapsedMs);
    const closing = trial.keeper.close();
    const judged = isThenable(closing)
      ? closing.then(() => judge(run, scheduled, trial))
      : judge(run, scheduled, trial);
    return isThenable(judged) ? judged.then(undefined, (error: unknown) => fail(run, trial, error)) : judged;
  } catch (error) {
    return fail(run, trial, error);
  }
}

async function fail<C extends Channels>(run: Run<C>, trial: Trial<C>, error: unknown): Promise<never> {
  throw await recordFailure(run, { error, ...trial });
}

function judge<C extends Channels>(run: Run<C>, scheduled: ScheduledStep, trial: Trial<C>): Awaitable<Attempt<C>> {
  const verdict = verdictOf(scheduled, run.cancellation.aborted);
  if (verdict.kind === "asked") return verdict;
  if (verdict.kind === "aborted") throw run.cancellation.toError(run.sessionId);
  if (verdict.kind === "failed") {
    trial.failed = verdict;
    throw verdict.error;
  }
  return moveOn(run, verdict.results);
}

/** Barrier and frontier. Waits only for conditional edges that are asynchronous. */
function moveOn<C extends Channels>(run: Run<C>, results: readonly TaskResult[]): Awaitable<Attempt<C>> {
  const barrier = foldResults(run, results);
  const asked = askRoutes(run.engine.plan, results, barrier.state);
  if (!isThenable(asked)) return ready(run, results, barrier, asked);
  const answering = unlessAborted(run.cancellation, run.sessionId, asked);
  return answering.then((answers) => ready(run, results, barrier, answers));
}

function ready<C extends Channels>(
  run: Run<C>,
  results: readonly TaskResult[],
  barrier: BarrierResult<C>,
  answers: RouteAnswers,
): Attempt<C> {
  const frontier = nextFrontier(run, results, answers);
  crashPoint("frontier.done");
  return { kind: "ready", barrier, frontier };
}

function foldResults<C extends Channels>(run: Run<C>, results: readonly TaskResult[]): BarrierResult<C> {
  const { state, versions } = run.standing.checkpoint;
  const input = { plan: run.engine.plan, state, versions, results };
  if (run.scope === undefined) return applyBarrier(input);
  const attributes = { ran_nodes_len: results.length, errors_in_partials: 0 };
  return within(run.scope, SPANS.barrier, attributes, () => applyBarrier(input));
}

function nextFrontier<C extends Channels>(
  run: Run<C>,
  results: readonly TaskResult[],
  answers: RouteAnswers,
): Frontier {
  const input = { plan: run.engine.plan, results, answers, progress: run.standing.checkpoint.progress };
  if (run.scope === undefined) return computeNextFrontier(input);
  const attributes = {
    commands_count: results.reduce((count, { outcome }) => count + outcome.routes.length, 0),
    conditional_edges_evaluated: [...answers.values()].reduce((count, list) => count + list.length, 0),
  };
  return within(run.scope, SPANS.frontier, attributes, () => computeNextFrontier(input));
}

function nextCheckpoint<C extends Channels>(
  run: Run<C>,
  { barrier, frontier }: ReadyAttempt<C>,
  stall: JoinStalledError | undefined,
): Checkpoint<C> {
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
  } as const;
  return makeCheckpoint(run.engine, place, barrier, noteAfter(run, frontier, stall));
}

/** Completion comes before every pause after the last superstep (P1). */
function noteAfter<C extends Channels>(run: Run<C>, { end }: Frontier, stall: JoinStalledError | undefined): Note {
  const note = plainNote(run.standing.note);
  if (stall !== undefined) return { ...note, status: { kind: "failed", error: recordOf(stall) } };
  if (end !== undefined && end.kind !== "stalled") return { ...note, status: { kind: "completed", endedBy: end.kind } };
  const reason = pauseAfter(run.options, run.standing.checkpoint.frontier, nextStep(run));
  return reason === undefined ? note : pausedNote(run, note, reason);
}

/** A session that goes on keeps its note. */
function plainNote(former: Note): Note {
  const { passed, issued, status, trace } = former;
  if (status === READY && passed.length === 0 && trace === undefined) return former;
  return { status: READY, passed: [], issued };
}

/** A superstep that is in the store. */
interface CommittedStep {
  readonly note: Note;
  readonly stall: JoinStalledError | undefined;
  readonly report: StepReport | undefined;
}

function commitAttempt<C extends Channels>(run: Run<C>, attempt: ReadyAttempt<C>, trial: Trial<C>): Awaitable<Advance> {
  const stall = stallOf(run, attempt.frontier.end);
  const checkpoint = nextCheckpoint(run, attempt, stall);
  const saving = commit(run, checkpoint);
  return isThenable(saving)
    ? saving.then(() => tellCommitted(run, trial, checkpoint, stall))
    : tellCommitted(run, trial, checkpoint, stall);
}

/** What is said once the superstep is durable (C2). */
function tellCommitted<C extends Channels>(
  run: Run<C>,
  { settled, keeper, startedAt }: Trial<C>,
  checkpoint: Checkpoint<C>,
  stall: JoinStalledError | undefined,
): Awaitable<Advance> {
  const { hooks, stopwatch } = run.engine;
  const { note, updatedChannels } = checkpoint;
  run.tally.steps++;
  tellSettled(run, settled, keeper, checkpoint.step);
  const isAsked = hooks.has("afterStep");
  if (!run.reports && !isAsked) return rest(run, { note, stall, report: undefined }, undefined);
  const report = reportOf(checkpoint as Checkpoint, updatedChannels, stopwatch() - startedAt);
  run.emit?.(checkpoint.step, { type: "step.completed", report });
  const wish = isAsked ? hooks.ask("afterStep", report) : undefined;
  return after(wish, (wished) => rest(run, { note, stall, report }, wished));
}

/** Where the session stands after it. */
function rest<C extends Channels>(
  run: Run<C>,
  { note, stall, report }: CommittedStep,
  wish: PauseRequest | undefined,
): Awaitable<Advance> {
  const { status } = note;
  if (status.kind === "completed") return { kind: "completed", report };
  if (status.kind === "paused") return { kind: "paused", reason: status.reason, report };
  if (stall !== undefined) throw stall;
  if (wish === undefined) return { kind: "committed", report };
  const reason: PauseReason = { kind: "hook", detail: wish.detail };
  return after(annotate(run, pausedNote(run, note, reason), []), () => ({ kind: "paused", reason, report }));
}

/** The questions and the results of those who asked none are durable before the pause is an answer (P3). */
async function pauseOnQuestions<C extends Channels>(
  run: Run<C>,
  { asks }: Verdict & { kind: "asked" },
  { keeper, settled }: Trial<C>,
): Promise<Advance> {
  const { checkpoint, records, note } = run.standing;
  let { issued } = note;
  const questions = recordAsks(asks, records, () => interruptId(checkpoint.incarnation, ++issued));
  const reason: PauseReason = { kind: "interrupt", interrupts: questions.map(toPending) };
  await annotate(run, pausedNote(run, { ...note, issued }, reason), [...keeper.unwritten(settled), ...questions]);
  tellSettled(run, settled, keeper, nextStep(run));
  return { kind: "paused", reason, report: undefined };
}
