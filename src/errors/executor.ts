/** What can go wrong with a node that runs in another thread or process, besides what the node itself does. */
import { SuperstepError } from "./base.js";
import { recordOf } from "./record.js";

/** How a worker ended, and the last that it printed. */
interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly cause?: unknown;
}

/** The cause of a NodeError whose worker ended while it owed the node's result: it exited, crashed or was killed. */
export class WorkerExitedError extends SuperstepError {
  static readonly name = "WorkerExitedError";
  readonly code = "WORKER_EXITED";
  readonly node: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last that the worker printed, at most 8 KiB. */
  readonly output: string;
  constructor(node: string, { exitCode, signal, output, cause }: WorkerEnd) {
    super(`the worker of node "${node}" ${howItEnded(exitCode, signal)} while it owed a result${why(cause)}`, {
      ...(cause !== undefined && { cause }),
      help:
        output === ""
          ? "it printed nothing: look for a `process.exit`, or for who killed it; give the node `retry` if another worker may do better"
          : "see `output` for what it printed last; give the node `retry` if another worker may do better",
    });
    this.node = node;
    this.exitCode = exitCode;
    this.signal = signal;
    this.output = output;
  }
}

/** The cause of a NodeError whose worker had no memory left. Not retried: it would end the same. */
export class WorkerMemoryError extends SuperstepError {
  static readonly name = "WorkerMemoryError";
  readonly code = "WORKER_OUT_OF_MEMORY";
  readonly retryable = false;
  readonly node: string;
  /** The last that the worker printed, at most 8 KiB. */
  readonly output: string;
  constructor(node: string, { output, cause }: WorkerEnd) {
    super(`the worker of node "${node}" ran out of memory`, {
      ...(cause !== undefined && { cause }),
      help: "let the node hold less at once, or raise `memoryMb` of its executor",
    });
    this.node = node;
    this.output = output;
  }
}

/** The cause of a NodeError whose worker did not come up, or did not answer in time. */
export class WorkerStartError extends SuperstepError {
  static readonly name = "WorkerStartError";
  readonly code = "WORKER_START_FAILED";
  readonly node: string;
  /** The last that the worker printed, at most 8 KiB. */
  readonly output: string;
  constructor(node: string, problem: string, { output, cause }: WorkerEnd) {
    super(`the worker for node "${node}" ${problem}${why(cause)}`, {
      ...(cause !== undefined && { cause }),
      help: "see `cause` and `output`; check `execArgv`, `env` and `host` of the executor",
    });
    this.node = node;
    this.output = output;
  }
}

/** What a process may have too few of at the moment: descriptors. */
const SHORTAGES: ReadonlySet<string | undefined> = new Set(["EMFILE", "ENFILE"]);

/** The module of a node cannot be used: it does not load, or does not export the function. Not retried, unless `cause` is a shortage of descriptors. */
export class NodeModuleError extends SuperstepError {
  static readonly name = "NodeModuleError";
  readonly code = "NODE_MODULE_INVALID";
  readonly retryable: boolean;
  readonly url: string;
  constructor(url: string, problem: string, cause?: unknown, help = helpFor(cause)) {
    super(`module ${url} ${problem}${why(cause)}`, { ...(cause !== undefined && { cause }), help });
    this.retryable = SHORTAGES.has(recordOf(cause).code);
    this.url = url;
  }
}

/** An executor was closed, with the last runner that used it. */
export class ExecutorClosedError extends SuperstepError {
  static readonly name = "ExecutorClosedError";
  readonly code = "EXECUTOR_CLOSED";
  constructor(node: string) {
    super(`the executor of node "${node}" is closed`, {
      help: "make a new executor for each runner that is opened later",
    });
  }
}

function howItEnded(exitCode: number | null, signal: string | null): string {
  return signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`;
}

function helpFor(cause: unknown): string {
  if (cause === undefined) return "export the function from that module under the name that `nodeModule` was given";
  return recordOf(cause).code === "ERR_UNKNOWN_FILE_EXTENSION"
    ? "compile it, or run it in `processes` under a loader such as tsx: in `threads` TypeScript runs from Node 22.18 on"
    : "mend what `cause` says; a worker loads the module with all that it imports";
}

function why(cause: unknown): string {
  return cause === undefined ? "" : `: ${recordOf(cause).message}`;
}
