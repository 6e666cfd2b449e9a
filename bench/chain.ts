/** A chain of 1,000 supersteps of one node that does nothing but count: what a superstep costs by itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { produce } from "immer";
import { AppRunner, type Checkpointer, END, START, StateGraph, sum } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import type { Cell } from "./measure.js";

export const STEPS = 1_000;

const chain = new StateGraph({ n: sum() })
  .addNode("count", () => ({ n: 1 }))
  .addEdge(START, "count")
  .addConditionalEdges("count", (state) => (state.n >= STEPS ? END : "count"), ["count", END])
  .compile();

async function byRunner(checkpointer?: Checkpointer): Promise<void> {
  const runner = new AppRunner(chain, checkpointer && { checkpointer });
  const { step } = await runner.invoke("s", undefined, { maxSteps: STEPS });
  if (step !== STEPS) throw new RangeError(`${step} supersteps ran`);
}

async function count(): Promise<{ n: number }> {
  return { n: 1 };
}

async function byHand(commit: (body: string) => void): Promise<void> {
  let state = { n: 0 };
  while (state.n < STEPS) {
    const update = await count();
    state = produce(state, (draft) => {
      draft.n += update.n;
    });
    commit("");
  }
}

/** The same with one prepared INSERT a superstep, of a record as long as ours. */
async function byHandOnFile(path: string, synchronous: string): Promise<void> {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${synchronous}`);
  database.exec("CREATE TABLE log (id INTEGER PRIMARY KEY, body TEXT)");
  const insert = database.prepare("INSERT INTO log (body) VALUES (?)");
  const record = JSON.stringify({ frontier: ["count"], delta: [["n", 1]], rest: "x".repeat(150) });
  await byHand(() => insert.run(record));
  database.close();
}

async function onFile(run: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "superstep-bench-"));
  await run(join(folder, "bench.db")).finally(() => rmSync(folder, { recursive: true, force: true }));
}

function ourFile(synchronous: "full" | "normal"): Promise<void> {
  return onFile(async (path) => {
    const store = new SqliteCheckpointer(path, { synchronous });
    await byRunner(store);
    await store.close();
  });
}

export const memoryCells: readonly Cell[] = [
  { name: "by hand: await + immer", run: () => byHand(() => undefined) },
  { name: "superstep, memory", floor: "by hand: await + immer", run: () => byRunner() },
];
export const fileCells: readonly Cell[] = [
  { name: "by hand, WAL/normal", run: () => onFile((path) => byHandOnFile(path, "normal")) },
  { name: "superstep, SQLite normal", floor: "by hand, WAL/normal", run: () => ourFile("normal") },
  { name: "by hand, WAL/full", run: () => onFile((path) => byHandOnFile(path, "full")) },
  { name: "superstep, SQLite full", floor: "by hand, WAL/full", run: () => ourFile("full") },
];
