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
import { isThenable } from "../superstep/thenable.js";
import { type Verdict, verdictOf } from "../superstep/verdict.js";
import { unlessAborted } from "./cancellation.js";
import { makeCheckpoint } from "./checkpointing.js";
import { recordFailure, tellSettled } from "./failure.js";
import { pausedNote, stopBefore } from "./gates.js";
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
type Attempt<C extends Channels> =
  | {
      readonly kind: "asked";
      readonly asks: (Verdict & { kind: "asked" })["asks"];
      readonly settled: readonly Settled[];
    }
  | {
      readonly kind: "ready";
      readonly settled: readonly Settled[];
      readonly barrier: BarrierResult<C>;
      readonly frontier: Frontier;
    };

/** Throws what failed, with the frontier it failed at; the session can go on from there. */
export async function runSuperstep<C extends Channels>(run: Run<C>): Promise<Advance> {
  const { frontier, progress } = run.standing.checkpoint;
  const stalled = frontier.length === 0 ? stallOf(run, frontierEnd(run.engine.plan, progress)) : undefined;
  if (stalled !== undefined) throw stalled;
  const reason = await stopBefore(run);
  if (reason !== undefined) return { kind: "paused", reason, report: undefined };
  return within(
    run.trace,
    SPANS.superstep,
    () => ({ step: nextStep(run) }),
    (span) => advance(run, span),
  );
}

async function advance<C extends Channels>(run: Run<C>, span: Trace | undefined): Promise<Advance> {
  run.scope = span;
  const startedAt = run.engine.stopwatch();
  run.emit?.(nextStep(run), { type: "step.started", frontier: run.standing.checkpoint.frontier });
  crashPoint("step.started");
  const keeper = new Keeper(run);
  const attempt = await tryTasks(run, keeper);
  if (attempt.kind === "asked") return pauseOnQuestions(run, attempt, keeper);
  const stall = stallOf(run, attempt.frontier.end);
  const checkpoint = nextCheckpoint(run, attempt, stall);
  const saved = commit(run, checkpoint);
  if (isThenable(saved)) await saved;
  run.tally.steps++;
  const durationMs = run.engine.stopwatch() - startedAt;
  return reportStep(run, { attempt, checkpoint, stall, reported: keeper.reported, durationMs });
}

/** A join that can no longer fire: the superstep commits and the session has failed (F4). */
function stallOf<C extends Channels>(run: Run<C>, end: Frontier["end"]): JoinStalledError | undefined {
  if (end?.kind !== "stalled") return undefined;
  return locate(new JoinStalledError(end.join, end.waitingFor), frontierContext(run, []));
}

async function tryTasks<C extends Channels>(run: Run<C>, keeper: Keeper<C>): Promise<Attempt<C>> {
  let settled: readonly Settled[] = [];
  let failed: (Verdict & { kind: "failed" }) | undefined;
  try {
    const scheduling = scheduleTasks(run, keeper);
    const scheduled = isThenable(scheduling) ? await scheduling : scheduling;
    settled = scheduled.settled;
    const closing = keeper.close();
    if (isThenable(closing)) await closing;
    const verdict = verdictOf(scheduled, run.cancellation.aborted);
    if (verdict.kind === "asked") return { kind: "asked", asks: verdict.asks, settled };
    if (verdict.kind === "aborted") throw run.cancellation.toError(run.sessionId);
    if (verdict.kind === "failed") {
      failed = verdict;
      throw verdict.error;
    }
    const barrier = foldResults(run, verdict.results);
    const answering = askRoutes(run.engine.plan, verdict.results, barrier.state);
    const answers = isThenable(answering) ? await unlessAborted(run.cancellation, run.sessionId, answering) : answering;
    const frontier = nextFrontier(run, verdict.results, answers);
    crashPoint("frontier.done");
    return { kind: "ready", settled, barrier, frontier };
  } catch (error) {
    throw await recordFailure(run, { error, failed, settled, keeper });
  }
}

function foldResults<C extends Channels>(run: Run<C>, results: readonly TaskResult[]): BarrierResult<C> {
  const { state, versions } = run.standing.checkpoint;
  const attributes = () => ({ ran_nodes_len: results.length, errors_in_partials: 0 });
  return within(run.scope, SPANS.barrier, attributes, () =>
    applyBarrier({ plan: run.engine.plan, state, versions, results }),
  );
}

function nextFrontier<C extends Channels>(
  run: Run<C>,
  results: readonly TaskResult[],
  answers: RouteAnswers,
): Frontier {
  const { progress } = run.standing.checkpoint;
  const attributes = () => ({
    commands_count: results.reduce((count, { outcome }) => count + outcome.routes.length, 0),
    conditional_edges_evaluated: [...answers.values()].reduce((count, list) => count + list.length, 0),
  });
  return within(run.scope, SPANS.frontier, attributes, () =>
    computeNextFrontier({ plan: run.engine.plan, results, answers, progress }),
  );
}

function nextCheckpoint<C extends Channels>(
  run: Run<C>,
  { barrier, frontier }: Attempt<C> & { kind: "ready" },
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
  const note: Note = { passed: [], issued: run.standing.note.issued, status: READY };
  if (stall !== undefined) return { ...note, status: { kind: "failed", error: recordOf(stall) } };
  if (end !== undefined && end.kind !== "stalled") return { ...note, status: { kind: "completed", endedBy: end.kind } };
  const reason = pauseAfter(run.options, run.standing.checkpoint.frontier, nextStep(run));
  return reason === undefined ? note : pausedNote(run, note, reason);
}

interface CommittedStep<C extends Channels> {
  readonly attempt: Attempt<C> & { kind: "ready" };
  readonly checkpoint: Checkpoint<C>;
  readonly stall: JoinStalledError | undefined;
  readonly reported: ReadonlySet<string>;
  readonly durationMs: number;
}

/** What is said once the superstep is durable (C2). */
async function reportStep<C extends Channels>(run: Run<C>, committed: CommittedStep<C>): Promise<Advance> {
  const { attempt, checkpoint, stall, reported, durationMs } = committed;
  const { hooks } = run.engine;
  const isAsked = hooks.has("afterStep");
  const report =
    run.reports || isAsked
      ? reportOf(checkpoint as Checkpoint, attempt.barrier.updatedChannels, durationMs)
      : undefined;
  tellSettled(run, attempt.settled, reported, checkpoint.step);
  if (report !== undefined) run.emit?.(checkpoint.step, { type: "step.completed", report });
  const wish = report !== undefined && isAsked ? await hooks.ask("afterStep", report) : undefined;
  const { status } = checkpoint.note;
  if (status.kind === "completed") return { kind: "completed", report };
  if (status.kind === "paused") return { kind: "paused", reason: status.reason, report };
  if (stall !== undefined) throw stall;
  if (wish === undefined) return { kind: "committed", report };
  const reason: PauseReason = { kind: "hook", detail: wish.detail };
  await annotate(run, pausedNote(run, checkpoint.note, reason), []);
  return { kind: "paused", reason, report };
}

/** The questions and the results of those who asked none are durable before the pause is an answer (P3). */
async function pauseOnQuestions<C extends Channels>(
  run: Run<C>,
  { asks, settled }: Attempt<C> & { kind: "asked" },
  keeper: Keeper<C>,
): Promise<Advance> {
  const { checkpoint, records, note } = run.standing;
  let { issued } = note;
  const questions = recordAsks(asks, records, () => interruptId(checkpoint.incarnation, ++issued));
  const reason: PauseReason = { kind: "interrupt", interrupts: questions.map(toPending) };
  await annotate(run, pausedNote(run, { ...note, issued }, reason), [...keeper.unwritten(settled), ...questions]);
  tellSettled(run, settled, keeper.reported, nextStep(run));
  return { kind: "paused", reason, report: undefined };
}
