/**
 * A checkpoint of another graph, taken over to the graph of today as the caller says (T4). What the caller answers is checked before it is
 * believed: an answer that means nothing must not cost a session its state.
 */
import { GraphMismatchError, InvalidOptionError, SerializationError, type TaskRef } from "../errors.js";
import type { Send } from "../graph/target.js";
import type { Channels, StateOf } from "../state/channel.js";
import { seal } from "../state/seal.js";
import type { Versions } from "../superstep/barrier.js";
import type { RouteTarget } from "../superstep/outcome.js";
import { isThenable } from "../superstep/thenable.js";
import type { Checkpoint } from "./checkpoint.js";

/** What a checkpoint that another graph has written leaves to be migrated. */
export interface MigratableCheckpoint {
  /** Of a subgraph: its own. */
  readonly sessionId: string;
  /** Of a subgraph: the nodes that lead to it. Empty: the session's own graph. */
  readonly path: readonly string[];
  readonly step: number;
  /** Of the graph that wrote it. */
  readonly fingerprint: string;
  readonly state: Readonly<Record<string, unknown>>;
  readonly frontier: readonly TaskRef[];
  /** Deferred nodes that were reached and still wait. */
  readonly deferred: readonly RouteTarget[];
}
/** What becomes of it; what is left out stays. */
export interface Migration {
  readonly state?: Readonly<Record<string, unknown>>;
  /** A task that keeps its `id` keeps its finished result, its questions and its effects, under another node too. */
  readonly frontier?: readonly (TaskRef | Send | string)[];
  readonly deferred?: readonly (RouteTarget | Send)[];
}
/** Takes a checkpoint of another graph over to this one. Pure and synchronous: it is asked again until the session's next commit. */
export type Migrate = (checkpoint: MigratableCheckpoint) => Migration | undefined;

/** The checkpoint as the caller has it. Throws GraphMismatchError for what throws or makes no sense, SerializationError for what cannot be stored. */
export function migrateCheckpoint(migrate: Migrate, checkpoint: Checkpoint): Checkpoint {
  const { sessionId, step, fingerprint, state, frontier, progress } = checkpoint;
  const { deferred } = progress;
  try {
    const migration = read(migrate({ sessionId, path: [], step, fingerprint, state, frontier, deferred }));
    return {
      ...checkpoint,
      ...(migration.state && stateOf(checkpoint, migration.state)),
      ...(migration.frontier && { frontier: frontierOf(checkpoint, migration.frontier) }),
      ...(migration.deferred && { progress: { ...progress, deferred: deferredOf(migration.deferred) } }),
    };
  } catch (error) {
    throw error instanceof SerializationError ? error : mismatch(sessionId, error);
  }
}

function mismatch(sessionId: string, cause: unknown): GraphMismatchError {
  return new GraphMismatchError(sessionId, { missingNodes: [], missingChannels: [], path: [], cause });
}

function read(answer: unknown): Migration {
  if (answer === undefined) return {};
  if (isThenable(answer)) {
    answer.then(undefined, () => undefined);
    throw refusal("answered with a promise", "make it synchronous");
  }
  if (!isRecord(answer)) throw refusal("answered with what is no record", "return { state, frontier, deferred }");
  const { state, frontier, deferred } = answer;
  if (state !== undefined && !isRecord(state))
    throw refusal("answered with a state that is no record", "return { state: { [channel]: value } }");
  for (const targets of [frontier, deferred]) {
    if (targets !== undefined && !(Array.isArray(targets) && targets.every(isTarget)))
      throw refusal("answered with what is no list of tasks", "list node names, Sends, or tasks as they came");
  }
  return answer;
}

/** A channel that is migrated has changed (B6). */
function stateOf(
  { state, versions }: Checkpoint,
  moved: Readonly<Record<string, unknown>>,
): { readonly state: StateOf<Channels>; readonly versions: Versions } {
  const grown: Record<string, number> = {};
  for (const [name, value] of Object.entries(moved)) {
    seal(value, [name]);
    const version = ownValue<number>(versions, name) ?? 0;
    const next = Object.is(value, ownValue(state, name)) ? version : version + 1;
    if (next > 0) grown[name] = next;
  }
  return { state: Object.freeze({ ...moved }) as StateOf<Channels>, versions: Object.freeze(grown) };
}

function frontierOf(checkpoint: Checkpoint, targets: NonNullable<Migration["frontier"]>): readonly TaskRef[] {
  const tasks = targets.map((target, place) => toTask(checkpoint, target, place));
  const ids = new Set(tasks.map(({ id }) => id));
  if (ids.size < tasks.length) throw refusal("answered with one task twice", "leave the `id` of the second one out");
  return Object.freeze(tasks);
}

/** A task that is not of the checkpoint gets an id that none of its tasks can have. */
function toTask({ incarnation, seq, frontier }: Checkpoint, target: TaskRef | Send | string, place: number): TaskRef {
  const isKnown = typeof target === "object" && "id" in target && frontier.some(({ id }) => id === target.id);
  const id = isKnown ? target.id : `${incarnation}-${seq}.migrated.${place}`;
  const to = toTarget(target, ["frontier", place, "input"]);
  return Object.freeze(typeof to === "string" ? { id, node: to } : { id, node: to.node, input: to.input });
}

function deferredOf(targets: NonNullable<Migration["deferred"]>): readonly RouteTarget[] {
  return targets.map((target, place) => toTarget(target, ["deferred", place, "input"]));
}

function toTarget(target: TaskRef | Send | RouteTarget, path: readonly (string | number)[]): RouteTarget {
  if (typeof target === "string") return target;
  if (!("input" in target)) return target.node;
  seal(target.input, path);
  return { node: target.node, input: target.input };
}

function isTarget(value: unknown): boolean {
  return typeof value === "string" || (isRecordOfAnyKind(value) && typeof value.node === "string");
}

/** Written down as a plain object: not a list, a Map, or an instance of a class, which lose their contents on the way. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (!isRecordOfAnyKind(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isRecordOfAnyKind(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function ownValue<T>(record: object, name: string): T | undefined {
  return Object.hasOwn(record, name) ? (record as Record<string, T>)[name] : undefined;
}

function refusal(problem: string, help: string): InvalidOptionError {
  return new InvalidOptionError("migrate", problem, help);
}
