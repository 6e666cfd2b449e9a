/** Promises that a superstep costs (S8): a synchronous one on a store that answers at once costs none. */
import { createHook } from "node:async_hooks";
import { expect, test } from "vitest";
import { AppRunner, type Checkpointer, MemoryCheckpointer } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { counts, countsLater, type LoopNode, loopOf, NO_LIMIT } from "./loop.js";

/** Supersteps in a row before others get their turn. */
const TURN = 64;
/** What giving others their turn costs. */
const PER_TURN = 2;
/** What else goes on in this process while a test runs. One promise a superstep would be a thousand. */
const STRAY = 10;

const memory = () => new MemoryCheckpointer();
const normal = () => new SqliteCheckpointer(":memory:", { synchronous: "normal" });
const full = () => new SqliteCheckpointer(":memory:");

async function promisesOnce(open: () => Checkpointer, rounds: number, node: LoopNode): Promise<number> {
  let made = 0;
  const hook = createHook({ init: (_, type) => void (type === "PROMISE" && made++) });
  const runner = new AppRunner(loopOf(rounds, node), { checkpointer: open() });
  await runner.createSession("s");
  hook.enable();
  await runner.runUntilComplete("s", NO_LIMIT);
  hook.disable();
  return made;
}

/** The fewest of some tries: whatever else goes on in this process only adds to them. */
async function promisesOf(open: () => Checkpointer, rounds: number, node: LoopNode): Promise<number> {
  const tries: number[] = [];
  for (let n = 0; n < 5; n++) tries.push(await promisesOnce(open, rounds, node));
  return Math.min(...tries);
}

test.each([
  ["in memory", 44, memory],
  ["on SQLite with synchronous normal", 62, normal],
])("S8: %s, supersteps of synchronous nodes cost no promise, and a call at most %i", async (_, most, open) => {
  const one = await promisesOf(open, 1, counts);
  expect(one).toBeLessThanOrEqual(most);
  expect(await promisesOf(open, TURN - 1, counts)).toBe(one);
  expect(await promisesOf(open, 20 * TURN + 1, counts)).toBeLessThanOrEqual(one + 20 * PER_TURN + STRAY);
});

test.each([
  ["an asynchronous node in memory", 7, memory, countsLater],
  ["an asynchronous node on SQLite with synchronous normal", 7, normal, countsLater],
  [
    "a synchronous node on SQLite with synchronous full, which waits for the disk in a turn of its own,",
    13,
    full,
    counts,
  ],
  ["an asynchronous node on SQLite with synchronous full", 20, full, countsLater],
])("%s costs at most %i promises a superstep, however many there are", async (_, most, open, node) => {
  const [few, many] = [await promisesOf(open, TURN + 1, node), await promisesOf(open, 11 * TURN + 1, node)];
  const each = (many - few - 10 * PER_TURN) / (10 * TURN);
  expect(Math.round(each)).toBeLessThanOrEqual(most);
});
