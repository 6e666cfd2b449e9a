/** SQLite's way: the n-th call of the store fails, for every n, before it is done or after. One more try, and nothing shows. */
import { describe, expect, test } from "vitest";
import { CheckpointError, type Checkpointer, MemoryCheckpointer } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { type FailingCheckpointer, failing, InjectedFailure } from "../../src/testing.js";
import { Attack, type Case, type Place } from "./attack.js";
import { CASES } from "./cases.js";

const STORES: Readonly<Record<string, () => Checkpointer>> = {
  memory: () => new MemoryCheckpointer(),
  SQLite: () => new SqliteCheckpointer(":memory:"),
};

function placeOn(store: Checkpointer, records: Checkpointer): Place {
  const log: string[] = [];
  return { store, records, say: (line) => log.push(line), said: () => log };
}

interface Run {
  readonly store: FailingCheckpointer;
  readonly outcome: unknown;
  /** What the caller was told before the second try. */
  readonly error: unknown;
}

async function runFailing(attacked: Case, records: Checkpointer, nth: number, isAfter: boolean): Promise<Run> {
  const store = failing(records, nth, { after: isAfter });
  const attack = new Attack(attacked, placeOn(store, records));
  let error: unknown;
  const outcome = await attack.run().catch((failure: unknown) => {
    error = failure;
    return attack.run();
  });
  await records.close();
  return { store, outcome, error };
}

describe.each(Object.keys(STORES))("on %s", (kind) => {
  const open = STORES[kind] as () => Checkpointer;
  test.each(Object.entries(CASES))(
    "C1, C3: whatever call fails, %s ends the same after one more try",
    async (_, attacked) => {
      const undisturbed = await runFailing(attacked, open(), 0, false);
      expect(undisturbed).toMatchObject({ error: undefined, outcome: { wrong: [] } });
      for (let nth = 1; nth <= undisturbed.store.calls; nth++) {
        for (const isAfter of [false, true]) {
          const { outcome, error, store } = await runFailing(attacked, open(), nth, isAfter);
          const place = `call ${nth} failed ${isAfter ? "after" : "before"} it was done`;
          expect(outcome, place).toEqual(undisturbed.outcome);
          expect(store.calls, place).toBeGreaterThanOrEqual(nth);
          // A lease that cannot be given back is nobody's failure.
          if (error !== undefined) expect(error, place).toBeInstanceOf(CheckpointError);
          if (error !== undefined) expect((error as CheckpointError).cause, place).toBeInstanceOf(InjectedFailure);
        }
      }
    },
  );
});
