/** Drives a session, superstep by superstep, until it completes or pauses. Says what came of it, once it is durable (C2). */
import { setImmediate as nextTurn } from "node:timers/promises";
import { locate, recordOf, SuperstepError } from "../../errors.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Channels } from "../../state/channel.js";
import type { PauseReason } from "../../superstep/interrupts.js";
import { isThenable } from "../../superstep/thenable.js";
import { type PausedReport, type RunResult, reportOf, type StepReport, type StepResult } from "../report.js";
import { frontierContext, keptTasks, nextStep, type Run, view } from "../run.js";
import { annotate } from "./saving.js";
import { type Advance, runSuperstep } from "./superstep.js";

/** Synchronous supersteps in a row before timers, signals and other sessions get their turn. */
const TURN = 64;

/** As far as the session goes. `before`: what has to be stored first. */
export async function driveOn<C extends Channels>(run: Run<C>, before?: () => Promise<void>): Promise<RunResult<C>> {
  const ended = await telling(run, async () => {
    await before?.();
    let advance = await begin(run);
    for (let steps = 1; advance.kind === "committed"; steps++) {
      const tried = runSuperstep(run);
      advance = isThenable(tried) ? await tried : tried;
      if (steps % TURN === 0) await nextTurn();
    }
    return advance;
  });
  return resultOf(run, ended);
}

/** One superstep. */
export async function driveOnce<C extends Channels>(run: Run<C>): Promise<StepResult<C>> {
  const ended = await telling(run, async () => {
    let advance = await begin(run);
    if (advance.kind === "committed") advance = await runSuperstep(run);
    if (run.unsaved !== undefined) await annotate(run, undefined, []);
    return advance;
  });
  return stepResultOf(run, ended);
}

/** A completed session stays completed; kept results are given up when the caller says so, not while questions wait for answers. */
async function begin<C extends Channels>(run: Run<C>): Promise<Advance> {
  const { note, records } = run.standing;
  if (note.status.kind === "completed") return { kind: "completed", report: undefined };
  const isAllowed = run.options.discardPending === true && note.status.kind !== "paused";
  if (isAllowed) await run.engine.subgraphs?.startAfresh(run as unknown as Run<Channels>);
  const discards = isAllowed && records.some(({ kind }) => kind === "result");
  if (discards) await annotate(run, undefined, [], { discardResults: true });
  return { kind: "committed", report: undefined };
}

async function telling<C extends Channels>(run: Run<C>, work: () => Promise<Advance>): Promise<Advance> {
  run.emit?.(nextStep(run), { type: "run.started" });
  try {
    const ended = run.trace === undefined ? await work() : await run.trace.cover(work);
    tellEnd(run, ended);
    return ended;
  } catch (error) {
    throw await tellFailure(run, error);
  }
}

/** A pause before a superstep, or within it, is told under the number that it would commit under (P1). */
function tellEnd<C extends Channels>(run: Run<C>, ended: Advance): void {
  const { checkpoint, note } = run.standing;
  const { hooks } = run.engine;
  if (note.status.kind === "completed") {
    run.emit?.(checkpoint.step, { type: "run.completed" });
    hooks.tell("onComplete", view(run));
  }
  if (note.status.kind === "paused") {
    run.emit?.(ended.report?.step ?? nextStep(run), { type: "run.paused", reason: note.status.reason });
    hooks.tell("onPause", pausedReport(run, note.status.reason) as PausedReport);
  }
}

/** What was held back is saved before the caller hears of the failure. */
async function tellFailure<C extends Channels>(run: Run<C>, error: unknown): Promise<unknown> {
  let told = error;
  if (run.unsaved !== undefined) {
    await annotate(run, undefined, []).catch((unsaved: unknown) => {
      told = unsaved;
    });
  }
  if (SuperstepError.is(told)) locate(told, frontierContext(run, keptTasks(run)));
  const step = SuperstepError.is(told) ? told.at?.step : undefined;
  run.emit?.(step ?? nextStep(run), { type: "run.failed", error: recordOf(told) });
  if (SuperstepError.is(told)) run.engine.hooks.tell("onError", told);
  return told;
}

function resultOf<C extends Channels>(run: Run<C>, advance: Advance): RunResult<C> {
  const summary = run.tally.summary();
  if (advance.kind === "paused") return { ...view(run), outcome: "paused", reason: advance.reason, summary };
  return { ...view(run), outcome: "completed", summary };
}

function stepResultOf<C extends Channels>(run: Run<C>, advance: Advance): StepResult<C> {
  if (advance.kind !== "paused") return { status: "completed", report: advance.report ?? nothingRun(run) };
  const paused = pausedReport(run, advance.reason);
  return advance.report === undefined
    ? { status: "paused", paused }
    : { status: "paused", paused, report: advance.report };
}

function pausedReport<C extends Channels>(run: Run<C>, reason: PauseReason): PausedReport<C> {
  return { ...view(run), reason };
}

function nothingRun<C extends Channels>({ standing: { checkpoint, note } }: Run<C>): StepReport {
  return reportOf({ ...checkpoint, ran: [], deltas: [], note } as Checkpoint, [], 0);
}
