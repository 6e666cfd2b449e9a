/** A graph as it was declared, before anything was checked: what the builder hands to `compile`. */
import type { Channels, StateOf } from "../state/channel.js";
import type { NodeFn, NodeOptions } from "./node.js";
import type { Target } from "./target.js";

/** Decides at run time where to go, on the state after the barrier. */
export type RouteFn<C extends Channels, N extends string = string> = (
  state: StateOf<C>,
) => Target<N> | readonly Target<N>[] | Promise<Target<N> | readonly Target<N>[]>;

/** What a graph knows of another one that is a node of it. */
export interface CompiledGraph {
  readonly name: string;
  readonly fingerprint: string;
  /** Its GraphPlan. */
  readonly plan: unknown;
  toJSON(): unknown;
}
export interface NodeDeclaration<C extends Channels> {
  readonly name: string;
  /** A function, or a whole graph; checked by `compile`. */
  readonly node: NodeFn<C> | CompiledGraph;
  readonly options: NodeOptions<C>;
}

/** True for what `compile()` gives, also of another copy of the package. */
export function isCompiled(node: unknown): node is CompiledGraph {
  if (typeof node !== "object" || node === null || !("plan" in node) || !("fingerprint" in node)) return false;
  const { plan } = node;
  return typeof plan === "object" && plan !== null && "nodes" in plan && plan.nodes instanceof Map;
}
export type EdgeDeclaration<C extends Channels> =
  | { readonly kind: "edge"; readonly from: string; readonly to: string }
  | { readonly kind: "join"; readonly from: readonly string[]; readonly to: string }
  | {
      readonly kind: "conditional";
      readonly from: string;
      readonly route: RouteFn<C>;
      readonly targets: readonly string[] | undefined;
    };

/** Edges by the nodes that they leave, in order of declaration; a join leaves each of its sources. */
export function edgesByOrigin<C extends Channels>(
  edges: readonly EdgeDeclaration<C>[],
): ReadonlyMap<string, readonly EdgeDeclaration<C>[]> {
  const byOrigin = new Map<string, EdgeDeclaration<C>[]>();
  for (const edge of edges) {
    for (const origin of new Set(edge.kind === "join" ? edge.from : [edge.from])) {
      const list = byOrigin.get(origin);
      if (list === undefined) byOrigin.set(origin, [edge]);
      else list.push(edge);
    }
  }
  return byOrigin;
}

export interface Declaration<C extends Channels> {
  readonly name: string;
  readonly channels: C;
  readonly nodes: readonly NodeDeclaration<C>[];
  readonly edges: readonly EdgeDeclaration<C>[];
}
