/**
 * The barrier: folds the results of a superstep into the state (B1–B8). Pure and atomic: it gives a new value or throws,
 * and what it was given is untouched by reference.
 */
import {
  ConcurrentWriteError,
  ReducerError,
  SerializationError,
  type TaskRef,
  UnknownChannelError,
} from "../errors.js";
import type { GraphPlan } from "../graph/plan.js";
import type { AnyChannel, Channels, Fold, StateOf } from "../state/channel.js";
import type { Delta } from "../state/delta.js";
import { diff } from "../state/diff.js";
import { checkSchema } from "../state/schema.js";
import type { TaskResult, Update } from "./outcome.js";

/** How often each channel has changed. */
export type Versions = Readonly<Record<string, number>>;

/** What one task wrote to one channel. */
export interface ChannelDelta {
  readonly task: TaskRef;
  readonly channel: string;
  readonly delta: Delta;
}
/** What `applyBarrier` folds, and what into. */
export interface BarrierInput<C extends Channels> {
  readonly plan: GraphPlan<C>;
  readonly state: StateOf<C>;
  readonly versions: Versions;
  /** In frontier order (B1). */
  readonly results: readonly TaskResult[];
  /** Ephemeral values stay for the superstep that they wait for: this is an edit, not a superstep. */
  readonly keepsEphemeral?: boolean;
}
/** The state after the barrier, and what changed. */
export interface BarrierResult<C extends Channels> {
  readonly state: StateOf<C>;
  readonly versions: Versions;
  readonly deltas: readonly ChannelDelta[];
  /** Channels whose version grew, in order of first write. */
  readonly updatedChannels: readonly string[];
}

/** Throws UnknownChannelError, ConcurrentWriteError, ReducerError, ChannelSchemaError or SerializationError. */
export function applyBarrier<C extends Channels>(input: BarrierInput<C>): BarrierResult<C> {
  const open = new Map<string, OpenChannel>();
  if (input.keepsEphemeral !== true) {
    for (const name of input.plan.ephemeral) if (read(input.state, name) !== undefined) openChannel(open, input, name);
  }
  for (const { task, outcome } of input.results) {
    for (const update of outcome.updates) writeUpdate(open, input, task, update);
  }
  return close(input, open);
}

function writeUpdate<C extends Channels>(
  open: Map<string, OpenChannel>,
  input: BarrierInput<C>,
  task: TaskRef,
  update: Update,
): void {
  for (const name of Object.keys(update)) {
    const write = update[name];
    if (write !== undefined) writeTo(open.get(name) ?? openChannel(open, input, name, task), task, write);
  }
}

/** A channel that this superstep touches. */
interface OpenChannel {
  readonly name: string;
  readonly channel: AnyChannel;
  readonly fold: Fold<unknown, unknown>;
  readonly deltas: ChannelDelta[];
  writer: TaskRef | undefined;
}

function openChannel<C extends Channels>(
  open: Map<string, OpenChannel>,
  { plan, state }: BarrierInput<C>,
  name: string,
  task?: TaskRef,
): OpenChannel {
  const channel = plan.channels.get(name);
  if (channel === undefined) throw new UnknownChannelError(name, task, [...plan.channels.keys()]);
  const current = channel.ephemeral === true ? undefined : read(state, name);
  const fold = foldOf(name, channel, current, task);
  const opened: OpenChannel = { name, channel, fold, deltas: [], writer: undefined };
  open.set(name, opened);
  return opened;
}

function foldOf(
  name: string,
  channel: AnyChannel,
  current: unknown,
  task: TaskRef | undefined,
): Fold<unknown, unknown> {
  if (channel.fold === undefined) return foldByDiff(name, channel, current);
  try {
    return channel.fold(current);
  } catch (error) {
    throw refusal(name, task, error);
  }
}

/** The plain fold: reduce, then tell what changed by reference. */
function foldByDiff(name: string, channel: AnyChannel, current: unknown): Fold<unknown, unknown> {
  let value = current;
  return {
    write(write) {
      const next: unknown = channel.reduce(value, write);
      const delta = diff(value, next, name);
      if (delta !== undefined) value = next;
      return delta;
    },
    finish: () => value,
  };
}

function writeTo(open: OpenChannel, task: TaskRef, write: unknown): void {
  if (open.channel.exclusive === true && open.writer !== undefined && open.writer !== task) {
    throw new ConcurrentWriteError(open.name, open.writer, task);
  }
  open.writer = task;
  try {
    const delta = open.fold.write(write);
    if (delta !== undefined) open.deltas.push({ task, channel: open.name, delta });
  } catch (error) {
    throw refusal(open.name, task, error);
  }
}

function finish({ name, fold, writer }: OpenChannel): unknown {
  try {
    return fold.finish();
  } catch (error) {
    throw refusal(name, writer, error);
  }
}

/** What a fold throws is a ReducerError, unless it made what cannot be stored, and the error says where. */
function refusal(channel: string, task: TaskRef | undefined, error: unknown): unknown {
  return error instanceof SerializationError ? error : new ReducerError(channel, task, error);
}

function close<C extends Channels>(input: BarrierInput<C>, open: ReadonlyMap<string, OpenChannel>): BarrierResult<C> {
  const state: Record<string, unknown> = { ...input.state };
  const versions: Record<string, number> = { ...input.versions };
  const changed: OpenChannel[] = [];
  for (const opened of open.values()) {
    const { name, channel } = opened;
    const value = finish(opened);
    if (channel.schema !== undefined) checkSchema(name, channel.schema, value);
    if (Object.is(value, read(input.state, name))) continue;
    state[name] = value;
    versions[name] = (Object.hasOwn(versions, name) ? (versions[name] ?? 0) : 0) + 1;
    changed.push(opened);
  }
  if (changed.length === 0) return { state: input.state, versions: input.versions, deltas: [], updatedChannels: [] };
  return {
    state: Object.freeze(state) as StateOf<C>,
    versions: Object.freeze(versions),
    deltas: deltasOf(changed),
    updatedChannels: changed.map(({ name }) => name),
  };
}

/** Lists that live on are copied, so that none keeps the spare room that a list has which grew. */
function deltasOf(changed: readonly OpenChannel[]): readonly ChannelDelta[] {
  const [only] = changed;
  return changed.length === 1 && only !== undefined ? only.deltas.slice() : changed.flatMap(({ deltas }) => deltas);
}

function read(state: object, name: string): unknown {
  return (state as Record<string, unknown>)[name];
}
