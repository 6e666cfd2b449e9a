/** Medians and spreads over rounds. */
import type { Outcome } from "./cell.js";
import type { Measure } from "./workload.js";

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Undefined for no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Of each round in which both took part: only what ran side by side is compared. */
export function ratiosOf(values: readonly number[], bases: readonly number[]): Spread | undefined {
  return spreadOf(values.slice(0, bases.length).map((value, round) => value / (bases[round] ?? Number.NaN)));
}

/** Measure by measure: runs of one cell that were repeated within a round count as one. */
export function medianOutcome(outcomes: readonly Outcome[]): Outcome {
  const of = (measure: Measure): number | undefined => {
    const values = outcomes.flatMap((outcome) => outcome[measure] ?? []);
    return values.length === 0 ? undefined : median(values);
  };
  const [bytes, slowdown] = [of("bytes"), of("slowdown")];
  return {
    microseconds: of("microseconds") ?? Number.NaN,
    ...(bytes !== undefined && { bytes }),
    ...(slowdown !== undefined && { slowdown }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (below + above) / 2;
}
