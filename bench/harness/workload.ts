/** A workload, as data: what is run against what, at which sizes, how often, and what it has to come to. */

/** Of an outcome: what is compared. */
export type Measure = "microseconds" | "bytes" | "slowdown";

/** A limit that superstep has to keep. Without a size it holds at every size of its contest. */
export type Target =
  /** Time, as a multiple of the floor's. */
  | { readonly kind: "toFloor"; readonly size?: number; readonly atMost: number }
  /** By itself, in the unit of its measure. */
  | { readonly kind: "value"; readonly measure: Measure; readonly size?: number; readonly atMost: number }
  /** Time at a large size, as a multiple of that at a small one. */
  | { readonly kind: "acrossSizes"; readonly from: number; readonly to: number; readonly atMost: number }
  /** A peer's, as a multiple of ours. */
  | {
      readonly kind: "toPeer";
      readonly peer: string;
      readonly measure: Measure;
      readonly size?: number;
      readonly atLeast: number;
    };

/** How the peers take part: under which name their file has the cell, and how much of it is bearable. */
interface PeerCell {
  readonly key: string;
  /** Set behind the peer's name, where it has several ways. */
  readonly suffix?: string;
  /** Default: all sizes of the contest. */
  readonly sizes?: readonly number[];
  /** Default: one warm-up run at the size that is measured. */
  readonly warmUpSize?: number;
  /** Default: 3. */
  readonly rounds?: number;
}

/** Cells that take turns, round by round. Its module has cells named `floor, <name>` and `superstep, <name>`. */
export interface Contest {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly warmUpMs: number;
  /** Short runs are repeated this long within a round; default 200. */
  readonly roundMs?: number;
  readonly peers?: readonly PeerCell[];
  readonly targets?: readonly Target[];
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  /** What is done by hand, or else what superstep is compared with. */
  readonly floor: string;
  /** What one unit of an outcome is: "superstep", "task". */
  readonly unit: string;
  /** What a size counts. */
  readonly sizes: "supersteps" | "tasks" | "sessions" | "bytes" | "round trips" | "nothing";
  /** The file that exports the cells. */
  readonly module: string;
  readonly contests: readonly Contest[];
}
