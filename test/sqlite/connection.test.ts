/** After an I/O error a connection is given up, and what was known through it forgotten (C3). */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test, vi } from "vitest";
import { CheckpointError } from "../../src/index.js";
import type { Checkpoint } from "../../src/session/checkpoint.js";
import type { SqliteDatabase } from "../../src/sqlite/connection/driver.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { replaceAll } from "../../src/state/delta.js";
import { firstOf, nextOf } from "../../src/testing/checkpoints.js";
import { sqliteError, WatchedDatabase } from "./watched.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-connection-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = () => join(folder, `${++files}.db`);

/** Every file that a store of this test opened by itself. */
const opened: WatchedDatabase[] = [];
vi.mock("../../src/sqlite/connection/driver.js", async (original) => ({
  ...(await original<object>()),
  openDatabase: (path: string) => {
    const watched = new WatchedDatabase(new Database(path));
    opened.push(watched);
    return watched as unknown as SqliteDatabase;
  },
}));

function newest(): WatchedDatabase {
  return opened.at(-1) as WatchedDatabase;
}

const first = firstOf("s", { state: { n: 0 } });
const second = nextOf(first, "n", replaceAll(1));

describe("C3: a file that the store opened is opened again after", () => {
  test.each([
    ["SQLITE_IOERR_FSYNC", /^COMMIT/, async (store: SqliteCheckpointer) => store.commit(second)],
    ["SQLITE_IOERR_WRITE", /^INSERT INTO log/, async (store: SqliteCheckpointer) => store.commit(second)],
    ["SQLITE_IOERR_LOCK", /^BEGIN/, async (store: SqliteCheckpointer) => store.commit(second)],
    ["SQLITE_CANTOPEN", /^BEGIN/, async (store: SqliteCheckpointer) => store.commit(second)],
    ["SQLITE_IOERR_READ", /FROM session/, async (store: SqliteCheckpointer) => store.load("s")],
    ["SQLITE_IOERR_READ", /FROM log/, async (store: SqliteCheckpointer) => store.history("s", { limit: 1 })],
    [
      "SQLITE_IOERR_SHMMAP",
      /synchronous = normal/,
      async (store: SqliteCheckpointer) => store.acquire({ sessionId: "s", owner: "me", at: 0, ttlMs: 1 }),
    ],
  ] as const)("%s at %s", async (code, at, act) => {
    const store = new SqliteCheckpointer(freshPath());
    await store.commit(first);
    const before = opened.length;
    newest().failNext(at, sqliteError(code));
    await expect(act(store)).rejects.toMatchObject({ code: "CHECKPOINT_FAILED", help: expect.any(String) });
    expect(store.load("s")?.checkpoint).toEqual(first);
    expect(opened.length).toBe(before + 1);
    await store.commit(second);
    expect(store.load("s")?.checkpoint.state).toEqual({ n: 1 });
    expect(opened.length).toBe(before + 1);
    await store.close();
  });
});

test("C3: all writes of a turn fail together, and the file is opened again once", async () => {
  const store = new SqliteCheckpointer(freshPath());
  await store.commit(first);
  const before = opened.length;
  newest().failNext(/^COMMIT/, sqliteError("SQLITE_IOERR_FSYNC"));
  const settled = await Promise.allSettled([
    store.commit(second),
    store.commit(firstOf("t")),
    store.commit(firstOf("u")),
  ]);
  expect(settled.every((one) => one.status === "rejected" && one.reason instanceof CheckpointError)).toBe(true);
  await Promise.all([store.commit(second), store.commit(firstOf("t"))]);
  expect(opened.length).toBe(before + 1);
  await store.close();
});

test("C3: what was known of a head is forgotten with the connection", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path);
  await store.commit(first);
  newest().failNext(/^COMMIT/, sqliteError("SQLITE_IOERR_FSYNC"));
  await Promise.resolve(store.commit(second)).catch(() => undefined);
  const other = new SqliteCheckpointer(path);
  const theirs: Checkpoint = { ...nextOf(first, "n", replaceAll(8), { frontier: ["b", "c"] }) };
  await other.commit(theirs);
  const third = { ...nextOf(second, "n", replaceAll(9)), ran: second.frontier };
  await store.commit(third);
  expect(store.load("s")?.checkpoint.ran).toEqual(second.frontier);
  await other.close();
  await store.close();
});

test("C3: an error that leaves the connection good does not open the file again", async () => {
  const store = new SqliteCheckpointer(freshPath());
  await store.commit(first);
  const before = opened.length;
  for (const code of ["SQLITE_FULL", "SQLITE_CORRUPT", "SQLITE_READONLY", "SQLITE_ERROR"]) {
    newest().failNext(/^INSERT INTO log/, sqliteError(code));
    await expect(store.commit(second)).rejects.toMatchObject({
      code: expect.stringMatching(/^CHECKPOINT_(FAILED|CORRUPT)$/),
    });
  }
  await store.commit(second);
  expect(opened.length).toBe(before);
  await store.close();
});

test("C3: a file that is gone is not begun anew", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path);
  await store.commit(first);
  newest().failNext(/^COMMIT/, sqliteError("SQLITE_IOERR_WRITE"));
  await Promise.resolve(store.commit(second)).catch(() => undefined);
  renameSync(path, `${path}.away`);
  expect(() => store.load("s")).toThrow("the file is gone");
  await expect(store.commit(second)).rejects.toMatchObject({ code: "CHECKPOINT_FAILED" });
  renameSync(`${path}.away`, path);
  expect(store.load("s")?.checkpoint).toEqual(first);
  await store.close();
});

test("C3: a database of the caller's is theirs to open again, and every call says so", async () => {
  const watched = new WatchedDatabase(new Database(":memory:"));
  const store = new SqliteCheckpointer(watched);
  await store.commit(first);
  watched.failNext(/^COMMIT/, sqliteError("SQLITE_IOERR_FSYNC"));
  await expect(store.commit(second)).rejects.toBeInstanceOf(CheckpointError);
  const lease = { sessionId: "s", fence: 1 };
  const calls: readonly (() => unknown)[] = [
    () => store.load("s"),
    () => store.commit(second),
    () => store.annotate({ sessionId: "s", incarnation: "made", seq: 1, at: 1, records: [] }),
    () => store.list({ limit: 1 }),
    () => store.history("s", { limit: 1 }),
    () => store.at("s", { step: 0 }),
    () => store.delete("s"),
    () => store.prune({ keepLast: 1 }),
    () => store.acquire({ sessionId: "s", owner: "me", at: 1, ttlMs: 1 }),
    () => store.renew([lease], 2),
    () => store.release(lease),
  ];
  for (const call of calls) {
    await expect((async () => call())()).rejects.toMatchObject({
      code: "CHECKPOINT_FAILED",
      help: "open the database and the store again",
    });
  }
  await store.close();
});

test("C3: a store that was closed says so, whoever opened the database", async () => {
  for (const database of [freshPath(), new Database(":memory:")]) {
    const store = new SqliteCheckpointer(database);
    await store.commit(first);
    await store.close();
    expect(() => store.load("s")).toThrow("it is closed");
    await expect(store.commit(second)).rejects.toBeInstanceOf(CheckpointError);
    await store.close();
  }
});

test("T6: a store that is closed behind a deletion has deleted, and leaves the file to be made smaller by the next one", async () => {
  const path = freshPath();
  const store = new SqliteCheckpointer(path);
  await store.commit(firstOf("s", { state: { text: "x".repeat(500_000) } }));
  const deleted = store.delete("s");
  await store.close();
  await deleted;
  const later = new SqliteCheckpointer(path);
  expect(later.load("s")).toBeUndefined();
  await later.close();
});
