/** Failures that a fan-out bears: with enough of its items done, what is written in place of the others. Pure. */
import type { GraphPlan, NodePlan } from "../graph/plan.js";
import type { Channels } from "../state/channel.js";
import type { Settled } from "./attempt.js";
import { readOutcome } from "./command.js";
import type { ScheduledStep } from "./schedule.js";

type Failed = Settled & { readonly kind: "failed" };

/** The same step, or one in which failures that are borne are results. */
export function bear<C extends Channels>(plan: GraphPlan<C>, step: ScheduledStep): ScheduledStep {
  const { settled } = step;
  if (!settled.some((one) => one.kind === "failed" && isTolerant(plan, one))) return step;
  const borne = new Set(
    [...groupsOf(settled)].filter(([node, items]) => isEnough(plan.nodes.get(node), items)).map(([node]) => node),
  );
  return {
    settled: settled.map((one) => (one.kind === "failed" && borne.has(one.task.node) ? resultOf(plan, one) : one)),
  };
}

/** Why the failures of a node's items are not borne; undefined for a node that bears none. */
export function shortfallOf<C extends Channels>(
  plan: GraphPlan<C>,
  settled: readonly Settled[],
  node: string,
): string | undefined {
  const tolerance = plan.nodes.get(node)?.tolerance;
  const items = settled.filter(({ task }) => task.node === node && task.input !== undefined);
  if (tolerance === undefined || items.length === 0) return undefined;
  const failed = items.filter(({ kind }) => kind === "failed").length;
  return `${failed} of ${items.length} items failed, and the quorum is ${tolerance.quorum}`;
}

function isTolerant<C extends Channels>(plan: GraphPlan<C>, { task }: Settled): boolean {
  return plan.nodes.get(task.node)?.tolerance !== undefined;
}

function groupsOf(settled: readonly Settled[]): ReadonlyMap<string, readonly Settled[]> {
  const groups = new Map<string, Settled[]>();
  for (const one of settled) {
    if (one.task.input === undefined) continue;
    const group = groups.get(one.task.node);
    if (group === undefined) groups.set(one.task.node, [one]);
    else group.push(one);
  }
  return groups;
}

function isEnough<C extends Channels>(node: NodePlan<C> | undefined, items: readonly Settled[]): boolean {
  if (node?.tolerance === undefined) return false;
  const { quorum } = node.tolerance;
  const done = items.filter(({ kind }) => kind === "finished").length;
  return done >= (quorum < 1 ? quorum * items.length : quorum);
}

/** What cannot be written stays a failure. */
function resultOf<C extends Channels>(plan: GraphPlan<C>, failed: Failed): Settled {
  const { task, error, attempt, ms } = failed;
  try {
    const written = plan.nodes.get(task.node)?.tolerance?.failed(error, task.input);
    return { kind: "finished", task, outcome: readOutcome(task.node, written), attempt, ms, kept: false };
  } catch {
    return failed;
  }
}
