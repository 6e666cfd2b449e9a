/** What a node can do wrong while it runs. */
import { SuperstepError } from "./base.js";
import { recordOf, type TaskRef } from "./record.js";

/** One task of a superstep that failed. */
export interface TaskFailure {
  readonly task: TaskRef;
  readonly attempt: number;
  readonly error: unknown;
}

/** A node failed after its retries. `cause` is what the first failed node threw; `failures` lists all, in frontier order. */
export class NodeError extends SuperstepError {
  static readonly name = "NodeError";
  readonly code = "NODE_FAILED";
  readonly node: string;
  readonly failures: readonly TaskFailure[];
  /** `shortfall`: of a fan-out, why its failures were not borne. */
  constructor(first: TaskFailure, failures: readonly TaskFailure[], shortfall?: string) {
    const others = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
    const why = shortfall === undefined ? "" : `; ${shortfall}`;
    super(
      `node "${first.task.node}" failed on attempt ${first.attempt}: ${recordOf(first.error).message}${others}${why}`,
      {
        cause: first.error,
        help: "mend what `cause` says and run the session again; results of finished siblings are kept",
      },
    );
    this.node = first.task.node;
    this.failures = failures;
  }
}

/** The cause of a NodeError whose node took longer than one of its time limits; `option` says which. */
export class NodeTimeoutError extends SuperstepError {
  static readonly name = "NodeTimeoutError";
  readonly code = "NODE_TIMEOUT";
  readonly node: string;
  readonly timeoutMs: number;
  readonly option: "timeoutMs" | "idleTimeoutMs";
  constructor(node: string, timeoutMs: number, option: "timeoutMs" | "idleTimeoutMs" = "timeoutMs") {
    const isIdle = option === "idleTimeoutMs";
    super(
      isIdle
        ? `node "${node}" gave no sign of life for ${timeoutMs} ms`
        : `node "${node}" did not finish within ${timeoutMs} ms`,
      {
        help: isIdle
          ? "call `ctx.progress` or `ctx.emit` more often, raise `idleTimeoutMs`, or make the node heed `ctx.signal`"
          : "raise `timeoutMs`, or make the node heed `ctx.signal`",
      },
    );
    this.node = node;
    this.timeoutMs = timeoutMs;
    this.option = option;
  }
}

/** The cause of a NodeError whose node may not be tried again, as the process finds that goes on with its retries. `cause`: the last attempt's error, as data. */
export class RetriesSpentError extends SuperstepError {
  static readonly name = "RetriesSpentError";
  readonly code = "RETRIES_SPENT";
  readonly node: string;
  readonly attempts: number;
  constructor(node: string, attempts: number, cause: unknown) {
    super(`node "${node}" failed ${attempts} times and its policy allows no other attempt now`, {
      cause,
      help: "mend what `cause` says and run the session again, which begins the count afresh; or raise `maxAttempts` or `budgetMs`",
    });
    this.node = node;
    this.attempts = attempts;
  }
}

/** The cause of a NodeError whose node has a cache without a usable key. `cause`: what the key function threw, or why the key cannot be stored. */
export class CacheKeyError extends SuperstepError {
  static readonly name = "CacheKeyError";
  readonly code = "CACHE_KEY_FAILED";
  readonly node: string;
  constructor(node: string, cause: unknown) {
    super(`node "${node}" has no usable cache key: ${recordOf(cause).message}`, {
      cause,
      help: "return a value that can be stored from `cache.key`",
    });
    this.node = node;
  }
}

/** The cause of a NodeError whose middleware runs a node that it may not run: for the second time, or too late. */
export class NodeMiddlewareError extends SuperstepError {
  static readonly name = "NodeMiddlewareError";
  readonly code = "NODE_MIDDLEWARE_FAILED";
  readonly node: string;
  constructor(node: string, problem: string) {
    super(`a middleware of node "${node}" ${problem}`, {
      help: "call `next` at most once, before the middleware ends; give the node `retry` to run it again",
    });
    this.node = node;
  }
}

/** The cause of a NodeError whose node was aborted and still did not settle within the grace period. */
export class NodeStuckError extends SuperstepError {
  static readonly name = "NodeStuckError";
  readonly code = "NODE_STUCK";
  readonly node: string;
  readonly graceMs: number;
  constructor(node: string, graceMs: number, cause: unknown) {
    super(`node "${node}" was aborted and did not settle within ${graceMs} ms`, {
      cause,
      help: "make the node heed `ctx.signal`; what it does from now on is ignored",
    });
    this.node = node;
    this.graceMs = graceMs;
  }
}

/** The cause of a NodeError whose node returned something that is no update and no Command. */
export class NodeResultError extends SuperstepError {
  static readonly name = "NodeResultError";
  readonly code = "NODE_RESULT_INVALID";
  readonly node: string;
  constructor(node: string, found: string, help?: string) {
    super(`node "${node}" returned ${found}`, {
      help:
        help ??
        "return an object of channel updates, a Command, a list of Commands, or nothing; wrap a Send in new Command({ goto })",
    });
    this.node = node;
  }
}
