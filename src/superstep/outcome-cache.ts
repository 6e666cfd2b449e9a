/** Outcomes that stand in for running a node (NodeOptions.cache). Only what a node returned by itself is kept: no failure, no rescue, no answer. */
import { CacheKeyError, type TaskRef } from "../errors.js";
import { originOf } from "../graph/module-ref.js";
import type { CachePolicy, NodeFn } from "../graph/node.js";
import type { Channels, StateOf } from "../state/channel.js";
import { seal } from "../state/seal.js";
import type { TaskOutcome } from "./outcome.js";
import type { Awaitable } from "./thenable.js";

/** Where a task's outcome stands, or would stand. */
export interface CachePlace {
  /** Undefined: none that counts. */
  readonly outcome: TaskOutcome | undefined;
  /** Resolves once it is durable. A failure to write it is the superstep's, not the task's: this never rejects. */
  keep(outcome: TaskOutcome): Awaitable<void>;
}
/** What tells the outcomes of a node apart. */
export interface CacheKey {
  readonly key: unknown;
  readonly version: string | undefined;
}
/** The outcomes that the store has. */
export interface OutcomeCache {
  /** Throws CheckpointError, and SerializationError for a key that is too long to be written. */
  find(node: string, key: CacheKey, policy: Pick<CachePolicy<Channels>, "ttlMs">): Awaitable<CachePlace>;
}

const NO_INPUT =
  'the task has no input: "input" is for items of `map` and for Sends, else give a function of the state';

/** What tells a task's outcome apart: its key, sealed, so that it can be written, and the version of its node. Throws CacheKeyError. */
export function cacheKeyOf<C extends Channels>(
  { key: policy, version }: CachePolicy<C>,
  task: TaskRef,
  { state, run }: { readonly state: StateOf<C>; readonly run: NodeFn<C> },
): CacheKey {
  try {
    const key = policy === "input" ? task.input : policy(state, task.input);
    if (key === undefined) throw new TypeError(policy === "input" ? NO_INPUT : "the key is undefined");
    seal(key, ["key"]);
    return { key, version: version ?? originOf(run)?.contentDigest() };
  } catch (cause) {
    throw new CacheKeyError(task.node, cause);
  }
}
