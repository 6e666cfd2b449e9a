/** The executors that the library brings: pools of threads and of processes. */
import { availableParallelism } from "node:os";
import { checkNames, InvalidOptionError, type OptionNames, shown } from "../errors.js";
import { quietClock } from "../runner/clock.js";
import {
  checkCount,
  checkList,
  checkMilliseconds,
  checkOneOf,
  checkPort,
  checkTimer,
  isObject,
} from "../runner/options/option-values.js";
import type { Clock } from "../superstep/task-context.js";
import { startChild } from "./child.js";
import { moduleFile } from "./module-file.js";
import type { StartWorker } from "./started-worker.js";
import { startThread } from "./thread.js";
import { WorkerPool } from "./worker-pool.js";

/** How a pool starts, keeps and ends its workers. Times are milliseconds on `clock`. */
export interface PoolOptions {
  /** Workers at once. Default: as many as the machine has processors. */
  readonly maxWorkers?: number | undefined;
  /** Calls of one worker, after which it is replaced. Default: any number. */
  readonly maxUses?: number | undefined;
  /** Age of a worker, at which it is replaced before its next use. Default: any. */
  readonly maxAgeMs?: number | undefined;
  /** How long a worker stays that nobody uses. Default 60,000. */
  readonly idleMs?: number | undefined;
  /** A new worker for each call: to find state that leaks from one call into the next. Default false. */
  readonly fresh?: boolean | undefined;
  /** MiB of heap that a worker may use, to which Buffers and typed arrays do not count; one that needs more ends with a WorkerMemoryError. Default: what Node gives it. */
  readonly memoryMb?: number | undefined;
  /** All environment variables of the workers; one that is undefined is left out. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Options of Node for the workers. Default: those of this process. */
  readonly execArgv?: readonly string[] | undefined;
  /** Whether what workers print is also printed here. It is read in any case, and its last 8 KiB stand at errors as `output`. Default true. */
  readonly print?: boolean | undefined;
  /** How long a worker may take to come up, and for each sign of life before a use. Default 10,000. */
  readonly startMs?: number | undefined;
  /** How long a node that was aborted may take to end before its worker is ended. Default 1,000. */
  readonly killAfterMs?: number | undefined;
  /** The module that workers run: for bundlers that moved it. It is exported as superstep/workers/host. */
  readonly host?: URL | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
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
/** A worker needs some to load its host. */
const LEAST_MB = 8;
const OPTIONS = {
  maxWorkers: true,
  maxUses: true,
  maxAgeMs: true,
  idleMs: true,
  fresh: true,
  memoryMb: true,
  env: true,
  execArgv: true,
  print: true,
  startMs: true,
  killAfterMs: true,
  host: true,
  clock: true,
} satisfies OptionNames<PoolOptions>;

function poolOf(start: StartWorker, options: PoolOptions): WorkerPool {
  check(options);
  const { maxUses = Number.POSITIVE_INFINITY, maxAgeMs = Number.POSITIVE_INFINITY, idleMs = 60_000 } = options;
  const { maxWorkers = availableParallelism(), clock = quietClock, startMs = 10_000, killAfterMs = 1_000 } = options;
  const { env, execArgv, memoryMb, print = true, fresh = false } = options;
  return new WorkerPool({
    start,
    spec: { host: hostOf(options), env: env && definedIn(env), execArgv, memoryMb, print },
    limits: { maxWorkers, maxUses: fresh ? 1 : maxUses, maxAgeMs, idleMs },
    patience: { clock, startMs, killAfterMs },
  });
}

/** Throws InvalidOptionError when there is no such file: it is not where it was in the package once a bundler has moved this module. */
function hostOf({ host = HOST }: PoolOptions): URL {
  const file = moduleFile(host);
  if (file !== undefined) return file;
  const help = 'make `import "superstep/workers/host"` an entry of the bundle, and pass its URL as `host`';
  throw new InvalidOptionError("host", `is ${host.href}, where there is no file`, help);
}

/** What a thread is given it makes text of, also of what is undefined. */
function definedIn(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const isDefined = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return Object.fromEntries(Object.entries(env).filter(isDefined));
}

function check(options: PoolOptions): void {
  checkNames(options, OPTIONS);
  checkCount("maxWorkers", options.maxWorkers);
  checkCount("maxUses", options.maxUses);
  checkMilliseconds("maxAgeMs", options.maxAgeMs);
  if (options.idleMs !== Number.POSITIVE_INFINITY) checkTimer("idleMs", options.idleMs);
  checkTimer("startMs", options.startMs);
  checkTimer("killAfterMs", options.killAfterMs);
  checkPort("clock", options.clock, ["now", "sleep"]);
  checkList("execArgv", options.execArgv, (one) => typeof one === "string", "options of Node");
  checkOneOf("fresh", options.fresh, [true, false]);
  checkOneOf("print", options.print, [true, false]);
  const { memoryMb, host, env } = options;
  if (memoryMb !== undefined && !(Number.isFinite(memoryMb) && memoryMb >= LEAST_MB))
    throw new InvalidOptionError("memoryMb", `is ${shown(memoryMb)}`, `give MiB, at least ${LEAST_MB}`);
  if (host !== undefined && !(host instanceof URL))
    throw new InvalidOptionError("host", "is no URL", "pass new URL(..., import.meta.url)");
  if (env !== undefined && !isObject(env))
    throw new InvalidOptionError("env", `is ${shown(env)}`, "pass { [name]: value }");
}
