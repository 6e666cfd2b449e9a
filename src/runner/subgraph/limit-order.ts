/**
 * Limits that are asked for within a subgraph while the node that it is holds another one. Who holds one and waits for the next may
 * wait for somebody who holds that one and waits for the first: an order in which all of them can be had has to exist.
 */
import { InvalidOptionError } from "../../errors.js";
import type { GraphPlan } from "../../graph/plan.js";
import type { Channels } from "../../state/channel.js";

/** A node that asks for a limit while nodes around it hold another. */
interface Nested {
  readonly held: string;
  readonly asked: string;
  readonly node: string;
}

/** Throws InvalidOptionError for limits of which each may be held by somebody who waits for the next. */
export function checkLimitOrder<C extends Channels>(plan: GraphPlan<C>): void {
  const nested = nestedIn(plan, []);
  for (const { held, asked, node } of nested) {
    if (!leadsTo(nested, asked, held)) continue;
    const holder = held === asked ? "a subgraph whose node holds it" : `a subgraph whose node holds "${held}"`;
    const waiters = held === asked ? "" : `, while "${held}" is asked for where "${asked}" is held`;
    throw new InvalidOptionError(
      "limits",
      `has "${asked}", which node "${node}" asks for within ${holder}${waiters}`,
      "give the nodes and what is within them limits that nobody takes in the other order",
    );
  }
}

function nestedIn<C extends Channels>(plan: GraphPlan<C>, held: readonly string[]): readonly Nested[] {
  return [...plan.nodes.values()].flatMap(({ name, options: { limit }, sub }) => {
    const asks = limit === undefined ? [] : held.map((one) => ({ held: one, asked: limit, node: name }));
    if (sub === undefined) return asks;
    return [...asks, ...nestedIn(sub.plan, limit === undefined ? held : [...held, limit])];
  });
}

/** Whether somebody who holds `from` may wait for `to`, by whatever is between them. */
function leadsTo(nested: readonly Nested[], from: string, to: string): boolean {
  const reached = new Set([from]);
  for (const limit of reached) for (const { held, asked } of nested) if (held === limit) reached.add(asked);
  return reached.has(to);
}
