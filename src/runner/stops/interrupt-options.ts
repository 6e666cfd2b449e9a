/** Where a call is to stop, checked when it is given: node names of the graph, and of the graphs within it. */
import { InvalidOptionError, UnknownNodeError } from "../../errors.js";
import type { GraphPlan } from "../../graph/plan.js";
import type { Channels } from "../../state/channel.js";
import type { InterruptOptions } from "../../superstep/interrupts.js";

const NAMES = ["interruptBefore", "interruptAfter", "interruptEachStep", "within"];

/** `prefix`: where the options stand. Throws InvalidOptionError and UnknownNodeError (P5). */
export function checkInterrupts<C extends Channels>(
  { interruptBefore, interruptAfter, within }: InterruptOptions,
  plan: GraphPlan<C>,
  prefix = "",
): void {
  checkNodes(`${prefix}interruptBefore`, interruptBefore, plan);
  checkNodes(`${prefix}interruptAfter`, interruptAfter, plan);
  if (within !== undefined) checkWithin(`${prefix}within`, within, plan);
}

/** The graph that is the node of that name. Throws InvalidOptionError and UnknownNodeError. */
function graphAt<C extends Channels>(option: string, name: unknown, plan: GraphPlan<C>): GraphPlan<Channels> {
  const node = typeof name === "string" ? plan.nodes.get(name) : undefined;
  if (node === undefined) throw new UnknownNodeError(String(name), option, [...plan.nodes.keys()]);
  if (node.sub !== undefined) return node.sub.plan;
  const graphs = [...plan.nodes.values()].filter(({ sub }) => sub !== undefined).map((one) => one.name);
  const help = `name a node that is a graph: ${graphs.join(", ") || "there are none"}`;
  throw new InvalidOptionError(option, `names node "${node.name}", which is no graph`, help);
}

/** The graph at the end of a path of nodes; the same one when there is no path. Throws InvalidOptionError and UnknownNodeError. */
export function graphWithin<C extends Channels>(
  option: string,
  within: unknown,
  plan: GraphPlan<C>,
): GraphPlan<C> | GraphPlan<Channels> {
  if (within === undefined) return plan;
  if (!Array.isArray(within))
    throw new InvalidOptionError(option, "is no list of nodes", 'pass the nodes that lead there, such as ["review"]');
  return within.reduce<GraphPlan<C> | GraphPlan<Channels>>(
    (around, name: unknown) => graphAt(option, name, around as GraphPlan<Channels>),
    plan,
  );
}

function checkWithin<C extends Channels>(option: string, within: unknown, plan: GraphPlan<C>): void {
  for (const [name, options] of entriesOf(option, within)) {
    const inner = graphAt(option, name, plan);
    if (options === undefined) continue;
    const place = `${option}.${name}`;
    const stray = entriesOf(place, options).find(([key]) => !NAMES.includes(key));
    if (stray !== undefined) throw new InvalidOptionError(`${place}.${stray[0]}`, "is none", `use ${NAMES.join(", ")}`);
    const stops = options as InterruptOptions;
    if (stops.interruptEachStep !== undefined && typeof stops.interruptEachStep !== "boolean")
      throw new InvalidOptionError(`${place}.interruptEachStep`, "is neither true nor false", "pass true or false");
    checkInterrupts(stops, inner, `${place}.`);
  }
}

function entriesOf(option: string, record: unknown): readonly (readonly [string, unknown])[] {
  if (typeof record === "object" && record !== null && !Array.isArray(record)) return Object.entries(record);
  throw new InvalidOptionError(option, "is no record", 'pass { node: { interruptBefore: ["a node within"] } }');
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
