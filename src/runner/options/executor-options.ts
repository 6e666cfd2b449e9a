/** Where nodes run: what the runner has for it, and what a call allows. Checked before anything runs. */
import { InvalidOptionError, shown } from "../../errors.js";
import type { GraphPlan } from "../../graph/plan.js";
import type { Channels } from "../../state/channel.js";
import { checkList, isObject } from "./option-values.js";

/** Where a node runs that says nothing. */
const HERE = "inline";

/** Throws InvalidOptionError for what is no executor, and for a node that asks for one that the runner does not have. */
export function checkExecutors<C extends Channels>(executors: unknown, plan: GraphPlan<C>): void {
  if (executors !== undefined && !isObject(executors))
    throw new InvalidOptionError("executors", `is ${shown(executors)}`, "pass { [name]: executor }");
  for (const [name, executor] of Object.entries(executors ?? {})) checkOne(name, executor);
  for (const [node, executor] of placesIn(plan)) {
    if (executor === HERE || Object.hasOwn(executors ?? {}, executor)) continue;
    const help = `add it, from superstep/workers: executors: { ${JSON.stringify(executor)}: threads() }`;
    throw new InvalidOptionError("executors", `has no "${executor}", which node "${node}" asks for`, help);
  }
}

function checkOne(name: string, executor: unknown): void {
  if (name === HERE) throw new InvalidOptionError(`executors.${HERE}`, "is a name of ours", "choose another one");
  if (typeof (executor as { readonly execute?: unknown } | null)?.execute === "function") return;
  const help = "pass threads() or processes() of superstep/workers, or an object with execute(call)";
  throw new InvalidOptionError(`executors.${name}`, "has no method `execute`", help);
}

/** Throws InvalidOptionError for a node that asks for a place which the call does not allow. */
export function checkAllowed<C extends Channels>(allowed: readonly string[] | undefined, plan: GraphPlan<C>): void {
  if (allowed === undefined) return;
  checkList("allowExecutors", allowed, (name) => typeof name === "string", "names of executors");
  for (const [node, executor] of placesIn(plan)) {
    if (allowed.includes(executor)) continue;
    const help = "allow it, or run the node elsewhere";
    throw new InvalidOptionError("allowExecutors", `has no "${executor}", where node "${node}" runs`, help);
  }
}

/** Each node that is a function, and where it runs; those of graphs within, too. */
function* placesIn<C extends Channels>({ nodes }: GraphPlan<C>): Iterable<readonly [node: string, executor: string]> {
  for (const { name, options, sub } of nodes.values()) {
    if (sub === undefined) yield [name, options.executor ?? HERE];
    else yield* placesIn(sub.plan);
  }
}
