/** Input: the first checkpoint of a session, or the next invocation of one that stands. Folded through the reducers; no superstep. */
import { InvalidOptionError } from "../errors.js";
import { START } from "../graph/target.js";
import { type Checkpoint, FORMAT, type Note, tasksOf } from "../session/checkpoint.js";
import { READY } from "../session/status.js";
import type { Channels, StateOf, UpdateOf } from "../state/channel.js";
import { seal } from "../state/seal.js";
import { applyBarrier, type BarrierResult } from "../superstep/barrier.js";
import { computeNextFrontier, type Frontier, NO_PROGRESS } from "../superstep/frontier.js";
import type { TaskResult, Update } from "../superstep/outcome.js";
import { askRoutes } from "../superstep/routes.js";
import { isThenable } from "../superstep/thenable.js";
import { type RunCancellation, unlessAborted } from "./cancellation.js";
import type { Engine, Standing } from "./run.js";

/** Where an invocation begins, and with what. */
export interface Invocation<C extends Channels> {
  readonly sessionId: string;
  readonly input: UpdateOf<C> | undefined;
  /** Begins at this node instead of at START. */
  readonly entry?: string;
  /** The session as it stands; undefined for a new one. */
  readonly former?: Standing<C>;
  /** Ends the wait for an asynchronous route of START. */
  readonly cancellation?: RunCancellation;
}

const NO_VERSIONS = Object.freeze({});

/** The checkpoint that an invocation begins with. Throws what the barrier and the routes of START throw, and RunAbortedError. */
export async function firstCheckpoint<C extends Channels>(
  engine: Engine<C>,
  invocation: Invocation<C>,
): Promise<Checkpoint<C>> {
  const { sessionId, former } = invocation;
  const { plan } = engine;
  const incarnation = former?.checkpoint.incarnation ?? freshIncarnation(engine.random);
  const seq = (former?.checkpoint.seq ?? 0) + 1;
  const results = [inputResult(invocation, `${incarnation}-${seq}.input`)];
  const state = former?.checkpoint.state ?? initialState(engine);
  const barrier = applyBarrier({ plan, state, versions: former?.checkpoint.versions ?? NO_VERSIONS, results });
  const frontier = await frontierOf(engine, invocation, results, barrier);
  return {
    sessionId,
    incarnation,
    seq,
    parentSeq: former?.checkpoint.seq,
    source: "input",
    step: former?.checkpoint.step ?? 0,
    createdAt: engine.clock.now(),
    format: FORMAT,
    fingerprint: plan.fingerprint,
    state: barrier.state,
    ephemeral: plan.ephemeral.filter((name) => barrier.state[name] !== undefined),
    versions: barrier.versions,
    frontier: Object.freeze(tasksOf(frontier.targets, incarnation, seq)),
    progress: frontier.progress,
    ran: [],
    deltas: barrier.deltas,
    updatedChannels: barrier.updatedChannels,
    note: noteOf(frontier, former?.note.issued ?? 0),
  };
}

async function frontierOf<C extends Channels>(
  { plan }: Engine<C>,
  { sessionId, entry, cancellation }: Invocation<C>,
  results: readonly TaskResult[],
  { state }: BarrierResult<C>,
): Promise<Frontier> {
  if (entry !== undefined) return { targets: [entry], progress: NO_PROGRESS, end: undefined };
  const asked = askRoutes(plan, results, state);
  const answers = isThenable(asked) && cancellation ? await unlessAborted(cancellation, sessionId, asked) : await asked;
  return computeNextFrontier({ plan, results, answers, progress: NO_PROGRESS });
}

function noteOf({ end }: Frontier, issued: number): Note {
  if (end === undefined || end.kind === "stalled") return { passed: [], issued, status: READY };
  return { passed: [], issued, status: { kind: "completed", endedBy: end.kind } };
}

function inputResult<C extends Channels>({ input }: Invocation<C>, id: string): TaskResult {
  const updates = input === undefined ? [] : [checkInput(input)];
  return { task: Object.freeze({ id, node: START }), outcome: { updates, routes: [] } };
}

function checkInput(input: unknown): Update {
  const prototype =
    typeof input === "object" && input !== null ? (Object.getPrototypeOf(input) as object | null) : input;
  const isPlain = prototype === null || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null);
  if (input === null || !isPlain) {
    throw new InvalidOptionError("input", "is no record of channel writes", "pass { [channel]: write }");
  }
  seal(input);
  return input as Update;
}

function initialState<C extends Channels>({ plan }: Engine<C>): StateOf<C> {
  const state: Record<string, unknown> = {};
  for (const [name, channel] of plan.channels) {
    const value: unknown = channel.initial();
    seal(value, [name]);
    state[name] = value;
  }
  return Object.freeze(state) as StateOf<C>;
}

function freshIncarnation(random: () => number): string {
  return Math.floor(random() * 2 ** 52).toString(36);
}
