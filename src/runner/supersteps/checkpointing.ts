/** Makes checkpoints: what a superstep, an input or an edit came to, and where it stands in its session's line. */
import { type Checkpoint, FORMAT, type Note } from "../../session/checkpoint.js";
import type { Channels } from "../../state/channel.js";
import type { BarrierResult } from "../../superstep/barrier.js";
import type { Engine } from "../run.js";

/** Where a checkpoint stands. */
type Place = Pick<
  Checkpoint,
  "sessionId" | "incarnation" | "seq" | "parentSeq" | "forkedFrom" | "source" | "step" | "frontier" | "progress" | "ran"
>;

const NONE: readonly string[] = Object.freeze([]);

/** Written out key by key: one is made each superstep, and a spread of as many keys costs as much as all the rest of it. */
export function makeCheckpoint<C extends Channels>(
  { clock, plan }: Engine<C>,
  place: Place,
  { state, versions, deltas, updatedChannels }: BarrierResult<C>,
  note: Note,
): Checkpoint<C> {
  const { ephemeral, fingerprint } = plan;
  const checkpoint: Checkpoint<C> = {
    sessionId: place.sessionId,
    incarnation: place.incarnation,
    seq: place.seq,
    parentSeq: place.parentSeq,
    source: place.source,
    step: place.step,
    createdAt: clock.now(),
    format: FORMAT,
    fingerprint,
    state,
    ephemeral: ephemeral.length === 0 ? NONE : ephemeral.filter((name) => state[name] !== undefined),
    versions,
    frontier: place.frontier,
    progress: place.progress,
    ran: place.ran,
    deltas,
    updatedChannels,
    note,
  };
  return place.forkedFrom === undefined ? checkpoint : { ...checkpoint, forkedFrom: place.forkedFrom };
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
