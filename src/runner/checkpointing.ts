/** Makes checkpoints: what a superstep, an input or an edit came to, and where it stands in its session's line. */
import { type Checkpoint, FORMAT, type Note } from "../session/checkpoint.js";
import type { Channels } from "../state/channel.js";
import type { BarrierResult } from "../superstep/barrier.js";
import type { Engine } from "./run.js";

/** Where a checkpoint stands. */
type Place = Pick<
  Checkpoint,
  "sessionId" | "incarnation" | "seq" | "parentSeq" | "forkedFrom" | "source" | "step" | "frontier" | "progress" | "ran"
>;

export function makeCheckpoint<C extends Channels>(
  { clock, plan }: Engine<C>,
  place: Place,
  { state, versions, deltas, updatedChannels }: BarrierResult<C>,
  note: Note,
): Checkpoint<C> {
  return {
    ...place,
    createdAt: clock.now(),
    format: FORMAT,
    fingerprint: plan.fingerprint,
    state,
    ephemeral: plan.ephemeral.filter((name) => state[name] !== undefined),
    versions,
    deltas,
    updatedChannels,
    note,
  };
}

/** Tells a session from every other, of the same id too. Random numbers that come again, of a runner that repeats a run, do not make two sessions one. */
export function freshIncarnation(random: () => number, sessionId: string): string {
  return Math.floor(random() * 2 ** 52).toString(36) + hashOf(sessionId).toString(36);
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193) >>> 0;
  return hash;
}
