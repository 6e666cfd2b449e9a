/** The executors that the library brings: pools of threads and of processes. */
import { availableParallelism } from "node:os";
import { InvalidOptionError } from "../errors.js";
import { quietClock } from "../runner/clock.js";
import type { Clock } from "../superstep/task-context.js";
import { startChild } from "./child.js";
import { moduleFile } from "./module-file.js";
import type { StartWorker } from "./started-worker.js";
import { startThread } from "./thread.js";
import { WorkerPool } from "./worker-pool.js";

/** How a pool starts, keeps and ends its workers. Times are milliseconds on `clock`. */
export interface PoolOptions {
  /** Workers at once. Default: as many as the machine has processors. */
  readonly maxWorkers?: number;
  /** Calls of one worker, after which it is replaced. Default: any number. */
  readonly maxUses?: number;
  /** Age of a worker, at which it is replaced before its next use. Default: any. */
  readonly maxAgeMs?: number;
  /** How long a worker stays that nobody uses. Default 60,000. */
  readonly idleMs?: number;
  /** A new worker for each call: to find state that leaks from one call into the next. Default false. */
  readonly fresh?: boolean;
  /** MiB of heap that a worker may use; one that needs more ends with a WorkerMemoryError. Default: what Node gives it. */
  readonly memoryMb?: number;
  /** All environment variables of the workers. Default: those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node for the workers. Default: those of this process. */
  readonly execArgv?: readonly string[];
  /** Whether what workers print is also printed here. It is read in any case, and its last 8 KiB stand at errors as `output`. Default true. */
  readonly print?: boolean;
  /** How long a worker may take to come up, and for each sign of life before a use. Default 10,000. */
  readonly startMs?: number;
  /** How long a node that was aborted may take to end before its worker is ended. Default 1,000. */
  readonly killAfterMs?: number;
  /** The module that workers run: for bundlers that moved it. It is exported as superstep/workers/host. */
  readonly host?: URL;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Runs nodes in threads of this process: for what keeps a processor busy. A thread that crashes or has no memory left is replaced. Throws InvalidOptionError. */
export function threads(options: PoolOptions = {}): WorkerPool {
  return poolOf(startThread, options);
}

/** Runs nodes in processes of their own: for what may crash a process, leak, or is not trusted with this one's memory. Throws InvalidOptionError. */
export function processes(options: PoolOptions = {}): WorkerPool {
  return poolOf(startChild, options);
}

/** Beside this module, when nobody moved it. */
const HOST = new URL("./worker-host.js", import.meta.url);
const LONGEST_MS = 2 ** 31 - 1;

function poolOf(start: StartWorker, options: PoolOptions): WorkerPool {
  check(options);
  const { maxUses = Number.POSITIVE_INFINITY, maxAgeMs = Number.POSITIVE_INFINITY, idleMs = 60_000 } = options;
  const { maxWorkers = availableParallelism(), clock = quietClock, startMs = 10_000, killAfterMs = 1_000 } = options;
  const { host = moduleFile(HOST) ?? HOST, env, execArgv, memoryMb, print = true, fresh = false } = options;
  return new WorkerPool({
    start,
    spec: { host, env, execArgv, memoryMb, print },
    limits: { maxWorkers, maxUses: fresh ? 1 : maxUses, maxAgeMs, idleMs },
    patience: { clock, startMs, killAfterMs },
  });
}

function check(options: PoolOptions): void {
  if (typeof options !== "object" || options === null)
    throw new InvalidOptionError("options", "is no record", "pass { maxWorkers: 4 }");
  for (const name of ["maxWorkers", "maxUses"] as const) checkCount(name, options[name]);
  for (const name of ["maxAgeMs", "idleMs", "startMs", "killAfterMs"] as const) checkTime(name, options[name]);
  const { memoryMb, host, clock } = options;
  if (memoryMb !== undefined && !(Number.isFinite(memoryMb) && memoryMb >= 8))
    throw new InvalidOptionError("memoryMb", `is ${String(memoryMb)}`, "give MiB, at least 8");
  if (host !== undefined && !(host instanceof URL))
    throw new InvalidOptionError("host", "is no URL", "pass new URL(..., import.meta.url)");
  if (clock !== undefined && typeof clock.sleep !== "function")
    throw new InvalidOptionError("clock", "has no method `sleep`", "pass an object with now and sleep");
}

function checkCount(name: keyof PoolOptions, value: number | undefined): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1)) return;
  throw new InvalidOptionError(name, `is ${String(value)}`, "give a whole number of at least 1");
}

function checkTime(name: keyof PoolOptions, value: number | undefined): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return;
  if (typeof value === "number" && value >= 0 && value <= LONGEST_MS) return;
  throw new InvalidOptionError(name, `is ${String(value)}`, `give at most ${LONGEST_MS} milliseconds, or Infinity`);
}
