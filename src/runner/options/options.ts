import type { Checkpointer } from "../../session/checkpointer.js";
import type { Migrate } from "../../session/migration.js";
import type { Channels } from "../../state/channel.js";
import type { NodeExecutor } from "../../superstep/executor.js";
import type { InterruptOptions } from "../../superstep/interrupts.js";
import type { NodeMiddleware } from "../../superstep/middleware.js";
import type { FailurePolicy } from "../../superstep/schedule.js";
import type { Clock } from "../../superstep/task-context.js";
import type { LeaseOptions } from "../calls/leases.js";
import type { DrainSignal } from "../calls/process-signals.js";
import type { EnvironmentOptions } from "../environment.js";
import type { RunHooks } from "../hooks.js";
import type { ConfigOptions } from "../run-config.js";
import type { SessionPredicate } from "../stops/stop-options.js";

/** Where a superstep stops, and what may abort it. */
export interface StepOptions<N extends string = string> extends InterruptOptions<N>, ConfigOptions {
  /** Aborts the call: tasks hear of it through `ctx.signal`, what finished is kept, and it is a RunAbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Where this call lets nodes run: "inline", and names of the runner's executors. A node that asks for another one is refused before anything runs. Default: anywhere. */
  readonly allowExecutors?: readonly string[] | undefined;
}
/** How far a run goes. */
export interface RunOptions<N extends string = string> extends StepOptions<N> {
  /** Supersteps this call may commit before a StepLimitError. Default 100. The session can go on afterwards. */
  readonly maxSteps?: number | undefined;
  /** After a failure: run all tasks of the superstep again, also those whose results are kept. */
  readonly discardPending?: boolean | undefined;
}
/** What a runner works with. */
export interface AppRunnerOptions<C extends Channels = Channels> {
  /** Default: an in-memory one. */
  readonly checkpointer?: Checkpointer | undefined;
  /** Called in this order; `addHooks` puts others behind them. */
  readonly hooks?: readonly RunHooks<C>[] | undefined;
  /** Tasks in flight at once within one superstep. Default 64. */
  readonly maxConcurrency?: number | undefined;
  /** Permits by name, shared by all sessions of the runner; a node names one in its `limit`. */
  readonly limits?: Readonly<Record<string, number>> | undefined;
  /** What happens to siblings of a task that failed. Default "drain". */
  readonly onFailure?: FailurePolicy | undefined;
  /** step: every superstep is committed before the next begins (default). exit: only pauses, ends and failures are. */
  readonly durability?: "step" | "exit" | undefined;
  /** What `ctx.now`, delays, time limits and stamps go by; milliseconds since the epoch. Default the system's. */
  readonly clock?: Clock | undefined;
  /** In [0,1). Default Math.random. */
  readonly random?: (() => number) | undefined;
  /** What runs nodes in other threads and processes, by the names that nodes use (`executor`); closed with the last runner that has it. */
  readonly executors?: Readonly<Record<string, NodeExecutor>> | undefined;
  /** Around each attempt of each node; the first is outermost. A node whose outcome is in the cache is not run, and has none around it. */
  readonly middleware?: readonly NodeMiddleware[] | undefined;
  /** Takes a session that another graph has written over to this one; without it, one that needs what is gone is a GraphMismatchError. */
  readonly migrate?: Migrate | undefined;
  /** Fields of `config` that may change under a session: concurrency, paths, log levels. */
  readonly freeConfig?: readonly string[] | undefined;
  /** Conditions by name, for breakpoints: asked after each superstep of a session that has such a breakpoint. */
  readonly predicates?: Readonly<Record<string, SessionPredicate<C>>> | undefined;
  /** Signals of the process on which the runner drains, such as `["SIGTERM"]`; until `close`. The process is left to end by itself. Default: none. */
  readonly drainOn?: readonly DrainSignal[] | undefined;
  /** What is noted with each session of where it ran, for its view, its history and the `at` of its errors. Default: nothing. */
  readonly environment?: EnvironmentOptions | undefined;
  /** How long a session stays closed to others when this process dies while it drives it. */
  readonly lease?: LeaseOptions | undefined;
}

export const DEFAULT_MAX_STEPS = 100;
