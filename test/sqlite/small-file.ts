/** A small file with a bit of everything in it, for tests that damage it. */
import { readFileSync } from "node:fs";
import Database from "better-sqlite3";
import type { Checkpoint, Note } from "../../src/session/checkpoint.js";
import type { Checkpointer, StoredSession } from "../../src/session/checkpointer.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { replaceAll } from "../../src/state/delta.js";
import type { TaskRecord } from "../../src/superstep/record.js";
import { firstOf, forkOf, nextOf } from "../../src/testing/checkpoints.js";

const ASKING: Note = {
  status: {
    kind: "paused",
    reason: { kind: "interrupt", interrupts: [{ id: "made-i1", node: "a", taskId: "made-4.0", payload: "well?" }] },
  },
  passed: [],
  issued: 1,
};
const RECORDS: readonly TaskRecord[] = [
  { kind: "result", taskId: "made-4.1", outcome: { updates: [{ n: 7 }], routes: [] } },
  { kind: "interrupt", taskId: "made-4.0", node: "a", index: 0, id: "made-i1", payload: "well?" },
];

/** The ids of the sessions in the file. */
export const SESSIONS = ["origin", "fork"] as const;

/** Writes the file: a few supersteps, an open question, a kept result, an ephemeral value, and a fork of another graph. Gives its bytes. */
export async function writeSmallFile(path: string): Promise<Buffer> {
  const database = new Database(path);
  database.pragma("page_size = 512");
  const store = new SqliteCheckpointer(database);
  const first = firstOf("origin", { state: { list: ["first"], n: 0, now: undefined } });
  const second = nextOf(first, "list", [{ op: "append", path: [], items: ["second ".repeat(60)] }]);
  const third = nextOf(second, "n", replaceAll(3), { frontier: ["a", { node: "b", input: { deep: [1] } }] });
  const fourth = nextOf(third, "now", replaceAll({ secret: 4 }), { ephemeral: ["now"], frontier: ["a", "b"] });
  const fork = { ...forkOf(second, "fork", { write: ["n", replaceAll(-1)] }), fingerprint: "fedcba9876543210" };
  const forked = nextOf(fork, "list", [{ op: "append", path: [], items: ["forked"] }]);
  await driven(store, "origin", async () => {
    for (const checkpoint of [first, second, third, fourth]) await store.commit(checkpoint);
    const { sessionId, incarnation, seq } = fourth;
    await store.annotate({ sessionId, incarnation, seq, at: 2_000, note: ASKING, records: RECORDS });
  });
  await driven(store, "fork", async () => {
    await store.commit(fork, { origin: "origin" });
    await store.commit(forked);
  });
  await store.close();
  database.close();
  return readFileSync(path);
}

/** Everything that a store says of the sessions in the file: plain values, all states looked at. */
export async function everythingIn(store: Checkpointer): Promise<readonly unknown[]> {
  const said: unknown[] = [await store.list({ limit: 10 })];
  for (const id of SESSIONS) said.push(...(await everythingOf(store, id)));
  return said;
}

/** The session and its line; each may be asked for by itself. */
export async function everythingOf(store: Checkpointer, sessionId: string): Promise<readonly unknown[]> {
  return [plain(await store.load(sessionId)), (await historyIn(store, sessionId)).map(plainCheckpoint)];
}

/** Page by page until there is none: a page may end where damage begins, and the next one says so. */
async function historyIn(store: Checkpointer, sessionId: string): Promise<readonly Checkpoint[]> {
  const read: Checkpoint[] = [];
  for (let seq = Number.MAX_SAFE_INTEGER; ; seq = read.at(-1)?.seq ?? 0) {
    const page = await store.history(sessionId, { limit: 100, before: { seq } });
    if (page.length === 0) return read;
    read.push(...page);
  }
}

/** As a run does: what is left behind is witnessed when the lease is given back. */
async function driven(store: Checkpointer, sessionId: string, work: () => Promise<void>): Promise<void> {
  const answer = await store.acquire({ sessionId, owner: "me", at: 1_000, ttlMs: 1_000 });
  await work();
  if (answer.kind === "granted") await store.release(answer.lease);
}

function plain(stored: StoredSession | undefined): unknown {
  return stored && { ...stored, checkpoint: plainCheckpoint(stored.checkpoint) };
}

function plainCheckpoint(checkpoint: Checkpoint): unknown {
  return { ...checkpoint };
}
