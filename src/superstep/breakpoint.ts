/** Breakpoints: conditions on what a superstep did, kept with a session as plain data. Whether one is hit follows from the superstep alone. Pure. */

import type { END } from "../graph/target.js";
import type { Channels } from "../state/channel.js";
import type { RouteTarget, TaskOutcome, TaskResult } from "./outcome.js";
import type { RouteAnswers } from "./routes.js";

/** How a `value` breakpoint compares; `above` and `below` and their kin are for two numbers or two texts. */
export type Comparison = "equals" | "differs" | "above" | "atLeast" | "below" | "atMost";

/** A condition under which a session pauses after a superstep; `within`: after one of a subgraph, by the nodes that lead there. */
export type Breakpoint<C extends Channels = Channels, N extends string = string> =
  | (Condition<C, N> & { readonly within?: undefined })
  | (Condition<Channels, string> & { readonly within: readonly string[] });
type Condition<C extends Channels, N extends string> =
  /** Something was written to the channel, whether or not its value changed. */
  | { readonly kind: "written"; readonly channel: keyof C & string }
  /** A Command or a conditional edge led there. */
  | { readonly kind: "routed"; readonly to: N | typeof END }
  /** The channel's value, or what lies at `path` in it, has come to compare so with `value`, and did not before the superstep. */
  | {
      readonly kind: "value";
      readonly channel: keyof C & string;
      /** Keys and indices, from the value inwards. */
      readonly path?: readonly (string | number)[];
      readonly op: Comparison;
      readonly value: string | number | boolean | null;
    }
  /** The predicate that the runner has under that name holds. */
  | { readonly kind: "predicate"; readonly name: string };

/** What a superstep did, as far as breakpoints ask. */
export interface Deed {
  readonly results: readonly TaskResult[];
  readonly answers: RouteAnswers;
  readonly before: object;
  readonly after: object;
}

export const COMPARISONS: Readonly<Record<Comparison, (value: unknown, other: unknown) => boolean>> = {
  equals: (value, other) => Object.is(value, other),
  differs: (value, other) => !Object.is(value, other),
  above: (value, other) => order(value, other) > 0,
  atLeast: (value, other) => order(value, other) >= 0,
  below: (value, other) => order(value, other) < 0,
  atMost: (value, other) => order(value, other) <= 0,
};

/** `holds` answers for the predicates. */
export function isHit(breakpoint: Breakpoint, deed: Deed, holds: (name: string) => boolean): boolean {
  switch (breakpoint.kind) {
    case "written":
      return deed.results.some(({ outcome }) => writes(outcome, breakpoint.channel));
    case "routed":
      return ledTo(breakpoint.to, deed);
    case "value": {
      const { channel, path = [], op, value } = breakpoint;
      const compares = (state: object) => COMPARISONS[op](valueAt(state, [channel, ...path]), value);
      return compares(deed.after) && !compares(deed.before);
    }
    case "predicate":
      return holds(breakpoint.name);
  }
}

function writes({ updates }: TaskOutcome, channel: string): boolean {
  return updates.some((update) => Object.hasOwn(update, channel) && update[channel] !== undefined);
}

/** A `replace` beats what the same task appends (F1). */
function ledTo(node: string, { results, answers }: Deed): boolean {
  const isThere = (target: RouteTarget) => (typeof target === "string" ? target : target.node) === node;
  const byCommand = results.some(({ outcome: { routes } }) => {
    const replacing = routes.filter(({ mode }) => mode === "replace");
    return (replacing.length > 0 ? replacing : routes).some(({ targets }) => targets.some(isThere));
  });
  return byCommand || [...answers.values()].flat(2).some(isThere);
}

function valueAt(state: object, path: readonly (string | number)[]): unknown {
  let value: unknown = state;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** Below, at or above 0, as the value is to the other one; NaN for what has no order with it. */
function order(value: unknown, other: unknown): number {
  if (typeof value === "number" && typeof other === "number") return value === other ? 0 : value - other;
  if (typeof value !== "string" || typeof other !== "string") return Number.NaN;
  if (value === other) return 0;
  return value < other ? -1 : 1;
}
