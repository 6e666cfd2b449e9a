/** What may stop a session at a boundary, in the order of P1. A gate that stopped it once at a boundary lets it pass there (P2). */
import { setImmediate as nextTurn } from "node:timers/promises";
import { StepLimitError } from "../../errors.js";
import type { Gate, Note } from "../../session/checkpoint.js";
import { READY } from "../../session/status.js";
import type { Channels } from "../../state/channel.js";
import { answersDue, openInterrupts, type PauseReason, pauseBefore, toPending } from "../../superstep/interrupts.js";
import { type Awaitable, after } from "../../superstep/thenable.js";
import { isTold } from "../../superstep/told.js";
import { untilBefore } from "../../superstep/until.js";
import { unlessAborted } from "../cancellation.js";
import type { AskingHook, HookSubject, PauseRequest } from "../hooks.js";
import { DEFAULT_MAX_STEPS } from "../options/options.js";
import { nextStep, type Run } from "../run.js";
import type { Stops } from "../stops/stop-options.js";
import { annotate } from "./saving.js";

/** The pause that stands before the next superstep, stored; undefined when the way is free. Throws RunAbortedError and StepLimitError. */
export function stopBefore<C extends Channels>(run: Run<C>): Awaitable<PauseReason | undefined> {
  const unanswered = blockedByQuestions(run);
  if (unanswered !== undefined) return settle(run, unanswered);
  const { frontier } = run.standing.checkpoint;
  const option = pauseBefore(run.options, frontier);
  if (option !== undefined && !hasPassed(run, "option")) return settle(run, option, "option");
  const until = run.stops?.until === undefined ? undefined : targetBefore(run, run.stops.until);
  if (until !== undefined) return settle(run, until, "until");
  if (!run.engine.hooks.has("beforeStep")) return checkLimits(run);
  const asked = wishOf(run, "beforeStep", { sessionId: run.sessionId, step: nextStep(run), frontier });
  return after(asked, (wish): Awaitable<PauseReason | undefined> => {
    if (wish === undefined || hasPassed(run, "hook")) return checkLimits(run);
    return settle(run, { kind: "hook", detail: wish.detail }, "hook");
  });
}

/** The hooks' wish to pause. An aborted run hears those that answer in this turn and waits for no other: one that hangs would keep it for ever (P6). */
export function wishOf<C extends Channels, H extends AskingHook>(
  { engine: { hooks }, cancellation, sessionId }: Run<C>,
  hook: H,
  about: HookSubject<H>,
): Promise<PauseRequest | undefined> {
  const wish = hooks.ask(hook, about);
  return unlessAborted(cancellation, sessionId, wish).catch(() => Promise.race([wish, nextTurn(undefined)]));
}

/** A step stays reached, however often a run is to go there; a node is passed once it was stopped at. */
function targetBefore<C extends Channels>(run: Run<C>, until: NonNullable<Stops["until"]>): PauseReason | undefined {
  return until.node !== undefined && hasPassed(run, "until") ? undefined : untilBefore(until, run.standing.checkpoint);
}

/** Stores a pause and says so. */
async function settle<C extends Channels>(run: Run<C>, reason: PauseReason, gate?: Gate): Promise<PauseReason> {
  const { note } = run.standing;
  const isOwn = gate !== undefined && run.path === undefined && !hasPassed(run, gate);
  const passed = isOwn ? [...note.passed, gate] : note.passed;
  await annotate(run, pausedNote(run, { ...note, passed }, reason), []);
  return reason;
}

/** The note of a session that pauses; a resumed run links to this one's trace. */
export function pausedNote<C extends Channels>(run: Run<C>, note: Note, reason: PauseReason): Note {
  return { ...note, status: { kind: "paused", reason }, ...(run.trace && { trace: run.trace.parent }) };
}

/** Questions are open, every other task of the frontier has finished, and no subgraph waits for an answer that came. */
function blockedByQuestions<C extends Channels>({ standing }: Run<C>): PauseReason | undefined {
  const open = standing.records.length === 0 ? [] : openInterrupts(standing.records);
  if (open.length === 0) return undefined;
  const waiting = new Set(open.map((record) => record.taskId));
  for (const { taskId } of answersDue(standing.records)) waiting.delete(taskId);
  for (const record of standing.records) if (record.kind === "result") waiting.add(record.taskId);
  const blocked = standing.checkpoint.frontier.every((task) => waiting.has(task.id));
  return blocked ? { kind: "interrupt", interrupts: open.map(toPending) } : undefined;
}

/** Within a subgraph a gate is passed once the outermost session has paused for it: until then nobody has seen that pause. */
function hasPassed<C extends Channels>({ path, told, standing }: Run<C>, gate: Gate): boolean {
  return path === undefined ? standing.note.passed.includes(gate) : isTold(told, standing.checkpoint, gate);
}

/** An aborted session is ready, whatever it was before (P1). */
async function makeReady<C extends Channels>(run: Run<C>): Promise<void> {
  const { note } = run.standing;
  if (note.status.kind !== "ready") await annotate(run, { ...note, status: READY }, []);
}

/** Lets the run pass, gives the pause of one that is drained, or throws. */
function checkLimits<C extends Channels>(run: Run<C>): Awaitable<PauseReason | undefined> {
  const { cancellation, sessionId } = run;
  if (cancellation.aborted || cancellation.stopAtBoundary !== undefined) {
    return after(makeReady(run), () => {
      throw cancellation.toError(sessionId);
    });
  }
  if (cancellation.drained !== undefined) return settle(run, cancellation.drained);
  const most = run.options.maxSteps ?? DEFAULT_MAX_STEPS;
  if (run.tally.steps >= most) throw new StepLimitError(sessionId, most);
  return undefined;
}
