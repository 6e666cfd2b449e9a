/** A file that lost the newest of what was written is found out: it is never taken for an older state (T1). */
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { CheckpointCorruptError } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { replaceAll } from "../../src/state/delta.js";
import type { TaskRecord } from "../../src/superstep/record.js";
import { firstOf, nextOf, PLAIN_NOTE, updateOf } from "../../src/testing/checkpoints.js";

const first = firstOf("s", { state: { n: 0, now: undefined } });
const second = nextOf(first, "n", replaceAll(1));
const third = nextOf(second, "now", replaceAll("soon"), { ephemeral: ["now"] });
const RESULT: TaskRecord = { kind: "result", taskId: "made-3.0", outcome: { updates: [], routes: [] } };
const EFFECT: TaskRecord = { kind: "once", taskId: "made-3.0", key: "pay", value: 1 };

/** A session of three checkpoints with what stands beside the third. */
async function standing(): Promise<{ readonly database: Database.Database; readonly store: SqliteCheckpointer }> {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const answer = await store.acquire({ sessionId: "s", owner: "me", at: 0, ttlMs: 10 });
  for (const checkpoint of [first, second, third]) await store.commit(checkpoint);
  if (answer.kind === "granted") await store.release(answer.lease);
  return { database, store };
}

function annotation(records: readonly TaskRecord[]): Parameters<SqliteCheckpointer["annotate"]>[0] {
  return { sessionId: "s", incarnation: "made", seq: 3, at: 5_000, records };
}

test("T1: a head that a lease was given back on does not vanish unseen", async () => {
  const { database, store } = await standing();
  expect(store.load("s")?.checkpoint).toMatchObject({ seq: 3, state: { n: 1, now: "soon" } });
  database.exec("DELETE FROM log WHERE id = (SELECT max(id) FROM log)");
  for (const read of [
    () => store.load("s"),
    () => store.list({ limit: 1 }),
    () => store.history("s", { limit: 5 }),
    () => store.at("s", { step: 9 }),
    () => store.at("s", { incarnation: "made", seq: 3 }),
  ]) {
    expect(read).toThrow(CheckpointCorruptError);
  }
  await expect(store.commit(nextOf(second, "n", replaceAll(7)))).rejects.toBeInstanceOf(CheckpointCorruptError);
  expect(store.at("s", { step: 0 })?.state).toMatchObject({ n: 0 });
});

test("T1: a head that was written beside does not vanish unseen", async () => {
  const { database, store } = await standing();
  await store.commit(nextOf(third, "n", replaceAll(2)));
  await store.annotate({ ...annotation([]), seq: 4 });
  database.exec("DELETE FROM log WHERE id = (SELECT max(id) FROM log)");
  expect(() => store.load("s")).toThrow('the newest checkpoint of session "s" is damaged');
});

describe("T1: what stands beside the head does not vanish unseen:", () => {
  test.each([
    ["a result", "DELETE FROM pending WHERE kind = 'result'"],
    ["an effect", "DELETE FROM pending WHERE kind = 'once'"],
    ["an ephemeral value", "DELETE FROM pending WHERE kind = 'ephemeral'"],
    ["a record that is another session's all at once", "UPDATE pending SET session = 2 WHERE kind = 'once'"],
    [
      "a record that is of another kind all at once",
      "UPDATE pending SET kind = 'ephemeral', key = 'x' WHERE kind = 'once'",
    ],
    ["what a record says", "UPDATE pending SET body = replace(body, 'pay', 'pax') WHERE kind = 'once'"],
  ])("%s", async (_what, sql) => {
    const { database, store } = await standing();
    await store.annotate(annotation([RESULT, EFFECT]));
    expect(store.load("s")?.records).toEqual([RESULT, EFFECT]);
    database.exec(sql);
    expect(() => store.load("s")).toThrow(CheckpointCorruptError);
  });
});

describe("T1: no column of a session's record changes unseen:", () => {
  test.each([
    ["session_id", "'t'"],
    ["incarnation", "'maid'"],
    ["origin", "67108865"],
    ["floor", "2"],
    ["seen", "2"],
    ["kept", "1"],
    ["note", "'[]'"],
    ["note_status", "'completed'"],
    ["updated_at", "9"],
    ["crc", "1"],
  ])("%s", async (column, value) => {
    const { database, store } = await standing();
    await store.annotate({ ...annotation([RESULT, EFFECT]), note: { ...PLAIN_NOTE, issued: 1 } });
    database.exec(`UPDATE session SET ${column} = ${value}`);
    const id = column === "session_id" ? "t" : "s";
    expect(() => store.load(id)).toThrow(CheckpointCorruptError);
    expect(() => store.list({ limit: 1 })).toThrow(CheckpointCorruptError);
    await expect(store.annotate({ ...annotation([]), sessionId: id })).rejects.toBeInstanceOf(CheckpointCorruptError);
  });
});

describe("T1: no column of a head's record changes unseen:", () => {
  test.each([
    ["parent", "1"],
    ["step", "9"],
    ["source", "'input'"],
    ["status", "'completed'"],
    ["created_at", "9"],
    ["format", "2"],
    ["base_weight", "9"],
    ["weight", "9"],
    ["body_crc", "9"],
    ["snapshot_crc", "9"],
    ["crc", "9"],
    ["body", "replace(body, 'a', 'b')"],
    ["snapshot", "'[]'"],
  ])("%s", async (column, value) => {
    const { database, store } = await standing();
    database.exec(`UPDATE log SET ${column} = ${value} WHERE id = (SELECT max(id) FROM log)`);
    expect(() => store.load("s")).toThrow(CheckpointCorruptError);
    if (!["body", "snapshot"].includes(column)) expect(() => store.list({ limit: 1 })).toThrow(CheckpointCorruptError);
  });
});

test("T2: an update that keeps the records moves them beside the new head, under its note, and its own ephemeral values", async () => {
  const { database, store } = await standing();
  await store.annotate({ ...annotation([RESULT, EFFECT]), note: { ...PLAIN_NOTE, issued: 3 } });
  const updated = { ...updateOf(third, "n", replaceAll(5)), note: { ...PLAIN_NOTE, issued: 4 } };
  await store.commit(updated, { keepsRecords: true });
  const stored = store.load("s");
  expect(stored).toMatchObject({
    records: [RESULT, EFFECT],
    note: { issued: 4 },
    checkpoint: { state: { n: 5, now: "soon" } },
  });
  expect(stored?.checkpoint.frontier.map(({ id }) => id)).toEqual(["made-3.0"]);
  database.exec("DELETE FROM log WHERE id = (SELECT max(id) FROM log)");
  expect(() => store.load("s")).toThrow(CheckpointCorruptError);
});

test("T1: a note that belonged to an older head is gone once a lease is given back", async () => {
  const { database, store } = await standing();
  await store.annotate({ ...annotation([RESULT]), note: { ...PLAIN_NOTE, issued: 3 } });
  const answer = await store.acquire({ sessionId: "s", owner: "me", at: 20, ttlMs: 10 });
  await store.commit(nextOf(third, "n", replaceAll(2)));
  if (answer.kind === "granted") await store.release(answer.lease);
  expect(database.prepare("SELECT seen, kept, note, note_status, updated_at FROM session").get()).toEqual({
    seen: 4,
    kept: 0,
    note: null,
    note_status: null,
    updated_at: 1_003,
  });
});

test("T5: a session that its index has lost is damaged, and not one that never was", async () => {
  const { database, store } = await standing();
  await store.commit(firstOf("other"));
  const { root } = database
    .prepare("SELECT rootpage AS root FROM sqlite_schema WHERE name = 'sqlite_autoindex_session_1'")
    .get() as { root: number };
  const size = database.pragma("page_size", { simple: true }) as number;
  const bytes = database.serialize();
  expect(new SqliteCheckpointer(new Database(bytes)).load("nobody")).toBeUndefined();
  const place = bytes.indexOf("other", (root - 1) * size);
  expect(place).toBeLessThan(root * size);
  bytes.write("othez", place);
  const damaged = new SqliteCheckpointer(new Database(bytes));
  expect(damaged.load("s")).toBeDefined();
  for (const read of [() => damaged.load("other"), () => damaged.list({ limit: 1 })])
    expect(read).toThrow(CheckpointCorruptError);
  await expect(damaged.commit(firstOf("new"))).rejects.toBeInstanceOf(CheckpointCorruptError);
  await expect(damaged.delete("s")).rejects.toBeInstanceOf(CheckpointCorruptError);
  await expect(damaged.prune({ keepLast: 1 })).rejects.toBeInstanceOf(CheckpointCorruptError);
});
