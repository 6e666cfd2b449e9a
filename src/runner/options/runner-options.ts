/** What a runner is given, checked when it is: a typed error names what means nothing. */
import { InvalidOptionError, shown } from "../../errors.js";
import type { GraphPlan } from "../../graph/plan.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import type { Channels } from "../../state/channel.js";
import { checkSignals } from "../calls/process-signals.js";
import { checkPredicates } from "../stops/stop-options.js";
import { checkLimitOrder } from "../subgraph/limit-order.js";
import { checkExecutors } from "./executor-options.js";

import { checkCount, checkFunction, checkList, checkOneOf, checkPort, checkTimer, isObject } from "./option-values.js";
import type { AppRunnerOptions } from "./options.js";

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
  checkExecutors(options.executors, plan);
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
