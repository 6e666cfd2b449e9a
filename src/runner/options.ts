/** Options, checked when they are given: a typed error names the one that means nothing. */
import { InvalidOptionError, UnknownNodeError } from "../errors.js";
import type { GraphPlan } from "../graph/plan.js";
import type { Checkpointer } from "../session/checkpointer.js";
import type { Channels } from "../state/channel.js";
import type { InterruptOptions } from "../superstep/interrupts.js";
import type { FailurePolicy } from "../superstep/schedule.js";
import type { Clock } from "../superstep/task-context.js";
import type { RunHooks } from "./hooks.js";

/** Where a superstep stops, and what may abort it. */
export interface StepOptions<N extends string = string> extends InterruptOptions<N> {
  readonly signal?: AbortSignal;
}
/** How far a run goes. */
export interface RunOptions<N extends string = string> extends StepOptions<N> {
  /** Supersteps this call may commit before a StepLimitError. Default 100. The session can go on afterwards. */
  readonly maxSteps?: number;
  /** After a failure: run all tasks of the superstep again, also those whose results are kept. */
  readonly discardPending?: boolean;
}
/** What a runner works with. */
export interface AppRunnerOptions {
  /** Default: an in-memory one. */
  readonly checkpointer?: Checkpointer;
  readonly hooks?: readonly RunHooks[];
  /** Tasks in flight at once within one superstep. Default 64. */
  readonly maxConcurrency?: number;
  /** Permits by name, shared by all sessions of the runner; a node names one in its `limit`. */
  readonly limits?: Readonly<Record<string, number>>;
  /** What happens to siblings of a task that failed. Default "drain". */
  readonly onFailure?: FailurePolicy;
  /** step: every superstep is committed before the next begins (default). exit: only pauses, ends and failures are. */
  readonly durability?: "step" | "exit";
  readonly clock?: Clock;
  /** In [0,1). Default Math.random. */
  readonly random?: () => number;
}

export const DEFAULT_MAX_STEPS = 100;

/** Throws InvalidOptionError. */
export function checkRunnerOptions<C extends Channels>(options: AppRunnerOptions, plan: GraphPlan<C>): void {
  checkPort("checkpointer", options.checkpointer, ["load", "commit", "annotate", "list", "delete", "close"]);
  checkPort("clock", options.clock, ["now", "sleep"]);
  if (options.hooks !== undefined && !Array.isArray(options.hooks)) {
    throw new InvalidOptionError("hooks", "is no list", "pass a list of hooks");
  }
  if (options.random !== undefined && typeof options.random !== "function") {
    throw new InvalidOptionError("random", "is no function", "pass () => a number in [0,1)");
  }
  checkCount("maxConcurrency", options.maxConcurrency);
  for (const [name, permits] of Object.entries(options.limits ?? {})) checkCount(`limits.${name}`, permits);
  checkOneOf("onFailure", options.onFailure, ["drain", "abort"]);
  checkOneOf("durability", options.durability, ["step", "exit"]);
  for (const node of plan.nodes.values()) checkNode(node.name, node.options, options.limits ?? {});
}

function checkNode(
  name: string,
  options: { limit?: string; timeoutMs?: number; retry?: { maxAttempts: number } },
  limits: object,
): void {
  const { limit, timeoutMs, retry } = options;
  if (limit !== undefined && !Object.hasOwn(limits, limit)) {
    throw new InvalidOptionError(
      "limits",
      `has no "${limit}", which node "${name}" asks for`,
      `add it: limits: { "${limit}": 8 }`,
    );
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new InvalidOptionError(
      "timeoutMs",
      `of node "${name}" is ${timeoutMs}`,
      "give a positive number of milliseconds",
    );
  }
  if (retry !== undefined) checkCount("maxAttempts", retry.maxAttempts ?? Number.NaN);
}

/** Throws InvalidOptionError or UnknownNodeError (P5). */
export function checkRunOptions<C extends Channels>(options: RunOptions, plan: GraphPlan<C>): void {
  checkCount("maxSteps", options.maxSteps);
  checkPort("signal", options.signal, ["addEventListener", "removeEventListener"]);
  checkNodes("interruptBefore", options.interruptBefore, plan);
  checkNodes("interruptAfter", options.interruptAfter, plan);
}

/** Throws InvalidOptionError. */
export function checkIfExists(ifExists: unknown): void {
  checkOneOf("ifExists", ifExists, ["error", "resume", "replace"]);
}

/** Throws InvalidOptionError. */
export function checkSessionFilter({ status, limit }: { readonly status?: unknown; readonly limit?: number }): void {
  checkOneOf("status", status, ["ready", "paused", "failed", "completed"]);
  if (limit !== 0) checkCount("limit", limit);
}

/** Throws InvalidOptionError for a session id that no store could keep. */
export function checkSessionId(sessionId: unknown): void {
  if (typeof sessionId === "string" && sessionId !== "" && sessionId.length <= 512 && sessionId.isWellFormed()) return;
  throw new InvalidOptionError("sessionId", "is no usable name", "pass a well-formed string of 1 to 512 characters");
}

function checkNodes<C extends Channels>(option: string, nodes: unknown, plan: GraphPlan<C>): void {
  if (nodes === undefined || nodes === "*") return;
  if (!Array.isArray(nodes)) {
    throw new InvalidOptionError(option, "is no list of nodes", 'pass a list of node names, or "*"');
  }
  for (const node of nodes.map(String)) {
    if (!plan.nodes.has(node)) throw new UnknownNodeError(node, option, [...plan.nodes.keys()]);
  }
}

function checkCount(option: string, value: number | undefined): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return;
  throw new InvalidOptionError(option, `is ${String(value)}`, "give a whole number of at least 1");
}

function checkPort(option: string, value: object | undefined, methods: readonly string[]): void {
  const missing = methods.find((method) => typeof (value as Record<string, unknown>)?.[method] !== "function");
  if (value === undefined || missing === undefined) return;
  throw new InvalidOptionError(option, `has no method \`${missing}\``, `pass an object with ${methods.join(", ")}`);
}

function checkOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw new InvalidOptionError(option, `is ${JSON.stringify(value)}`, `use one of: ${allowed.join(", ")}`);
}
