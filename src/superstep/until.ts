/** How far a run is to go: up to a node, through a node, up to a step, or until a condition holds. Pure. */
import type { TaskRef } from "../errors.js";

/** Of a pause within a subgraph: where that stands. Absent for the session's own. */
export interface PausePlace {
  /** The nodes that lead there. */
  readonly path?: readonly string[];
  /** Supersteps that the subgraph has committed. */
  readonly step?: number;
}
/** Of a stop within a subgraph: the nodes that lead there. */
export interface StopPlace {
  readonly within?: readonly string[] | undefined;
}
/** What a run stopped at, as plain data. */
export type Reached<N extends string = string> = Aim<N> & StopPlace;
type Aim<N extends string> =
  /** Before the superstep that runs this node. */
  | { readonly node: N }
  /** After the superstep that ran this node. */
  | { readonly after: N }
  /** At this step or a later one. */
  | { readonly step: number }
  /** The condition held. */
  | { readonly when: true };

/** The pause of a run that went as far as it was to go. */
export interface UntilReason extends PausePlace {
  readonly kind: "until";
  readonly target: Reached;
}
/** Where a run is to stop: one of the four. `View` is what the condition sees of the session. */
export type Until<View, N extends string = string> = Target<View, N> & { readonly within?: undefined };
/** The same within a subgraph: of each that stands at that path. */
export type UntilWithin<View> = Target<View, string> & { readonly within: readonly string[] };
type Target<View, N extends string> =
  | One<{ readonly node: N }>
  | One<{ readonly after: N }>
  | One<{ readonly step: number }>
  | One<{ readonly when: (session: View) => boolean }>;
type One<Given> = Given & { readonly [Other in Exclude<"node" | "after" | "step" | "when", keyof Given>]?: undefined };

/** The pause that stands before a superstep. A step that was reached earlier is reached. */
export function untilBefore<View>(
  until: Until<View> | UntilWithin<View>,
  { frontier, step }: { readonly frontier: readonly TaskRef[]; readonly step: number },
): UntilReason | undefined {
  const isReached =
    (until.node !== undefined && frontier.some(({ node }) => node === until.node)) ||
    (until.step !== undefined && step >= until.step);
  return isReached ? reasonOf(until) : undefined;
}

/** The pause that comes with a superstep. */
export function untilAfter<View>(
  until: Until<View> | UntilWithin<View>,
  { ran, step }: { readonly ran: readonly TaskRef[]; readonly step: number },
  holds: (condition: (session: View) => boolean) => boolean,
): UntilReason | undefined {
  const isReached =
    (until.after !== undefined && ran.some(({ node }) => node === until.after)) ||
    (until.step !== undefined && step >= until.step) ||
    (until.when !== undefined && holds(until.when));
  return isReached ? reasonOf(until) : undefined;
}

function reasonOf<View>({ node, after, step, within }: Until<View> | UntilWithin<View>): UntilReason {
  return { kind: "until", target: { ...reached(node, after, step), ...(within !== undefined && { within }) } };
}

function reached(node: string | undefined, after: string | undefined, step: number | undefined): Reached {
  if (node !== undefined) return { node };
  if (after !== undefined) return { after };
  return step === undefined ? { when: true } : { step };
}
