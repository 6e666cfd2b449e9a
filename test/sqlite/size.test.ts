/** What a session costs on the disk (T1). */
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { replaceAll } from "../../src/state/delta.js";
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
