/** What a session costs on the disk (T1). */
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { encodeSnapshot } from "../../src/session/log-record.js";
import type { LogRow } from "../../src/sqlite/connection/statements.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { type Delta, replaceAll } from "../../src/state/delta.js";
import { firstOf, nextOf } from "../../src/testing/checkpoints.js";

test("T1: a hundred small supersteps on a megabyte that nobody touches cost next to nothing", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  let last = firstOf("s", { state: { large: "x".repeat(1_000_000), n: 0 } });
  await store.commit(last);
  const size = () =>
    (database.pragma("page_count", { simple: true }) as number) *
    (database.pragma("page_size", { simple: true }) as number);
  const before = size();
  for (let i = 1; i <= 100; i++) {
    last = nextOf(last, "n", replaceAll(i));
    await store.commit(last);
  }
  expect(size() - before).toBeLessThan(100_000);
  expect(store.load("s")?.checkpoint.state.n).toBe(100);
});

type Write = readonly [channel: string, delta: Delta];

/** Of every superstep of a session: what opening it reads, what its state weighs, and what all snapshots weigh by then. */
async function weighedAt(state: object, supersteps: number, writeAt: (n: number) => Write) {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  let last = firstOf("s", { state: { ...state } });
  await store.commit(last);
  const states = [encodeSnapshot(last).length];
  for (let n = 1; n <= supersteps; n++) {
    last = nextOf(last, ...writeAt(n));
    await store.commit(last);
    states.push(encodeSnapshot(last).length);
  }
  expect(store.load("s")?.checkpoint.state).toEqual(last.state);
  const rows = database.prepare("SELECT body, snapshot FROM log ORDER BY id").all() as LogRow[];
  let [read, snapshots] = [0, 0];
  return rows.map(({ body, snapshot }, place) => {
    read = snapshot === null ? read + body.length : snapshot.length;
    snapshots += snapshot?.length ?? 0;
    return { read, snapshots, weight: states[place] ?? 0 };
  });
}

const SMALL = 8 * 1024;
const append = (text: string): Delta => [{ op: "append", path: [], items: [text] }];

test.each<readonly [string, (n: number) => Write]>([
  ["only grows", (n) => ["list", append(`${n}`.padEnd(200))]],
  ["grows by little in long bodies", (n) => ["doc", [{ op: "add", path: [`${n}`.padEnd(60)], value: n }]]],
  ["does not grow", (n) => ["text", replaceAll(`${n}`.padEnd(400))]],
  ["grows, and is replaced", (n) => (n % 2 === 0 ? ["list", append("x".repeat(99))] : ["n", replaceAll(n)])],
])("T1: opening a session whose state %s reads no more than twice the state, and 8 KiB", async (_, writeAt) => {
  const state = { large: "x".repeat(20_000), list: [], doc: {}, text: "", n: 0 };
  for (const { read, weight } of await weighedAt(state, 1_000, writeAt))
    expect(read).toBeLessThanOrEqual(2 * weight + SMALL);
});

test("T1: a list that grows is not written again and again: its snapshots weigh less than twice what it does", async () => {
  const line = await weighedAt({ list: [] }, 2_000, (n) => ["list", append(`${n}`.padEnd(200))]);
  for (const { snapshots, weight } of line.slice(200)) expect(snapshots).toBeLessThan(1.9 * weight);
});
