/** Leases in a file: what they cost, and what stays of them (C4). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { CheckpointConflictError } from "../../src/index.js";
import type { Lease } from "../../src/session/lease.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { firstOf } from "../../src/testing/checkpoints.js";
import { sqliteError, WatchedDatabase } from "./watched.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-leases-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = () => join(folder, `${++files}.db`);

const claim = { sessionId: "s", owner: "me", at: 1_000, ttlMs: 500 };

async function granted(store: SqliteCheckpointer, wanted: Partial<typeof claim> = {}): Promise<Lease> {
  const answer = await store.acquire({ ...claim, ...wanted });
  if (answer.kind === "held") throw new TypeError("the lease is held");
  return answer.lease;
}

const relaxed = "PRAGMA synchronous = normal";
const strict = "PRAGMA synchronous = full";

test("C4: leases alone wait for no disk, and what is committed does again", async () => {
  const database = new Database(freshPath());
  const watched = new WatchedDatabase(database);
  const store = new SqliteCheckpointer(watched);
  const transactions = () => watched.executed.filter((sql) => /^(PRAGMA sync|BEGIN|COMMIT)/.test(sql));
  watched.forget();
  const lease = await granted(store);
  expect(transactions()).toEqual([relaxed, "BEGIN IMMEDIATE", "COMMIT", strict]);
  expect(database.pragma("synchronous", { simple: true })).toBe(2);
  watched.forget();
  await Promise.all([store.renew([lease], 3_000), store.commit(firstOf("s"))]);
  expect(transactions()).toEqual(["BEGIN IMMEDIATE", "COMMIT"]);
  await store.release(lease);
  expect(database.pragma("synchronous", { simple: true })).toBe(2);
  database.close();
});

test("C4: the disk is waited for again after a lease that could not be written", async () => {
  const watched = new WatchedDatabase(new Database(freshPath()));
  const store = new SqliteCheckpointer(watched, { busyTimeoutMs: 0 });
  for (const at of [/^BEGIN/, /^COMMIT/, /INTO lease/]) {
    watched.forget();
    watched.failNext(at, sqliteError("SQLITE_BUSY"));
    await expect(granted(store)).rejects.toMatchObject({ code: "CHECKPOINT_FAILED" });
    expect(watched.executed.at(-1)).toBe(strict);
  }
  expect((await granted(store)).fence).toBe(1);
});

test("C4: a store that waits for no disk in any case changes nothing for leases", async () => {
  const watched = new WatchedDatabase(new Database(freshPath()));
  const store = new SqliteCheckpointer(watched, { synchronous: "normal" });
  watched.forget();
  await store.release(await granted(store));
  expect(watched.executed.filter((sql) => sql.startsWith("PRAGMA"))).toEqual(["PRAGMA integrity_check(session)"]);
});

test("C4: leases are renewed in one transaction, however many", async () => {
  const database = new Database(freshPath());
  const store = new SqliteCheckpointer(database);
  const leases = await Promise.all(Array.from({ length: 30 }, (_, i) => granted(store, { sessionId: `s${i}` })));
  const taken = await store.acquire({ ...claim, sessionId: "s7", owner: "you", at: 5_000 });
  const observer = new Database(database.name);
  const version = () => observer.pragma("data_version", { simple: true }) as number;
  const before = version();
  expect(await store.renew(leases, 9_000)).toEqual([leases[7]]);
  expect(version() - before).toBe(1);
  expect(taken.kind).toBe("granted");
  observer.close();
  database.close();
});

test("C4: who opens the file next sees the leases, and the fences of all that were", async () => {
  const path = freshPath();
  const ours = new SqliteCheckpointer(path);
  const theirs = new SqliteCheckpointer(path);
  const first = firstOf("s");
  await ours.commit(first);
  const lease = await granted(ours);
  expect(await theirs.acquire({ ...claim, owner: "you" })).toEqual({
    kind: "held",
    holder: { owner: "me", fence: lease.fence, since: 1_000 },
  });
  const next = await granted(theirs, { owner: "you", at: 1_500 });
  expect(next.fence).toBeGreaterThan(lease.fence);
  const late = { sessionId: "s", incarnation: "made", seq: 1, at: 2_000, records: [], fence: lease.fence };
  await expect(ours.annotate(late)).rejects.toMatchObject({ code: "CHECKPOINT_CONFLICT", takenBy: "you" });
  await theirs.release(next);
  await expect(ours.annotate(late)).rejects.toBeInstanceOf(CheckpointConflictError);
  await ours.close();
  await theirs.close();
  const later = new SqliteCheckpointer(path);
  expect((await granted(later, { at: 1_600 })).fence).toBeGreaterThan(next.fence);
  await later.close();
});

test("C4: nothing stays of the lease of a session that never came to be", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const count = () => (database.prepare("SELECT count(*) AS n FROM lease").get() as { n: number }).n;
  await store.release(await granted(store));
  expect(count()).toBe(0);
  const lease = await granted(store);
  await store.commit(firstOf("s"), { fence: lease.fence });
  await store.release(lease);
  expect(count()).toBe(1);
  const again = await granted(store);
  await store.delete("s");
  await store.release(again);
  expect(count()).toBe(0);
});

test("C4: a damaged session keeps nobody from giving its lease back", async () => {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const lease = await granted(store);
  await store.commit(firstOf("s"), { fence: lease.fence });
  database.exec("UPDATE session SET incarnation = 'broken'");
  await store.release(lease);
  expect((await granted(store)).fence).toBeGreaterThan(lease.fence);
});

test("T4: a file from before requests to stop opens with its sessions and leases, and takes requests", async () => {
  const path = freshPath();
  const former = new SqliteCheckpointer(path);
  await former.commit(firstOf("s"));
  const lease = await granted(former);
  await former.close();
  const database = new Database(path);
  database.exec("ALTER TABLE lease DROP COLUMN stop");
  database.pragma("user_version = 1");
  database.close();
  const store = new SqliteCheckpointer(path);
  expect(await store.askToStop("s", { by: "two" }, 1_100)).toMatchObject({ owner: "me", fence: lease.fence });
  expect(await store.renew([lease], 2_000)).toEqual([{ ...lease, stop: { by: "two" } }]);
  expect(store.load("s")?.checkpoint.step).toBe(0);
  await store.close();
});
