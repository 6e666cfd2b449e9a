/** W4: a thousand sessions at once on one file; commits of one turn of the event loop share a transaction. */
import { join } from "node:path";
import { produce } from "immer";
import { AppRunner, END, START, StateGraph, sum } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import type { Cell, Cells, Outcome } from "../harness/cell.js";
import { temporaryFolder } from "../harness/folder.js";
import type { Contest, Workload } from "../harness/workload.js";
import { openDatabase, type Synchronous } from "./log.js";
import { expectSame, timed } from "./two-ways.js";

const STEPS = 10;
const FILLING = "x".repeat(150);

const once = { sizes: [1_000], rounds: 5, warmUpMs: 2_000 };
const toFloor = { kind: "toFloor", atMost: 1.5 } as const;
const toLangGraph = { kind: "toPeer", peer: "langgraph", measure: "microseconds", atLeast: 30 } as const;
export const workload: Workload = {
  id: "W4",
  title: `sessions at once, of ${STEPS} supersteps each`,
  floor:
    "as many loops at once as there are sessions, whose INSERTs of one turn of the event loop share a transaction that each of them waits for",
  unit: "superstep",
  sizes: "sessions",
  module: import.meta.url,
  contests: [
    {
      ...once,
      name: "SQLite normal",
      peers: [{ key: "W4 SQLite", warmUpSize: 50, rounds: 2 }],
      targets: [toFloor, toLangGraph],
    },
    { ...once, name: "SQLite full", targets: [toFloor] },
  ] satisfies readonly Contest[],
};

export const cells: Cells = {
  "floor, SQLite normal": (sessions) => fileCell((path) => floor(path, "normal", sessions)),
  "floor, SQLite full": (sessions) => fileCell((path) => floor(path, "full", sessions)),
  "superstep, SQLite normal": (sessions) => fileCell((path) => superstep(path, "normal", sessions)),
  "superstep, SQLite full": (sessions) => fileCell((path) => superstep(path, "full", sessions)),
};

function fileCell(run: (path: string) => Promise<Outcome>): Cell {
  const folder = temporaryFolder();
  return {
    run() {
      folder.empty();
      return run(join(folder.path, "run.db"));
    },
    close: async () => folder.remove(),
  };
}

async function count(): Promise<{ n: number }> {
  return { n: 1 };
}

async function floor(path: string, synchronous: Synchronous, sessions: number): Promise<Outcome> {
  const { append, close } = openGroupedLog(path, synchronous);
  const loop = async (session: number) => {
    let state = { n: 0 };
    while (state.n < STEPS) {
      const update = await count();
      state = produce(state, (draft) => {
        draft.n += update.n;
      });
      await append(JSON.stringify({ session, ran: ["count"], delta: [["n", update.n]], filling: FILLING }));
    }
  };
  const all = Array.from({ length: sessions }, (_, session) => session);
  const microseconds = await timed(sessions * STEPS, () => Promise.all(all.map(loop)));
  close();
  return { microseconds };
}

/** Whoever appends within one turn waits for the same transaction. */
function openGroupedLog(path: string, synchronous: Synchronous) {
  const database = openDatabase(path, synchronous);
  const insert = database.prepare("INSERT INTO log (body) VALUES (?)");
  const writeAll = database.transaction((bodies: readonly string[]) => {
    for (const body of bodies) insert.run(body);
  });
  let bodies: string[] = [];
  let written: Promise<void> | undefined;
  const nextTurn = () =>
    new Promise<void>((resolve) => {
      setImmediate(() => {
        written = undefined;
        writeAll(bodies);
        bodies = [];
        resolve();
      });
    });
  const append = (body: string): Promise<void> => {
    bodies.push(body);
    written ??= nextTurn();
    return written;
  };
  return { append, close: () => database.close() };
}

async function superstep(path: string, synchronous: Synchronous, sessions: number): Promise<Outcome> {
  const store = new SqliteCheckpointer(path, { synchronous });
  const loop = new StateGraph({ n: sum() })
    .addNode("count", count)
    .addEdge(START, "count")
    .addConditionalEdges("count", ({ n }) => (n < STEPS ? "count" : END), ["count", END])
    .compile();
  const runner = new AppRunner(loop, { checkpointer: store });
  const all = Array.from({ length: sessions }, (_, session) => `s${session}`);
  const microseconds = await timed(sessions * STEPS, () => Promise.all(all.map((session) => runner.invoke(session))));
  for (const session of all) expectSame((await runner.session(session)).state.n, STEPS);
  await store.close();
  return { microseconds };
}
