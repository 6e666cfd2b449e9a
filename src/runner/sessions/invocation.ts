/** Input: the first checkpoint of a session, or the next invocation of one that stands. Folded through the reducers; no superstep. */
import { START } from "../../graph/target.js";
import { type Checkpoint, tasksOf } from "../../session/checkpoint.js";
import type { Channels, StateOf, UpdateOf } from "../../state/channel.js";
import { seal } from "../../state/seal.js";
import { applyBarrier } from "../../superstep/barrier.js";
import { type Frontier, NO_PROGRESS } from "../../superstep/frontier.js";
import type { RunCancellation } from "../cancellation.js";
import { notedIn } from "../environment.js";
import type { Engine, Standing } from "../run.js";
import { freshIncarnation, makeCheckpoint } from "../supersteps/checkpointing.js";
import { leave, noteBehind, writeResult } from "./editing.js";

/** How a session is made. */
export interface CreateOptions {
  /** What to do about one of that id: refuse (default), leave it as it stands, or put the new one in its place. */
  readonly ifExists?: "error" | "resume" | "replace";
}
/** Where an invocation begins, and with what. */
export interface Invocation<C extends Channels> {
  readonly sessionId: string;
  readonly input: UpdateOf<C> | undefined;
  /** Begins at this node instead of at START. */
  readonly entry?: string;
  /** The session as it stands; undefined for a new one. */
  readonly former?: Standing<C>;
  /** What a new one begins with, in place of the channels' initial values. */
  readonly state?: StateOf<C>;
  /** Ends the wait for an asynchronous route of START. */
  readonly cancellation: RunCancellation;
}

const NO_VERSIONS = Object.freeze({});

/** The checkpoint that an invocation begins with. Throws what the barrier and the routes of START throw, and RunAbortedError. */
export async function firstCheckpoint<C extends Channels>(
  engine: Engine<C>,
  invocation: Invocation<C>,
): Promise<Checkpoint<C>> {
  const { sessionId, former, input, entry } = invocation;
  const { plan } = engine;
  const incarnation = former?.checkpoint.incarnation ?? freshIncarnation(engine.random, sessionId);
  const seq = (former?.checkpoint.seq ?? 0) + 1;
  const result = writeResult({ id: `${incarnation}-${seq}.input`, node: START }, "input", input);
  const state = former?.checkpoint.state ?? invocation.state ?? initialState(engine);
  const versions = former?.checkpoint.versions ?? NO_VERSIONS;
  const barrier = applyBarrier({ plan, state, versions, results: [result] });
  const frontier: Frontier =
    entry === undefined
      ? await leave(engine, { ...invocation, result, state: barrier.state, progress: NO_PROGRESS })
      : { targets: [entry], progress: NO_PROGRESS, end: undefined };
  const place = {
    sessionId,
    incarnation,
    seq,
    parentSeq: former?.checkpoint.seq,
    source: "input",
    step: former?.checkpoint.step ?? 0,
    frontier: tasksOf(frontier.targets, incarnation, seq),
    progress: frontier.progress,
    ran: [],
  } as const;
  const note = notedIn(noteBehind(frontier, former?.note ?? { issued: 0 }), engine.environment);
  return makeCheckpoint(engine, place, barrier, note);
}

/** Every channel's initial value. */
export function initialState<C extends Channels>({ plan }: Engine<C>): StateOf<C> {
  const state: Record<string, unknown> = {};
  for (const [name, channel] of plan.channels) {
    const value: unknown = channel.initial();
    seal(value, [name]);
    state[name] = value;
  }
  return Object.freeze(state) as StateOf<C>;
}
