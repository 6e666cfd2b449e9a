/** Where a subgraph was to stop: said to the session around it, and said again when that never came to say so itself (P2). */
import type { Channels } from "../../state/channel.js";
import type { PauseReason } from "../../superstep/interrupts.js";
import { holdOf, isTold, type PauseWithin, toldOf } from "../../superstep/told.js";
import type { Run } from "../run.js";

type Standstill = Exclude<PauseReason, { readonly kind: "interrupt" | "drained" | "hook" }>;

/**
 * A pause that came with the last superstep of a subgraph, and that its caller never heard of: a sibling failed, something was asked, or
 * the process died before the session around it had paused as well. It counts for a call that has stops there.
 */
export function untoldPause(run: Run<Channels>): Standstill | undefined {
  const { options, stops, told, standing } = run;
  const { status } = standing.note;
  if (status.kind !== "paused" || !isStandstill(status.reason) || status.reason.path !== undefined) return undefined;
  const isWanted = stops !== undefined || options.interruptAfter !== undefined || options.interruptEachStep === true;
  const isAfter = holdOf(status.reason) === "after";
  return isWanted && isAfter && !isTold(told, standing.checkpoint, "after") ? status.reason : undefined;
}

/** The pause as the session around it has it. `node`: that one's node. */
export function pauseOf(run: Run<Channels>, node: string, reason: Standstill): PauseWithin {
  const { told, standing } = run;
  const { checkpoint, note } = standing;
  if (reason.path !== undefined) return { reason: { ...reason, path: [node, ...reason.path] }, told: note.told ?? {} };
  const stop = holdOf(reason) ?? "after";
  return { reason: { ...reason, path: [node], step: checkpoint.step }, told: toldOf(told, checkpoint, stop) };
}

export function isStandstill(reason: PauseReason): reason is Standstill {
  return holdOf(reason) !== undefined;
}
