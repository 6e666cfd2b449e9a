/** Outcomes in memory, by key. Those that have expired are forgotten whenever the table has doubled, so that looking for them costs next to nothing. */
import type { TaskOutcome } from "../superstep/outcome.js";
import type { CacheEntry } from "./checkpointer.js";

const FEW = 1_000;

export class OutcomeTable {
  readonly #entries = new Map<string, CacheEntry>();
  #swept = FEW;

  get(key: string, at: number): TaskOutcome | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && isGood(entry, at) ? entry.outcome : undefined;
  }

  set(entry: CacheEntry): void {
    this.#entries.set(entry.key, entry);
    if (this.#entries.size > 2 * this.#swept) this.#sweep(entry.at);
  }

  /** Those that count at that time; undefined: all. */
  *outcomes(at = Number.NEGATIVE_INFINITY): Iterable<TaskOutcome> {
    for (const entry of this.#entries.values()) if (isGood(entry, at)) yield entry.outcome;
  }

  #sweep(at: number): void {
    for (const [key, entry] of this.#entries) if (!isGood(entry, at)) this.#entries.delete(key);
    this.#swept = Math.max(FEW, this.#entries.size);
  }
}

function isGood({ expiresAt }: CacheEntry, at: number): boolean {
  return expiresAt === undefined || at < expiresAt;
}
