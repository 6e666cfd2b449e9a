/** Time of a TestClock, for work that takes turns of the event loop nobody should count. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { TestClock } from "../../src/testing.js";

/** Resolves once somebody sleeps. */
export async function asleep(clock: TestClock): Promise<void> {
  while (clock.sleeping === 0) await nextTurn();
}

/** Lets time go by, in small steps, until the work is done. */
export async function passing<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  while (!isDone) await clock.advance(50);
  return work;
}
