/** How much goes wrong in one simulation: every seed has its own mixture, so that each kind is met alone and in company. */
import type { Random } from "./random.js";

/** What may become of a call to the store. */
const FATES = ["done", "refused", "forgotten", "overdue", "repeated", "silent"] as const;
export type Fate = (typeof FATES)[number];

export interface Faults {
  /** Shares of calls: not done, and rejected. */
  readonly refused: number;
  /** Done, and rejected all the same. */
  readonly forgotten: number;
  /** Rejected, and done later. */
  readonly overdue: number;
  /** Done twice in a row, and answered with the second answer. */
  readonly repeated: number;
  /** Done or not, and never answered; whoever waits for it dies before long. */
  readonly silent: number;
  /** Calls that take up to three times as long as a lease holds. */
  readonly slow: number;
  /** Milliseconds between two deaths, and between two stops, on average; 0: never. */
  readonly deathEveryMs: number;
  readonly stopEveryMs: number;
  /** Shares of tries of a node: that throw, and that take longer than they may. */
  readonly throwing: number;
  readonly dawdling: number;
  /** Shares of calls that their caller aborts, and that are to stop on their way. */
  readonly aborted: number;
  readonly pausing: number;
}

export const NO_FAULTS: Faults = {
  refused: 0,
  forgotten: 0,
  overdue: 0,
  repeated: 0,
  silent: 0,
  slow: 0,
  deathEveryMs: 0,
  stopEveryMs: 0,
  throwing: 0,
  dawdling: 0,
  aborted: 0,
  pausing: 0,
};

export function mixtureOf(random: Random): Faults {
  const share = (most: number): number => (random.chance(0.5) ? 0 : random.next() * most);
  const every = (least: number, most: number): number => (random.chance(0.3) ? 0 : random.between(least, most));
  return {
    refused: share(0.06),
    forgotten: share(0.06),
    overdue: share(0.05),
    repeated: share(0.08),
    silent: share(0.01),
    slow: share(0.04),
    deathEveryMs: every(800, 6_000),
    stopEveryMs: every(400, 3_000),
    throwing: share(0.15),
    dawdling: share(0.1),
    aborted: share(0.2),
    pausing: share(0.3),
  };
}

export function fateOf(faults: Faults, random: Random): Fate {
  let left = random.next();
  for (const fate of FATES) {
    if (fate === "done") continue;
    left -= faults[fate];
    if (left < 0) return fate;
  }
  return "done";
}
