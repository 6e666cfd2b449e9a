/** Checkpoints made by hand, for testing stores without a runner. */
import type { TaskRef } from "../errors.js";
import { type Checkpoint, FORMAT, type Note, targetOf, tasksOf } from "../session/checkpoint.js";
import { READY } from "../session/status.js";
import { applyDeltas, type Delta } from "../state/delta.js";
import { seal } from "../state/seal.js";
import { NO_PROGRESS } from "../superstep/frontier.js";
import type { RouteTarget } from "../superstep/outcome.js";

/** What a made checkpoint differs in. */
export interface MadeFrom {
  readonly state?: Readonly<Record<string, unknown>>;
  /** Channels of the state that are gone with the next checkpoint. */
  readonly ephemeral?: readonly string[];
  readonly frontier?: readonly RouteTarget[];
  readonly note?: Note;
  readonly incarnation?: string;
}
/** What the first checkpoint of a made fork differs in. */
export interface MadeFork extends Omit<MadeFrom, "state" | "ephemeral"> {
  /** What is written on top of the origin's state. */
  readonly write?: readonly [channel: string, delta: Delta];
}

/** The note of a session that nothing holds up. */
export const PLAIN_NOTE: Note = Object.freeze({ status: READY, passed: Object.freeze([]), issued: 0 });

/** Who writes from outside. */
const NOBODY = "__update__";

/** The first checkpoint of a session. */
export function firstOf(
  sessionId: string,
  { state = {}, ephemeral = [], frontier = ["a"], note = PLAIN_NOTE, incarnation = "made" }: MadeFrom = {},
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
    ephemeral,
    versions: Object.fromEntries(Object.keys(state).map((name) => [name, 1])),
    frontier: tasksOf(frontier, incarnation, 1),
    progress: NO_PROGRESS,
    ran: [],
    deltas: [],
    updatedChannels: [],
    note,
  };
}

/** The checkpoint of the superstep that comes after `former`, in which the first task wrote `delta` to `channel`. Ephemeral values are gone. */
export function nextOf(
  former: Checkpoint,
  channel: string,
  delta: Delta,
  { frontier = ["a"], note = PLAIN_NOTE, ephemeral = [] }: Pick<MadeFrom, "frontier" | "note" | "ephemeral"> = {},
): Checkpoint {
  const task = former.frontier[0] ?? { id: "none", node: "none" };
  return {
    ...after(former),
    source: "step",
    step: former.step + 1,
    ...written(cleared(former, channel), task, channel, delta),
    ephemeral,
    frontier: tasksOf(frontier, former.incarnation, former.seq + 1),
    ran: former.frontier,
    note,
  };
}

/** The checkpoint of an update from outside, of the same step. The frontier stays unless another one is given; ephemeral values stay. */
export function updateOf(
  former: Checkpoint,
  channel: string,
  delta: Delta,
  { frontier, note = PLAIN_NOTE }: Pick<MadeFrom, "frontier" | "note"> = {},
): Checkpoint {
  const { incarnation } = former;
  const seq = former.seq + 1;
  return {
    ...after(former),
    source: "update",
    ...written(untouched(former), { id: `${incarnation}-${seq}.update`, node: NOBODY }, channel, delta),
    frontier: frontier === undefined ? former.frontier : tasksOf(frontier, incarnation, seq),
    ran: [],
    note,
  };
}

/** The first checkpoint of a session that starts from `origin`. Commit it with the option `origin`: a session whose line shows that one. */
export function forkOf(
  origin: Checkpoint,
  sessionId: string,
  { write, frontier = origin.frontier.map(targetOf), note = PLAIN_NOTE, incarnation = "forked" }: MadeFork = {},
): Checkpoint {
  const seq = origin.seq + 1;
  const task = { id: `${incarnation}-${seq}.fork`, node: NOBODY };
  return {
    ...after(origin),
    sessionId,
    incarnation,
    parentSeq: undefined,
    forkedFrom: { incarnation: origin.incarnation, seq: origin.seq },
    source: "fork",
    ...(write === undefined ? untouched(origin) : written(untouched(origin), task, ...write)),
    frontier: tasksOf(frontier, incarnation, seq),
    ran: [],
    note,
  };
}

/** What a checkpoint says of its channels. */
type Written = Pick<Checkpoint, "state" | "versions" | "deltas" | "updatedChannels">;

function after({ forkedFrom: _, ...former }: Checkpoint): Omit<Checkpoint, "forkedFrom"> {
  return { ...former, seq: former.seq + 1, parentSeq: former.seq, createdAt: former.createdAt + 1 };
}

function untouched({ state, versions }: Checkpoint): Written {
  return { state, versions, deltas: [], updatedChannels: [] };
}

/** Without ephemeral values. The version of a channel that is written in the same superstep grows once. */
function cleared({ state, versions, ephemeral }: Checkpoint, writtenNext: string): Written {
  const gone = Object.fromEntries(ephemeral.map((name) => [name, undefined]));
  const updatedChannels = ephemeral.filter((name) => name !== writtenNext);
  return {
    state: { ...state, ...gone },
    versions: updatedChannels.reduce(grown, versions),
    deltas: [],
    updatedChannels,
  };
}

function written(on: Written, task: TaskRef, channel: string, delta: Delta): Written {
  seal(delta);
  const value: unknown = applyDeltas(on.state[channel] as unknown, [delta]);
  return {
    state: Object.freeze({ ...on.state, [channel]: value }),
    versions: grown(on.versions, channel),
    deltas: [{ task, channel, delta }],
    updatedChannels: [...on.updatedChannels, channel],
  };
}

function grown(versions: Checkpoint["versions"], channel: string): Checkpoint["versions"] {
  return { ...versions, [channel]: (versions[channel] ?? 0) + 1 };
}
