/**
 * One superstep, as a sentence: interrupts (before) → schedule → barrier → frontier → commit → interrupts (after) → report.
 * Each phase hands the next a value. A superstep that does not commit leaves the session where it stood (B3, C1).
 */
import { crashPoint } from "../../crash-point.js";
import { JoinStalledError, locate, type PredicateError, recordOf } from "../../errors.js";
import { type Checkpoint, lastingOf, type Note, tasksOf } from "../../session/checkpoint.js";
import { READY } from "../../session/status.js";
import type { Channels } from "../../state/channel.js";
import type { Settled } from "../../superstep/attempt.js";
import { applyBarrier, type BarrierResult } from "../../superstep/barrier.js";
import { computeNextFrontier, type Frontier, frontierEnd, NO_PROGRESS } from "../../superstep/frontier.js";
import { type DrainedReason, type PauseReason, pauseAfter } from "../../superstep/interrupts.js";
import { type ParentWord, parentWordOf, type TaskResult } from "../../superstep/outcome.js";
import { askRoutes, type RouteAnswers } from "../../superstep/routes.js";
import type { ScheduledStep } from "../../superstep/schedule.js";
import { type Awaitable, after, attempting, isThenable } from "../../superstep/thenable.js";
import { bear, shortfallOf } from "../../superstep/tolerance.js";
import { cachedOf, type Verdict, verdictOf } from "../../superstep/verdict.js";
import { unlessAborted } from "../cancellation.js";
import { reportOf, type StepReport } from "../report.js";
import { frontierContext, nextStep, type Run } from "../run.js";
import { type Outcome, type Stop, stopAfter } from "../stops/stops.js";
import { SPANS, within } from "../telemetry.js";
import { makeCheckpoint } from "./checkpointing.js";
import { recordFailure, tellSettled } from "./failure.js";
import { pausedNote, stopBefore, wishOf } from "./gates.js";
import { Keeper } from "./keeper.js";
import { type Asked, pauseOnQuestions, pauseOnWish, pauseWithin } from "./pausing.js";
import { commit } from "./saving.js";
import { scheduleTasks } from "./scheduling.js";

/** What came of trying one superstep. */
export type Advance =
  | { readonly kind: "committed" | "completed"; readonly report: StepReport | undefined }
  | { readonly kind: "paused"; readonly reason: PauseReason; readonly report: StepReport | undefined };

/** What the tasks, the barrier and the frontier gave, before it is committed. */
type Attempt<C extends Channels> = Asked | PausedWithin | DrainedReason | ReadyAttempt<C>;
type PausedWithin = Verdict & { readonly kind: "paused" };
interface ReadyAttempt<C extends Channels> extends Outcome<C> {
  readonly kind: "ready";
  readonly stall: JoinStalledError | undefined;
  /** What it says to the graph around it. */
  readonly toParent?: ParentWord;
}
/** What is thrown once the superstep is committed. */
type Flaw = JoinStalledError | PredicateError;
/** What goes along with an attempt: what was kept of it by the time it fails, or is committed. */
interface Trial<C extends Channels> {
  readonly startedAt: number;
  readonly keeper: Keeper<C>;
  settled: readonly Settled[];
  failed: (Verdict & { readonly kind: "failed" }) | undefined;
}

/** After a word to the graph around it a graph is over, wherever its edges lead. */
const LEFT: Frontier = { targets: [], progress: { ...NO_PROGRESS, ended: true }, end: { kind: "end" } };

/** Throws what failed, with the frontier it failed at; the session can go on from there. Gives a promise only when something has to be waited for (S8). */
export function runSuperstep<C extends Channels>(run: Run<C>): Awaitable<Advance> {
  const { frontier, progress } = run.standing.checkpoint;
  const stalled = frontier.length === 0 ? stallOf(run, frontierEnd(run.engine.plan, progress)) : undefined;
  if (stalled !== undefined) throw stalled;
  return after(stopBefore(run), (reason): Awaitable<Advance> => {
    if (reason !== undefined) return { kind: "paused", reason, report: undefined };
    if (run.trace === undefined) return advance(run);
    return within(run.trace, SPANS.superstep, { step: nextStep(run) }, (span) => {
      run.scope = span;
      return advance(run);
    });
  });
}

function advance<C extends Channels>(run: Run<C>): Awaitable<Advance> {
  const trial = begin(run);
  return attempting<Attempt<C>, Advance>(
    () => attempt(run, trial),
    (came) => {
      if (came.kind === "asked") return pauseOnQuestions(run, trial, came);
      if (came.kind === "paused") return pauseWithin(run, trial, came.pause);
      if (came.kind === "drained") return pauseWithin(run, trial, { reason: came });
      const stop = stopOf(run, came);
      const checkpoint = nextCheckpoint(run, came, stop?.reason);
      return after(commit(run, checkpoint), () => conclude(run, trial, checkpoint, came.stall ?? stop?.error));
    },
    (error) => fail(run, trial, error),
  );
}

/** Schedule → barrier → frontier. */
function attempt<C extends Channels>(run: Run<C>, trial: Trial<C>): Awaitable<Attempt<C>> {
  const scheduling = scheduleTasks(run, trial.keeper);
  const isWaiting = isThenable(scheduling);
  return after(scheduling, (scheduled) => {
    trial.settled = scheduled.settled;
    run.tally.count(scheduled.settled, isWaiting ? run.engine.stopwatch() - trial.startedAt : undefined);
    return after(trial.keeper.close(), () => {
      const verdict = judge(run, trial, scheduled);
      if (verdict.kind !== "finished") return verdict;
      const { results } = verdict;
      const barrier = foldResults(run, results);
      const toParent = run.path && parentWordOf(results);
      if (toParent !== undefined) return leaving(barrier, results, toParent);
      return after(routesTaken(run, results, barrier), (answers) => {
        const frontier = nextFrontier(run, results, answers);
        return { kind: "ready", barrier, frontier, results, answers, stall: stallOf(run, frontier.end) };
      });
    });
  });
}

/** It ends with this superstep, whatever leads out of what ran. */
function leaving<C extends Channels>(
  barrier: BarrierResult<C>,
  results: readonly TaskResult[],
  toParent: ParentWord,
): ReadyAttempt<C> {
  return { kind: "ready", barrier, frontier: LEFT, results, answers: new Map(), stall: undefined, toParent };
}

function begin<C extends Channels>(run: Run<C>): Trial<C> {
  const startedAt = run.engine.stopwatch();
  run.emit?.(nextStep(run), { type: "step.started", frontier: run.standing.checkpoint.frontier });
  crashPoint("step.started");
  return { startedAt, keeper: new Keeper(run), settled: [], failed: undefined };
}

/** A join that can no longer fire: the superstep commits and the session has failed (F4). */
function stallOf<C extends Channels>(run: Run<C>, end: Frontier["end"]): JoinStalledError | undefined {
  if (end?.kind !== "stalled") return undefined;
  return locate(new JoinStalledError(end.join, end.waitingFor), frontierContext(run, []));
}

async function fail<C extends Channels>(run: Run<C>, trial: Trial<C>, error: unknown): Promise<never> {
  throw await recordFailure(run, { error, ...trial });
}

function judge<C extends Channels>(
  run: Run<C>,
  trial: Trial<C>,
  scheduled: ScheduledStep,
): (Verdict & { kind: "asked" | "finished" | "paused" }) | DrainedReason {
  const { aborted, drained, stopAtBoundary } = run.cancellation;
  const { plan } = run.engine;
  const verdict = verdictOf(bear(plan, scheduled), aborted, (node) => shortfallOf(plan, scheduled.settled, node));
  if (verdict.kind === "aborted" && !aborted && stopAtBoundary === undefined && drained !== undefined) return drained;
  if (verdict.kind === "aborted") throw run.cancellation.toError(run.sessionId);
  if (verdict.kind !== "failed") return verdict;
  trial.failed = verdict;
  throw verdict.error;
}

function foldResults<C extends Channels>(run: Run<C>, results: readonly TaskResult[]): BarrierResult<C> {
  const { state, versions } = run.standing.checkpoint;
  const input = { plan: run.engine.plan, state, versions, results };
  if (run.scope === undefined) return applyBarrier(input);
  const attributes = { ran_nodes_len: results.length, errors_in_partials: 0 };
  return within(run.scope, SPANS.barrier, attributes, () => applyBarrier(input));
}

/** Waits only for conditional edges that are asynchronous. */
function routesTaken<C extends Channels>(
  run: Run<C>,
  results: readonly TaskResult[],
  { state }: BarrierResult<C>,
): Awaitable<RouteAnswers> {
  const asked = askRoutes(run.engine.plan, results, state);
  return isThenable(asked) ? unlessAborted(run.cancellation, run.sessionId, asked) : asked;
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

/** Completion, and the options, come before what else may stop the session (P1). */
function stopOf<C extends Channels>(run: Run<C>, came: ReadyAttempt<C>): Stop | undefined {
  const { stops, options, standing } = run;
  if (stops === undefined || came.frontier.end !== undefined) return undefined;
  const isPaused = pauseAfter(options, standing.checkpoint.frontier, nextStep(run)) !== undefined;
  return isPaused ? undefined : stopAfter(run, stops, came);
}

function nextCheckpoint<C extends Channels>(
  run: Run<C>,
  { barrier, frontier, stall, toParent }: ReadyAttempt<C>,
  stop: PauseReason | undefined,
): Checkpoint<C> {
  crashPoint("frontier.done");
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
  const note = noteAfter(run, frontier, stall, stop);
  return makeCheckpoint(run.engine, place, barrier, toParent === undefined ? note : { ...note, toParent });
}

/** Completion comes before every pause after the last superstep (P1). */
function noteAfter<C extends Channels>(
  run: Run<C>,
  { end }: Frontier,
  stall: JoinStalledError | undefined,
  stop: PauseReason | undefined,
): Note {
  const note = plainNote(run.standing.note);
  if (stall !== undefined) return { ...note, status: { kind: "failed", error: recordOf(stall) } };
  if (end !== undefined && end.kind !== "stalled") return { ...note, status: { kind: "completed", endedBy: end.kind } };
  const reason = stop ?? pauseAfter(run.options, run.standing.checkpoint.frontier, nextStep(run));
  return reason === undefined ? note : pausedNote(run, note, reason);
}

/** A session that goes on keeps its note. */
function plainNote(former: Note): Note {
  const { passed, issued, status, told, trace } = former;
  if (status === READY && passed.length === 0 && told === undefined && trace === undefined) return former;
  return { status: READY, passed: [], issued, ...lastingOf(former) };
}

/** What is said once the superstep is durable (C2), and where the session stands after it. */
function conclude<C extends Channels>(
  run: Run<C>,
  { settled, keeper, startedAt }: Trial<C>,
  checkpoint: Checkpoint<C>,
  flaw: Flaw | undefined,
): Awaitable<Advance> {
  const { hooks, stopwatch } = run.engine;
  const { note, updatedChannels, step } = checkpoint;
  run.tally.steps++;
  tellSettled(run, settled, keeper, step);
  const isAsked = hooks.has("afterStep");
  if (!run.reports && !isAsked) return rest(note, flaw, undefined);
  const report = reportOf(checkpoint as Checkpoint, updatedChannels, stopwatch() - startedAt, cachedOf(settled));
  run.emit?.(step, { type: "step.completed", report });
  if (!isAsked) return rest(note, flaw, report);
  return after(wishOf(run, "afterStep", report), (wish) => {
    const rested = rest(note, flaw, report);
    return rested.kind === "committed" && wish !== undefined ? pauseOnWish(run, wish, report) : rested;
  });
}

function rest({ status }: Note, flaw: Flaw | undefined, report: StepReport | undefined): Advance {
  if (status.kind === "completed") return { kind: "completed", report };
  if (status.kind === "paused") return { kind: "paused", reason: status.reason, report };
  if (flaw !== undefined) throw flaw;
  return { kind: "committed", report };
}
