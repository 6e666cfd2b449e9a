/** Outcomes that stand in for running a node (NodeOptions.cache). Only what a node returned by itself is kept: no failure, no rescue, no answer. */
import { CacheKeyError, type TaskRef } from "../errors.js";
import type { CachePolicy } from "../graph/node.js";
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
/** The outcomes that the store has. */
export interface OutcomeCache {
  /** Throws CheckpointError, and SerializationError for a key that is too long to be written. */
  find(node: string, key: unknown, policy: Pick<CachePolicy<Channels>, "version" | "ttlMs">): Awaitable<CachePlace>;
}

/** The key of a task, sealed, so that it can be written. Throws CacheKeyError. */
export function cacheKeyOf<C extends Channels>(policy: CachePolicy<C>, task: TaskRef, state: StateOf<C>): unknown {
  try {
    const key = policy.key(state, task.input);
    if (key === undefined) throw new TypeError("the key is undefined");
    seal(key, ["key"]);
    return key;
  } catch (cause) {
    throw new CacheKeyError(task.node, cause);
  }
}
