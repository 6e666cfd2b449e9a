/** The one statement of a superstep: what it writes, and what it leaves to a transaction, because it knows the head only as it was. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { CheckpointConflictError } from "../../src/index.js";
import type { Checkpoint } from "../../src/session/checkpoint.js";
import { encodeSnapshot } from "../../src/session/log-record.js";
import type { LogRow } from "../../src/sqlite/connection/statements.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { type Delta, replaceAll } from "../../src/state/delta.js";
import { firstOf, forkOf, nextOf } from "../../src/testing/checkpoints.js";
import { ShortWay } from "./short-way.js";

type Synchronous = "normal" | "full";
const BOTH = ["normal", "full"] as const;

async function leased(store: SqliteCheckpointer): Promise<number> {
  const answer = await store.acquire({ sessionId: "s", owner: "me", at: 0, ttlMs: 0 });
  if (answer.kind !== "granted") throw new TypeError("somebody else has the lease");
  return answer.lease.fence;
}

/** A session of two checkpoints that one process drives, and another process on the same file. */
async function driven(synchronous: Synchronous) {
  const database = new Database(":memory:");
  const watched = new ShortWay(database);
  const [ours, theirs] = [new SqliteCheckpointer(watched, { synchronous }), new SqliteCheckpointer(database)];
  const fence = await leased(ours);
  const first = firstOf("s", { state: { n: 0, now: undefined } });
  const second = nextOf(first, "n", replaceAll(1));
  for (const checkpoint of [first, second]) await ours.commit(checkpoint, { fence });
  const states = () => database.prepare("SELECT count(*) AS n FROM log").get() as { readonly n: number };
  return { database, watched, ours, theirs, fence, second, rows: () => states().n };
}

describe.each(BOTH)("synchronous %s:", (synchronous) => {
  test("C1: a superstep on a head that is known is written with one statement, and is there", async () => {
    const { database, watched, ours, theirs, fence, second } = await driven(synchronous);
    expect(watched).toMatchObject({ tried: 1, taken: 1 });
    const third = nextOf(second, "n", replaceAll(2));
    const bytes = await ours.commit(third, { fence });
    expect(database.prepare("SELECT octet_length(body) AS bytes FROM log ORDER BY id DESC").get()).toEqual({ bytes });
    expect(watched.taken).toBe(2);
    expect(theirs.load("s")).toMatchObject({ checkpoint: { seq: 3, state: { n: 2 }, ran: [{ node: "a" }] } });
  });

  test("C4: without a lease, and under one that was lost, nothing is written with it", async () => {
    const { watched, ours, theirs, fence, second, rows } = await driven(synchronous);
    await leased(theirs);
    const third = nextOf(second, "n", replaceAll(2));
    await expect(ours.commit(third, { fence })).rejects.toBeInstanceOf(CheckpointConflictError);
    expect([watched.taken, rows()]).toEqual([1, 2]);
    await ours.commit(third);
    expect([watched.taken, rows()]).toEqual([1, 3]);
  });

  test("C4: when another process moved the session on, and left a place free, nothing is written into it", async () => {
    const { ours, theirs, fence, second, rows } = await driven(synchronous);
    await theirs.commit({ ...nextOf(second, "n", replaceAll(7)), seq: 5 });
    const third = nextOf(second, "n", replaceAll(2));
    await expect(ours.commit(third, { fence })).rejects.toBeInstanceOf(CheckpointConflictError);
    expect(rows()).toBe(3);
  });

  test("C4: a session that was deleted, and whose rows are kept for a fork, takes nothing any more", async () => {
    const { ours, theirs, fence, second, rows } = await driven(synchronous);
    await theirs.commit(forkOf(second, "fork"), { origin: "s" });
    await theirs.delete("s");
    const before = rows();
    const third = nextOf(second, "n", replaceAll(2));
    await expect(ours.commit(third, { fence })).rejects.toBeInstanceOf(CheckpointConflictError);
    expect(rows()).toBe(before);
  });

  test("T1: a lease that is given back leaves a witness of the head, also of one that somebody else wrote", async () => {
    const { database, ours, theirs, fence, second } = await driven(synchronous);
    const { sessionId, incarnation, seq } = second;
    await ours.annotate({ sessionId, incarnation, seq, fence, at: 1, records: [] });
    await theirs.commit(nextOf(second, "n", replaceAll(2)));
    await ours.release({ sessionId, fence });
    expect(database.prepare("SELECT seen, kept FROM session").get()).toEqual({ seen: 3, kept: 0 });
    expect(database.prepare("SELECT owner FROM lease").get()).toEqual({ owner: null });
    expect(ours.load("s")).toMatchObject({ checkpoint: { seq: 3 } });
  });

  test("C1: what stands beside the head goes with the superstep, whoever wrote it there", async () => {
    const { database, watched, ours, theirs, fence, second } = await driven(synchronous);
    const { sessionId, incarnation, seq } = second;
    const records = [{ kind: "once", taskId: "t", key: "x", value: 1 }] as const;
    await theirs.annotate({ sessionId, incarnation, seq, at: 1, records });
    await ours.commit(nextOf(second, "n", replaceAll(2)), { fence });
    expect(watched.taken).toBe(1);
    expect(database.prepare("SELECT * FROM pending").all()).toEqual([]);
    expect(ours.load("s")).toMatchObject({ records: [], checkpoint: { seq: 3 } });
  });

  test("C1: ephemeral values are put beside their superstep, and taken away with the next one", async () => {
    const { database, watched, ours, theirs, fence, second } = await driven(synchronous);
    const third = nextOf(second, "now", replaceAll("soon"), { ephemeral: ["now"] });
    await ours.commit(third, { fence });
    expect(theirs.load("s")).toMatchObject({ checkpoint: { state: { now: "soon" } } });
    const fourth = nextOf(third, "n", replaceAll(2));
    await ours.commit(fourth, { fence });
    expect(database.prepare("SELECT * FROM pending").all()).toEqual([]);
    expect(watched.taken).toBe(1);
    await ours.commit(nextOf(fourth, "n", replaceAll(3)), { fence });
    expect(watched.taken).toBe(2);
  });
});

test.each(BOTH)("C3: synchronous %s: a write lock that another process holds is waited for", async (synchronous) => {
  const folder = mkdtempSync(join(tmpdir(), "superstep-short-"));
  const file = join(folder, "s.db");
  const store = new SqliteCheckpointer(file, { synchronous });
  const fence = await leased(store);
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first, { fence });
  const other = new Database(file);
  other.exec("BEGIN IMMEDIATE");
  const saved = Promise.resolve(store.commit(nextOf(first, "n", replaceAll(1)), { fence }));
  let isSaved = false;
  void saved.then(() => {
    isSaved = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isSaved).toBe(false);
  other.exec("COMMIT");
  await saved;
  expect(store.load("s")).toMatchObject({ checkpoint: { seq: 2 } });
  other.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

function appended(text: string): Delta {
  return [{ op: "append", path: [], items: [text] }];
}

test("T1: bodies since a snapshot weigh no more than the state, or 8 KiB, also when pruning gave its head a smaller snapshot", async () => {
  const database = new Database(":memory:");
  const watched = new ShortWay(database);
  const store = new SqliteCheckpointer(watched, { synchronous: "normal" });
  const fence = await leased(store);
  const big = firstOf("s", { state: { text: "x".repeat(100_000), list: [] } });
  let head: Checkpoint = nextOf(big, "text", replaceAll(""));
  for (const checkpoint of [big, head]) await store.commit(checkpoint, { fence });
  const states = [encodeSnapshot(head).length];
  expect((await store.prune({ keepLast: 1 })).checkpoints).toBe(1);
  for (let n = 0; n < 200; n++) {
    head = nextOf(head, "list", appended(`item ${n} ${"y".repeat(200)}`));
    await store.commit(head, { fence });
    states.push(encodeSnapshot(head).length);
  }
  let chain = 0;
  const rows = database.prepare("SELECT body, snapshot FROM log ORDER BY id").all() as LogRow[];
  for (const [place, { body, snapshot }] of rows.entries()) {
    chain = snapshot === null ? chain + body.length : 0;
    expect(chain).toBeLessThanOrEqual(Math.max(states[place] ?? 0, 8 * 1024));
  }
});
