/** Whether what was measured keeps the limits. */
import { ratiosOf, type Spread, spreadOf } from "../harness/statistics.js";
import type { Contest, Measure, Target } from "../harness/workload.js";
import { exactly, quantity, times } from "./quantities.js";
import { valuesOf, type WorkloadResult } from "./results.js";

export interface Verdict {
  readonly target: Target;
  /** At which it was measured, where a target holds at each of several. */
  readonly size: number;
  readonly limit: string;
  readonly value: string;
  readonly isMet: boolean;
}

/** One for each size that a target holds at and that was measured. */
export function verdictsOf(contest: Contest, result: WorkloadResult): readonly Verdict[] {
  return (contest.targets ?? []).flatMap((target) =>
    sizesOf(target, contest).flatMap((size) => judge({ contest, result }, target, size) ?? []),
  );
}

interface Measurement {
  readonly contest: Contest;
  readonly result: WorkloadResult;
}

function sizesOf(target: Target, contest: Contest): readonly number[] {
  if (target.kind === "acrossSizes") return [target.to];
  return target.size === undefined ? contest.sizes : [target.size];
}

function judge({ contest, result }: Measurement, target: Target, size: number): Verdict | undefined {
  const values = (way: string, measure: Measure = "microseconds", at = size) =>
    valuesOf(result, { contest: contest.name, size: at, way }, measure);
  switch (target.kind) {
    case "toFloor":
      return ratioVerdict(target, size, ratiosOf(values("superstep"), values("floor")));
    case "acrossSizes":
      return ratioVerdict(target, size, ratiosOf(values("superstep"), values("superstep", undefined, target.from)));
    case "toPeer":
      return ratioVerdict(
        target,
        size,
        ratiosOf(values(target.peer, target.measure), values("superstep", target.measure)),
      );
    case "value": {
      const value = spreadOf(values("superstep", target.measure))?.median;
      if (value === undefined) return undefined;
      const limit = `≤ ${exactly(target.atMost, target.measure)}`;
      return { target, size, limit, value: quantity(value, target.measure), isMet: value <= target.atMost };
    }
  }
}

function ratioVerdict(
  target: Exclude<Target, { kind: "value" }>,
  size: number,
  ratio: Spread | undefined,
): Verdict | undefined {
  if (ratio === undefined) return undefined;
  const value = times(ratio.median);
  if (target.kind === "toPeer")
    return { target, size, limit: `≥ ${target.atLeast}×`, value, isMet: ratio.median >= target.atLeast };
  return { target, size, limit: `≤ ${target.atMost}×`, value, isMet: ratio.median <= target.atMost };
}
