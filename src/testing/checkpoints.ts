/** Checkpoints made by hand, for testing stores without a runner. */
import { type Checkpoint, FORMAT, type Note, tasksOf } from "../session/checkpoint.js";
import { READY } from "../session/status.js";
import { applyDeltas, type Delta } from "../state/delta.js";
import { seal } from "../state/seal.js";
import { NO_PROGRESS } from "../superstep/frontier.js";
import type { RouteTarget } from "../superstep/outcome.js";

/** What a made checkpoint differs in. */
export interface MadeFrom {
  readonly state?: Readonly<Record<string, unknown>>;
  readonly frontier?: readonly RouteTarget[];
  readonly note?: Note;
  readonly incarnation?: string;
}

/** The note of a session that nothing holds up. */
export const PLAIN_NOTE: Note = Object.freeze({ status: READY, passed: Object.freeze([]), issued: 0 });

/** The first checkpoint of a session. */
export function firstOf(
  sessionId: string,
  { state = {}, frontier = ["a"], note = PLAIN_NOTE, incarnation = "made" }: MadeFrom = {},
): Checkpoint {
  seal(state);
  return {
    sessionId,
    incarnation,
    seq: 1,
    parentSeq: undefined,
    source: "input",
    step: 0,
    createdAt: 1_000,
    format: FORMAT,
    fingerprint: "0123456789abcdef",
    state,
    ephemeral: [],
    versions: Object.fromEntries(Object.keys(state).map((name) => [name, 1])),
    frontier: tasksOf(frontier, incarnation, 1),
    progress: NO_PROGRESS,
    ran: [],
    deltas: [],
    updatedChannels: [],
    note,
  };
}

/** The checkpoint of the superstep that comes after `former`, in which the first task wrote `delta` to `channel`. */
export function nextOf(
  former: Checkpoint,
  channel: string,
  delta: Delta,
  { frontier = ["a"], note = PLAIN_NOTE }: MadeFrom = {},
): Checkpoint {
  const seq = former.seq + 1;
  seal(delta);
  const value: unknown = applyDeltas(former.state[channel] as unknown, [delta]);
  const task = former.frontier[0] ?? { id: "none", node: "none" };
  return {
    ...former,
    seq,
    parentSeq: former.seq,
    source: "step",
    step: former.step + 1,
    createdAt: former.createdAt + 1,
    state: Object.freeze({ ...former.state, [channel]: value }),
    versions: { ...former.versions, [channel]: (former.versions[channel] ?? 0) + 1 },
    frontier: tasksOf(frontier, former.incarnation, seq),
    ran: former.frontier,
    deltas: [{ task, channel, delta }],
    updatedChannels: [channel],
    note,
  };
}
