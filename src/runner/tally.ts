/** Counts what one call did, for its RunSummary. */
import type { Settled } from "../superstep/attempt.js";
import type { RunSummary } from "./report.js";

export class Tally {
  steps = 0;
  #tasks = 0;
  #retries = 0;
  #busyMs = 0;
  readonly #nodeMs = new Map<string, number>();
  readonly #stopwatch: () => number;
  readonly #startedAt: number;

  constructor(stopwatch: () => number) {
    this.#stopwatch = stopwatch;
    this.#startedAt = stopwatch();
  }

  /** `elapsedMs`: how long the tasks took together, when they ran side by side. */
  count(settled: readonly Settled[], elapsedMs: number | undefined): void {
    let sum = 0;
    for (const one of settled) {
      if (one.kind === "stopped" || ("kept" in one && one.kept)) continue;
      this.#tasks++;
      if ("retries" in one) this.#retries += one.retries ?? 0;
      sum += one.ms;
      this.#nodeMs.set(one.task.node, (this.#nodeMs.get(one.task.node) ?? 0) + one.ms);
    }
    this.#busyMs += elapsedMs ?? sum;
  }

  summary(): RunSummary {
    const durationMs = this.#stopwatch() - this.#startedAt;
    return {
      steps: this.steps,
      tasks: this.#tasks,
      retries: this.#retries,
      durationMs,
      nodeMs: Object.fromEntries(this.#nodeMs),
      overheadMs: Math.max(0, durationMs - this.#busyMs),
    };
  }
}
