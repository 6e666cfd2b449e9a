/** Options, checked when they are given: a typed error names the one that means nothing. */
import { InvalidOptionError, shown } from "../errors.js";
import type { GraphPlan } from "../graph/plan.js";
import { contextOf } from "../graph/run-context.js";
import type { Checkpointer } from "../session/checkpointer.js";
import { isChildId } from "../session/child-id.js";
import type { Migrate } from "../session/migration.js";
import type { Channels } from "../state/channel.js";
import type { InterruptOptions } from "../superstep/interrupts.js";
import type { NodeMiddleware } from "../superstep/middleware.js";
import type { FailurePolicy } from "../superstep/schedule.js";
import type { Clock } from "../superstep/task-context.js";
import type { RunHooks } from "./hooks.js";
import type { LeaseOptions } from "./leases.js";
import { checkSignals, type DrainSignal } from "./process-signals.js";
import { type ConfigOptions, checkConfig } from "./run-config.js";
import { checkInterrupts } from "./stops/interrupt-options.js";
import { checkPredicates, type SessionPredicate } from "./stops/stop-options.js";
import { checkLimitOrder } from "./subgraph/limit-order.js";

/** Where a superstep stops, and what may abort it. */
export interface StepOptions<N extends string = string> extends InterruptOptions<N>, ConfigOptions {
  /** Aborts the call: tasks hear of it through `ctx.signal`, what finished is kept, and it is a RunAbortedError. */
  readonly signal?: AbortSignal | undefined;
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
  /** How long a session stays closed to others when this process dies while it drives it. */
  readonly lease?: LeaseOptions | undefined;
}

export const DEFAULT_MAX_STEPS = 100;

/** Options that are on or off: the text "false" is neither. */
const FLAGS = ["interruptEachStep", "discardPending", "allowConfigChange", "restart"] as const;
type Flags = { readonly [Flag in (typeof FLAGS)[number]]?: unknown };

const STORE_METHODS = [
  ...["load", "commit", "annotate", "list", "delete", "history", "at", "prune"],
  ...["acquire", "renew", "release", "close"],
];

/** Throws InvalidOptionError. */
export function checkRunnerOptions<C extends Channels>(options: AppRunnerOptions, plan: GraphPlan<C>): void {
  checkPort("checkpointer", options.checkpointer, STORE_METHODS);
  checkPort("clock", options.clock, ["now", "sleep"]);
  checkPort("lease.clock", options.lease?.clock, ["now", "sleep"]);
  checkTimer("lease.ttlMs", options.lease?.ttlMs);
  checkPredicates(options.predicates);
  checkSignals(options.drainOn);
  checkFunction("migrate", options.migrate, "(checkpoint) => ({ state, frontier })");
  checkList("hooks", options.hooks, isObject, "hooks");
  checkList("freeConfig", options.freeConfig, (field) => typeof field === "string", "names of fields");
  checkMiddleware(options.middleware);
  checkFunction("random", options.random, "() => a number in [0,1)");
  checkCount("maxConcurrency", options.maxConcurrency);
  if (options.limits !== undefined && !isObject(options.limits))
    throw new InvalidOptionError("limits", `is ${shown(options.limits)}`, "pass { [name]: permits }");
  for (const [name, permits] of Object.entries(options.limits ?? {})) checkCount(`limits.${name}`, permits);
  checkOneOf("onFailure", options.onFailure, ["drain", "abort"]);
  checkOneOf("durability", options.durability, ["step", "exit"]);
  checkNodeOptions(plan, options);
  checkLimitOrder(plan);
}

/** Of the graphs within, too. */
function checkNodeOptions<C extends Channels>(plan: GraphPlan<C>, runner: AppRunnerOptions): void {
  for (const { name, options, sub } of plan.nodes.values()) {
    const { limit, cache } = options;
    checkLimit(name, limit, runner.limits ?? {});
    if (cache !== undefined) checkCacheStore(name, runner.checkpointer);
    if (sub !== undefined) checkNodeOptions(sub.plan, runner);
  }
}

function checkMiddleware(middleware: unknown): void {
  if (middleware === undefined) return;
  const isList = Array.isArray(middleware) && middleware.every((one) => typeof one === "function");
  if (!isList) throw new InvalidOptionError("middleware", "is no list of functions", "pass [(ctx, next) => next()]");
}

function checkCacheStore(name: string, checkpointer: Checkpointer | undefined): void {
  if (checkpointer === undefined || (checkpointer.cached !== undefined && checkpointer.cache !== undefined)) return;
  throw new InvalidOptionError(
    "checkpointer",
    `has no methods \`cached\` and \`cache\`, which the cache of node "${name}" needs`,
    "use a store that has them, or leave the node's `cache` out",
  );
}

function checkLimit(name: string, limit: string | undefined, limits: object): void {
  if (limit === undefined || Object.hasOwn(limits, limit)) return;
  throw new InvalidOptionError(
    "limits",
    `has no "${limit}", which node "${name}" asks for`,
    `add it: limits: { "${limit}": 8 }`,
  );
}

/** Throws InvalidOptionError or UnknownNodeError (P5). */
export function checkRunOptions<C extends Channels>(options: RunOptions, plan: GraphPlan<C>): void {
  checkCount("maxSteps", options.maxSteps);
  checkPort("signal", options.signal, ["addEventListener", "removeEventListener"]);
  for (const flag of FLAGS) checkOneOf(flag, (options as Flags)[flag], [true, false]);
  contextOf(options.context);
  checkConfig(options.config);
  checkInterrupts(options, plan);
}

/** Throws InvalidOptionError. */
export function checkHooks(hooks: unknown): void {
  checkList("hooks", [hooks], isObject, "hooks");
}

/** Throws InvalidOptionError. */
export function checkDrain({
  reason,
  timeoutMs,
}: {
  readonly reason?: unknown;
  readonly timeoutMs?: number | undefined;
}): void {
  checkReason(reason);
  checkTimer("timeoutMs", timeoutMs);
}

/** Throws InvalidOptionError. */
export function checkReason(reason: unknown): void {
  if (reason === undefined || (typeof reason === "string" && reason.isWellFormed())) return;
  throw new InvalidOptionError("reason", "is no well-formed text", "say in words why the run stops");
}

/** Throws InvalidOptionError. */
export function checkBuffer(buffer: number | undefined): void {
  checkCount("buffer", buffer);
}

/** Throws InvalidOptionError. */
export function checkIfExists(ifExists: unknown): void {
  checkOneOf("ifExists", ifExists, ["error", "resume", "replace"]);
}

/** Throws InvalidOptionError. */
export function checkSessionFilter({
  status,
  limit,
  after,
}: {
  readonly status?: unknown;
  readonly limit?: number | undefined;
  readonly after?: unknown;
}): void {
  if (after !== undefined && typeof after !== "string")
    throw new InvalidOptionError("after", `is ${shown(after)}`, "give a session's id");
  checkOneOf("status", status, ["ready", "paused", "failed", "completed"]);
  if (limit !== 0) checkCount("limit", limit);
}

/** Throws InvalidOptionError. */
export function checkHistoryOptions({
  limit,
  before,
}: {
  readonly limit?: number | undefined;
  readonly before?: unknown;
}): void {
  if (limit !== 0) checkCount("limit", limit);
  if (before === undefined || typeof before === "string" || isStep(before)) return;
  throw new InvalidOptionError("before", `is ${shown(before)}`, "give a step, or a checkpoint's id");
}

/** Throws InvalidOptionError. */
export function checkPlace(option: string, place: unknown): void {
  if (typeof place === "string" || isStep(place)) return;
  throw new InvalidOptionError(option, `is ${shown(place)}`, "give a step, or a checkpoint's id");
}

/** Throws InvalidOptionError. */
export function checkFork(options: {
  readonly as: unknown;
  readonly step?: unknown;
  readonly checkpointId?: unknown;
}): void {
  const { as, step, checkpointId } = options;
  checkSessionId(as, "as");
  if (step !== undefined && checkpointId !== undefined)
    throw new InvalidOptionError("checkpointId", "and step are both given", "give one of them");
  if (step !== undefined && !isStep(step)) throw new InvalidOptionError("step", `is ${shown(step)}`, "give a step");
  if (checkpointId === undefined || typeof checkpointId === "string") return;
  throw new InvalidOptionError("checkpointId", `is ${shown(checkpointId)}`, "give a checkpoint's id");
}

/** Throws InvalidOptionError. */
export function checkPrunePolicy(policy: {
  readonly sessionId?: unknown;
  readonly keepLast?: number | undefined;
  readonly olderThanMs?: number | undefined;
}): void {
  if (typeof policy !== "object" || policy === null)
    throw new InvalidOptionError("policy", `is ${shown(policy)}`, "pass { keepLast: 10 }");
  const { sessionId, keepLast, olderThanMs } = policy;
  if (sessionId !== undefined) checkSessionId(sessionId);
  checkCount("keepLast", keepLast);
  checkMilliseconds("olderThanMs", olderThanMs);
  if (keepLast !== undefined || olderThanMs !== undefined) return;
  throw new InvalidOptionError("policy", "says nothing about what may go", "give keepLast, olderThanMs, or both");
}

/** Throws InvalidOptionError for a session id that no store could keep. */
export function checkSessionId(sessionId: unknown, option = "sessionId"): void {
  checkReadableId(sessionId, option);
  if (!isChildId(String(sessionId))) return;
  throw new InvalidOptionError(option, "holds U+001F", "leave it out: the names of subgraphs' sessions have it");
}

/** Of a session that is only looked at: subgraphs' too. Throws InvalidOptionError. */
export function checkReadableId(sessionId: unknown, option = "sessionId"): void {
  if (typeof sessionId === "string" && sessionId !== "" && sessionId.length <= 512 && sessionId.isWellFormed()) return;
  throw new InvalidOptionError(option, "is no usable name", "pass a well-formed string of 1 to 512 characters");
}

function checkCount(option: string, value: number | undefined): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return;
  throw new InvalidOptionError(option, `is ${shown(value)}`, "give a whole number of at least 1");
}

function isStep(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** What a timer can wait for. */
function checkTimer(option: string, value: number | undefined): void {
  checkMilliseconds(option, value);
  if (value === undefined || value < 2 ** 31) return;
  throw new InvalidOptionError(option, `is ${value}`, "give at most 2147483647 milliseconds, which is 24 days");
}

function checkList(option: string, list: unknown, isOne: (one: unknown) => boolean, what: string): void {
  if (list === undefined || (Array.isArray(list) && list.every(isOne))) return;
  throw new InvalidOptionError(option, `is no list of ${what}`, `pass a list of ${what}`);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function checkMilliseconds(option: string, value: number | undefined): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw new InvalidOptionError(option, `is ${shown(value)}`, "give a number of milliseconds, 0 or more");
}

function checkFunction(option: string, value: unknown, example: string): void {
  if (value === undefined || typeof value === "function") return;
  throw new InvalidOptionError(option, "is no function", `pass ${example}`);
}

function checkPort(option: string, value: object | undefined, methods: readonly string[]): void {
  const missing = methods.find((method) => typeof (value as Record<string, unknown>)?.[method] !== "function");
  if (value === undefined || missing === undefined) return;
  throw new InvalidOptionError(option, `has no method \`${missing}\``, `pass an object with ${methods.join(", ")}`);
}

function checkOneOf(option: string, value: unknown, allowed: readonly (string | boolean)[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw new InvalidOptionError(option, `is ${shown(value)}`, `use one of: ${allowed.join(", ")}`);
}
