/** What pruning and deleting take away from a file, and what they leave (T6). */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import type { Checkpoint } from "../../src/session/checkpoint.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { replaceAll } from "../../src/state/delta.js";
import { firstOf, forkOf, nextOf } from "../../src/testing/checkpoints.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-pruning-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = () => join(folder, `${++files}.db`);

/** A session whose state weighs so many characters from the first, and whose supersteps each replace so many. */
async function grow(
  store: SqliteCheckpointer,
  sessionId: string,
  { length, base = 10, step = 10 }: { readonly length: number; readonly base?: number; readonly step?: number },
): Promise<readonly Checkpoint[]> {
  const state = { base: "b".repeat(base), last: "" };
  const line = [firstOf(sessionId, { state, incarnation: sessionId })];
  for (let i = 1; i < length; i++)
    line.push(nextOf(line[i - 1] as Checkpoint, "last", replaceAll(`${i}`.padEnd(step, "s"))));
  for (const checkpoint of line) await store.commit(checkpoint);
  return line;
}

interface Row {
  readonly seq: number;
  readonly snapshot: number;
}
function rowsOf(database: Database.Database, key: number): readonly Row[] {
  const span = 2 ** 26;
  return database
    .prepare("SELECT id - ? AS seq, octet_length(snapshot) AS snapshot FROM log WHERE id BETWEEN ? AND ? ORDER BY id")
    .all(key * span, key * span, (key + 1) * span - 1) as Row[];
}
function seqs(database: Database.Database, key: number): readonly number[] {
  return rowsOf(database, key).map(({ seq }) => seq);
}

test("T6: a pruned file is smaller on the disk, and so is one that a session was deleted from", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path, { synchronous: "normal" });
  await grow(store, "s", { length: 300, base: 1_000, step: 5_000 });
  await grow(store, "t", { length: 100, base: 1_000, step: 5_000 });
  const { checkpoints, bytes } = await store.prune({ sessionId: "s", keepLast: 5 });
  const pruned = statSync(path).size;
  expect(checkpoints).toBe(295);
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(pruned).toBeLessThan(1_200_000);
  expect(statSync(`${path}-wal`).size).toBe(0);
  await store.delete("t");
  expect(statSync(path).size).toBeLessThan(200_000);
  expect(store.load("s")?.checkpoint.step).toBe(299);
  await store.close();
});

test("T6: what is left begins with a snapshot, when that weighs less than what goes", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const line = await grow(store, "s", { length: 10 });
  await store.prune({ keepLast: 3 });
  expect(rowsOf(database, 1)).toEqual([
    { seq: 8, snapshot: expect.any(Number) },
    { seq: 9, snapshot: null },
    { seq: 10, snapshot: null },
  ]);
  expect(store.history("s", { limit: 9 }).map(({ ran, state }) => ({ ran, state }))).toEqual(
    line
      .slice(-3)
      .reverse()
      .map(({ ran, state }) => ({ ran, state })),
  );
});

test("T6: the rows that a state needs stay, unseen, when a snapshot would weigh more: pruning never makes a file grow", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const first = firstOf("s", { state: { text: "" } });
  const second = nextOf(first, "text", replaceAll("long ".repeat(1_500)));
  const third = nextOf(second, "text", [{ op: "append", path: [], items: [] }].slice(1) as never);
  for (const checkpoint of [first, second, third]) await store.commit(checkpoint);
  const before = database
    .prepare("SELECT sum(octet_length(body) + coalesce(octet_length(snapshot), 0)) AS n FROM log")
    .get();
  expect(await store.prune({ keepLast: 2 })).toEqual({ checkpoints: 1, bytes: 0 });
  expect(seqs(database, 1)).toEqual([1, 2, 3]);
  expect(
    database.prepare("SELECT sum(octet_length(body) + coalesce(octet_length(snapshot), 0)) AS n FROM log").get(),
  ).toEqual(before);
  expect(store.history("s", { limit: 9 }).map(({ seq }) => seq)).toEqual([3, 2]);
  expect(store.at("s", { step: 0 })).toBeUndefined();
  expect(store.at("s", { step: 1 })?.state).toEqual(second.state);
  expect(await store.prune({ keepLast: 1 })).toMatchObject({ checkpoints: 1 });
  expect(seqs(database, 1)).toEqual([3]);
  expect(store.load("s")?.checkpoint.state).toEqual(third.state);
});

test("T6: the rows of a session that is deleted stay as far as forks need them, and go with the last of these", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const line = await grow(store, "origin", { length: 12 });
  for (const [name, seq] of [
    ["early", 4],
    ["late", 9],
  ] as const)
    await store.commit(forkOf(line[seq - 1] as Checkpoint, name, { incarnation: name }), { origin: "origin" });
  await store.delete("origin");
  expect(store.load("origin")).toBeUndefined();
  expect(seqs(database, 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(database.prepare("SELECT session_id, note FROM session WHERE key = 1").get()).toEqual({
    session_id: null,
    note: null,
  });
  await store.delete("late");
  expect(seqs(database, 1)).toEqual([1, 2, 3, 4]);
  expect(store.history("early", { limit: 9 }).map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1]);
  await store.delete("early");
  expect(database.prepare("SELECT (SELECT count(*) FROM log) + (SELECT count(*) FROM session) AS n").get()).toEqual({
    n: 0,
  });
});

test("T6: a fork of a fork of what was deleted holds on to it, through all of them", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  let last = (await grow(store, "s0", { length: 3 })).at(-1) as Checkpoint;
  for (let i = 1; i <= 5; i++) {
    last = forkOf(last, `s${i}`, { incarnation: `f${i}`, write: ["last", replaceAll(`${i}`)] });
    await store.commit(last, { origin: `s${i - 1}` });
    await store.delete(`s${i - 1}`);
  }
  expect(store.history("s5", { limit: 20 })).toHaveLength(8);
  await store.prune({ keepLast: 3 });
  expect(store.history("s5", { limit: 20 }).map(({ seq }) => seq)).toEqual([8, 7, 6]);
  expect((database.prepare("SELECT count(*) AS n FROM log").get() as { n: number }).n).toBeLessThanOrEqual(6);
  expect(store.load("s5")?.checkpoint.state).toEqual(last.state);
  await store.delete("s5");
  expect(database.prepare("SELECT count(*) AS n FROM session").get()).toEqual({ n: 0 });
});

test("T6: pruning a session leaves what a fork shows, and pruning the fork lets it go", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const line = await grow(store, "origin", { length: 20 });
  const write = ["last", replaceAll("of the fork ".repeat(40))] as const;
  await store.commit(forkOf(line[9] as Checkpoint, "fork", { write }), { origin: "origin" });
  await store.prune({ sessionId: "origin", keepLast: 2 });
  expect(seqs(database, 1)).toHaveLength(20);
  expect(store.history("fork", { limit: 50 })).toHaveLength(11);
  expect(store.history("origin", { limit: 50 })).toHaveLength(2);
  await store.prune({ sessionId: "fork", keepLast: 2 });
  expect(seqs(database, 1)[0]).toBe(10);
  await store.commit(nextOf(store.load("fork")?.checkpoint as Checkpoint, "last", replaceAll("on")));
  await store.prune({ sessionId: "fork", keepLast: 1 });
  expect(seqs(database, 2)).toEqual([12]);
  expect(seqs(database, 1)).toEqual([19, 20]);
});

test("T6: a replaced session leaves what its forks need, also when one of them takes its place", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const line = await grow(store, "s", { length: 6 });
  const fork = forkOf(line[2] as Checkpoint, "s", { incarnation: "again" });
  await store.commit(fork, { origin: "s", replace: true });
  expect(store.history("s", { limit: 9 }).map(({ incarnation, seq }) => `${incarnation}-${seq}`)).toEqual([
    "again-4",
    "s-3",
    "s-2",
    "s-1",
  ]);
  expect(seqs(database, 1)).toEqual([1, 2, 3]);
  await store.commit(firstOf("s", { incarnation: "fresh" }), { replace: true });
  expect(database.prepare("SELECT count(*) AS n FROM log").get()).toEqual({ n: 1 });
});

test("T6: a refused replacement takes nothing away", async () => {
  const store = new SqliteCheckpointer(":memory:");
  const line = await grow(store, "s", { length: 3 });
  const lost = forkOf({ ...(line[1] as Checkpoint), incarnation: "nobody" }, "s", { incarnation: "again" });
  await expect(store.commit(lost, { origin: "s", replace: true })).rejects.toMatchObject({
    code: "CHECKPOINT_NOT_FOUND",
  });
  expect(store.history("s", { limit: 9 })).toHaveLength(3);
});

test("T6: a damaged session can be deleted, and replaced", async () => {
  for (const act of [
    async (store: SqliteCheckpointer) => store.delete("s"),
    async (store: SqliteCheckpointer) => store.commit(firstOf("s", { incarnation: "new" }), { replace: true }),
  ]) {
    const database = new Database(":memory:");
    const store = new SqliteCheckpointer(database);
    await grow(store, "s", { length: 3 });
    await grow(store, "t", { length: 3 });
    database.exec("UPDATE session SET origin = 99, floor = 7, seen = 9 WHERE session_id = 's'");
    await act(store);
    expect(store.load("s")?.checkpoint.incarnation).not.toBe("s");
    expect(store.load("t")?.checkpoint.step).toBe(2);
    expect(seqs(database, 1)).toEqual([]);
  }
});

test("T6: many sessions are pruned in turns, so that others are written meanwhile", async () => {
  const store = new SqliteCheckpointer(":memory:");
  for (let i = 0; i < 120; i++) await grow(store, `s${i}`, { length: 4 });
  const order: string[] = [];
  const pruned = store.prune({ keepLast: 1 }).then((result) => {
    order.push("pruned");
    return result;
  });
  await new Promise((turn) => setImmediate(turn));
  await store.commit(firstOf("new"));
  order.push("committed");
  expect(await pruned).toMatchObject({ checkpoints: 360 });
  expect(order).toEqual(["committed", "pruned"]);
});

test("a new file is one that can shrink; a file that held something before is left as it was", async () => {
  const path = freshPath();
  await new SqliteCheckpointer(path).close();
  const fresh = new Database(path);
  expect(fresh.pragma("auto_vacuum", { simple: true })).toBe(2);
  fresh.close();
  const theirs = new Database(freshPath());
  theirs.exec("CREATE TABLE mine (x)");
  const store = new SqliteCheckpointer(theirs);
  await grow(store, "s", { length: 5, step: 50_000 });
  await store.delete("s");
  expect(theirs.pragma("auto_vacuum", { simple: true })).toBe(0);
  expect(theirs.prepare("SELECT count(*) AS n FROM mine").get()).toEqual({ n: 0 });
  theirs.close();
});
