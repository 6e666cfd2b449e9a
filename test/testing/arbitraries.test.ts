/** What users' properties are given: it can be stored, it trips up what is broken, and it needs fast-check only when it is asked for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AppRunner,
  END,
  InvalidOptionError,
  lastValue,
  MemoryCheckpointer,
  START,
  StateGraph,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { fastCheck } from "../../src/testing/arbitraries.js";
import { arbitraries } from "../../src/testing.js";

test("T3: every value goes through a session and a file, and comes back as it was", async () => {
  const app = new StateGraph({ value: lastValue<unknown>("none") }).addEdge(START, END).compile();
  await fc.assert(
    fc.asyncProperty(arbitraries.value(), arbitraries.sessionId(), async (value, sessionId) => {
      await using runner = new AppRunner(app, { checkpointer: new SqliteCheckpointer(":memory:") });
      await runner.invoke(sessionId, value === undefined ? {} : { value });
      const { state } = await runner.session(sessionId);
      expect(state.value).toEqual(value === undefined ? "none" : value);
    }),
    { numRuns: 25 },
  );
});

test("T1, T2: every line goes into a store, checkpoint by checkpoint, and can be read back from it", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraries.line("s"), async (line) => {
      for (const store of [new MemoryCheckpointer(), new SqliteCheckpointer(":memory:")]) {
        for (const checkpoint of line) await store.commit(checkpoint, {});
        for (const { seq, state } of line) {
          const read = await store.at("s", { incarnation: "made", seq });
          expect(read?.state).toEqual(state);
        }
        await store.close();
      }
    }),
    { numRuns: 15 },
  );
});

test("they are asked for one by one, and differ", () => {
  expect(fc.sample(arbitraries.state(), 20).every((state) => Object.keys(state).length > 0)).toBe(true);
  expect(new Set(fc.sample(arbitraries.sessionId(), 100)).size).toBeGreaterThan(20);
});

test("where fast-check is not installed, the error names the command", () => {
  const missing = () => {
    throw new TypeError("Cannot find module 'fast-check'");
  };
  expect(() => fastCheck(missing)).toThrow(InvalidOptionError);
  expect(() => fastCheck(missing)).toThrow(expect.objectContaining({ help: expect.stringContaining("npm install") }));
});
