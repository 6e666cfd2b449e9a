/** A clock that stands still until it is told to move: a runner and its test share it (P37). */
import { setImmediate as nextTurn } from "node:timers/promises";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Turns of the event loop in which those who woke may go on, before time moves again. */
const TURNS = 4;

/** A clock that stands still until it is told to move. Give it to a runner as its `clock`. */
export class TestClock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  /** Milliseconds since the epoch. */
  constructor(startAt = 0) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  /** How many sleep at this moment. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Resolves once time has moved on by `ms`; rejects with the signal's reason when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const giveUp = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Moves time on by `ms`. Sleepers wake one by one in order of their time, and go on before the next one does. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turns();
    for (let next = this.#nextBefore(until); next !== undefined; next = this.#nextBefore(until)) {
      this.#now = next.at;
      this.#sleepers.delete(next);
      next.wake();
      await turns();
    }
    this.#now = until;
  }

  #nextBefore(until: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (sleeper.at <= until && (first === undefined || sleeper.at < first.at)) first = sleeper;
    return first;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await nextTurn();
}
