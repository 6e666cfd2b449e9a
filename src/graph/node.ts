/** What a node is, what it is given, and how it may be run. */

import type { Channels, StateOf, UpdateOf } from "../state/channel.js";
import type { Artifacts } from "./artifacts.js";
import type { NodeResult } from "./command.js";

/** A node: sees one frozen snapshot of the state and returns what it writes and where it goes. */
export type NodeFn<C extends Channels> = (
  state: StateOf<C>,
  ctx: NodeContext,
) => NodeResult<C> | Promise<NodeResult<C>>;

/** What a node is given besides the state. May be destructured. */
export interface NodeContext {
  readonly sessionId: string;
  readonly node: string;
  /** The superstep being attempted, the number under which it commits. */
  readonly step: number;
  readonly taskId: string;
  /** 1 on the first try. */
  readonly attempt: number;
  /** Aborted by the caller's signal, the node's timeout, or a failing sibling under `onFailure: "abort"`. */
  readonly signal: AbortSignal;
  /** What a Send carried; undefined for a node reached by an edge. */
  readonly input: unknown;
  /** What the call handed on, by keys that `runContext` made; not stored. Read it with the `of` of a key. */
  readonly context: ReadonlyMap<object, unknown>;
  /** The values that the call was configured with; empty when it was not. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Pauses the session until an answer comes; returns the answer when the node is run again (from its start). */
  interrupt<Answer = unknown>(payload: unknown): Answer;
  /**
   * Runs `effect` once per session position and remembers its result across retries, pauses and crashes. Effects with different
   * keys may run at the same time. A key that is used twice in one attempt is an InvalidOptionError.
   */
  once<T>(key: string, effect: (call: OnceCall) => T | Promise<T>): Promise<T>;
  /** Content that is too large for the state: kept once, beside the checkpoints; the state holds an ArtifactRef. */
  readonly artifacts: Artifacts;
  /** Puts an application event (a token, say) on the stream, as it is: what you change in it afterwards, late readers see changed. Never throws, never blocks the node. */
  emit(data: unknown): void;
  /** Says on the stream how far the node is. */
  progress(done: number, total?: number, message?: string): void;
  /** Milliseconds since the epoch, on the runner's clock. */
  now(): number;
  /** A number in [0,1), from the runner's random. */
  random(): number;
  /** A fresh id, made with the runner's random. */
  id(): string;
}

/** What an effect of `ctx.once` is given. */
export interface OnceCall {
  /**
   * Names this effect for the outside world: the same in every attempt, in every process and after every crash, and never that of another
   * effect. Printable ASCII. A crash between the effect and the moment its result is durable runs it again, under the same key.
   */
  readonly idempotencyKey: string;
}

/** Delays: 500 ms, ×2, at most 30 s, jittered by the runner's random, on the runner's clock, unless said otherwise. */
export interface RetryPolicy {
  /** Tries in all, the first one included, also over crashes. */
  readonly maxAttempts: number;
  /** Milliseconds before the second try. Default 500. */
  readonly initialDelayMs?: number | undefined;
  /** The factor from each delay to the next. Default 2. */
  readonly backoff?: number | undefined;
  /** No delay is longer, in milliseconds. Default 30,000. An error with a `retryAfterMs` of its own (a finite number, 0 or more) is waited for that long at least, whatever this says. */
  readonly maxDelayMs?: number | undefined;
  /** Whether each delay is cut at random to between half and all of it. Default true. */
  readonly jitter?: boolean | undefined;
  /** Milliseconds over all attempts and delays, from the first one's beginning: no attempt begins after it. */
  readonly budgetMs?: number | undefined;
  /** False: this error is final. Asked at once: one that throws, or answers with a promise, has said no. */
  readonly retryOn?: ((error: unknown) => boolean) | undefined;
}

/** When a stored outcome stands in for running the node: for nodes whose outcome follows from the key alone. */
export interface CachePolicy<C extends Channels> {
  /**
   * All that the outcome depends on, as a value that can be stored; "input": what a Send carried, or an item of `map`. A function is called once
   * a task; what it throws fails the task.
   */
  readonly key: "input" | ((state: StateOf<C>, input: unknown) => unknown);
  /** Milliseconds on the runner's clock that an outcome counts for. Default: for ever. */
  readonly ttlMs?: number | undefined;
  /** Change it when the node's code changes: outcomes of other versions do not count. Default for a function of a module: the SHA-256 of its file. */
  readonly version?: string | undefined;
}

/** How a node is run. `S`: the channels of the graph that is the node, if one is. */
export interface NodeOptions<C extends Channels, S extends Channels = Channels> {
  readonly retry?: RetryPolicy | undefined;
  /** Milliseconds that one attempt may take, on the runner's clock. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds that one attempt may go on without `ctx.progress` or `ctx.emit`, on the runner's clock. */
  readonly idleTimeoutMs?: number | undefined;
  /** Runs only when nothing else is left to run, across supersteps. */
  readonly defer?: boolean | undefined;
  /** Where its Commands and Sends may go, by name; names that the graph has not are issues of `compile()`. Counts as reachable, is drawn, and is checked when the node runs. */
  readonly ends?: readonly string[] | undefined;
  /** Turns a final failure into an update or a route instead of failing the superstep. */
  readonly onError?: ((error: unknown, state: StateOf<C>) => NodeResult<C>) | undefined;
  /** Names a semaphore of AppRunnerOptions.limits. */
  readonly limit?: string | undefined;
  /**
   * Of a graph that is a node: what it begins with, from this graph's state and what a Send carried, folded over its own initial
   * values. Without it, channels of the same name begin with this graph's values.
   */
  readonly input?: ((state: StateOf<C>, input: unknown) => UpdateOf<S>) | undefined;
  /** Of a graph that is a node: what its last state is to this graph. Without it, what changed in channels of the same name. */
  readonly output?: ((state: StateOf<S>) => NodeResult<C>) | undefined;
  /**
   * Where it runs: "inline" (default), or the name of one of AppRunnerOptions.executors. Elsewhere runs only what `nodeModule` made, or a
   * `map` over such a function; `compile` checks that.
   */
  readonly executor?: string | undefined;
  /** Keeps outcomes in the store, for all sessions and processes. Failures, and what took a question's answer, are never kept. */
  readonly cache?: CachePolicy<C> | undefined;
}
