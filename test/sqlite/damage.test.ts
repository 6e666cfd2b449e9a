import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { firstOf, nextOf } from "../../src/testing.js";

/** A session of two checkpoints with a kept result beside the head. */
async function written() {
  const database = new Database(":memory:");
  const store = new SqliteCheckpointer(database);
  const first = firstOf("s", { state: { list: ["a"] } });
  const head = nextOf(first, "list", [{ op: "append", path: [], items: ["b"] }]);
  await store.commit(first);
  await store.commit(head);
  const { sessionId, incarnation, seq } = head;
  const outcome = { updates: [], routes: [] };
  await store.annotate({ sessionId, incarnation, seq, at: 5, records: [{ kind: "result", taskId: "t", outcome }] });
  return database;
}

/** What each column holds instead of what was written. */
const DAMAGE = [
  ...["parent = 7", "step = step + 1", "source = 'fork'", "status = 'failed'", "created_at = 9", "format = 2"],
  ...["base_weight = 1", "weight = weight + 1", "body = replace(body, 'b', 'c')", "body_crc = body_crc + 1"],
].map((change) => ({ table: "log", change }));
const BESIDE = [
  { table: "session", change: "incarnation = 'other'" },
  { table: "session", change: "fingerprint = 'fedcba9876543210'" },
  { table: "session", change: "kept = 0" },
  { table: "session", change: "floor = 2" },
  { table: "session", change: "note_status = 'failed'" },
  { table: "pending", change: "body = replace(body, 'result', 'once')" },
  { table: "pending", change: "key = 'x'" },
];

test.each([...DAMAGE, ...BESIDE])(
  "T1: $table with $change is damage, never another state",
  async ({ table, change }) => {
    const database = await written();
    const newest = table === "log" ? "WHERE id = (SELECT max(id) FROM log)" : "";
    expect(database.prepare(`UPDATE ${table} SET ${change} ${newest}`).run().changes).toBe(1);
    const store = new SqliteCheckpointer(database);
    expect(() => store.load("s")).toThrow(expect.objectContaining({ code: "CHECKPOINT_CORRUPT" }) as Error);
    if (table === "log") expect(store.at("s", { incarnation: "made", seq: 1 })?.state).toEqual({ list: ["a"] });
  },
);
