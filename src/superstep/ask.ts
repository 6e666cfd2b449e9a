/** A question of a task, as the schedule sees it. */

/** A question that has no answer yet. */
export interface Ask {
  readonly index: number;
  readonly payload: unknown;
  /** Who asked, when it was within a subgraph. */
  readonly from?: { readonly node: string; readonly path: readonly string[]; readonly id: string };
}
