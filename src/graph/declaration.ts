/** A graph as it was declared, before anything was checked: what the builder hands to `compile`. */
import type { Channels, StateOf } from "../state/channel.js";
import type { NodeFn, NodeOptions } from "./node.js";
import type { Target } from "./target.js";

/** Decides at run time where to go, on the state after the barrier. */
export type RouteFn<C extends Channels, N extends string = string> = (
  state: StateOf<C>,
) => Target<N> | readonly Target<N>[] | Promise<Target<N> | readonly Target<N>[]>;

export interface NodeDeclaration<C extends Channels> {
  readonly name: string;
  readonly run: NodeFn<C>;
  readonly options: NodeOptions<C>;
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

export interface Declaration<C extends Channels> {
  readonly name: string;
  readonly channels: C;
  readonly nodes: readonly NodeDeclaration<C>[];
  readonly edges: readonly EdgeDeclaration<C>[];
}
