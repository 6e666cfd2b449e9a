/** W6: a process that has just begun goes on with a session that another one left paused. */
import { execFile } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AppRunner } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import type { Cell, Cells } from "../harness/cell.js";
import { temporaryFolder } from "../harness/folder.js";
import type { Workload } from "../harness/workload.js";
import { messageOf, pausingGraph } from "./cold/pausing-graph.js";
import { openLog } from "./log.js";

/** What a program in `cold/` prints. */
export interface Start {
  readonly importMs: number;
  /** From after the imports to the first node running. */
  readonly openMs: number;
}

const toLangGraph = { kind: "toPeer", peer: "langgraph", measure: "microseconds" } as const;
export const workload: Workload = {
  id: "W6",
  title: "a fresh process goes on with a paused session",
  floor:
    "better-sqlite3 opens a log of deltas, all are parsed and folded, and the node is called; its imports are better-sqlite3 and immer",
  unit: "start",
  sizes: "supersteps",
  module: import.meta.url,
  contests: [
    {
      name: "open and load",
      sizes: [1_000],
      rounds: 9,
      warmUpMs: 0,
      peers: [{ key: "W6 open", rounds: 5 }],
      targets: [
        { kind: "toFloor", atMost: 1.5 },
        { ...toLangGraph, atLeast: 2.5 },
      ],
    },
    {
      name: "import",
      sizes: [0],
      rounds: 9,
      warmUpMs: 0,
      peers: [{ key: "W6 import", rounds: 5 }],
      targets: [
        { kind: "value", measure: "microseconds", atMost: 60_000 },
        { ...toLangGraph, atLeast: 5 },
      ],
    },
  ],
};

export const cells: Cells = {
  "floor, open and load": (steps) => startCell("by-hand", (path) => writeByHand(path, steps), "openMs"),
  "floor, import": () => startCell("by-hand", (path) => writeByHand(path, 1), "importMs"),
  "superstep, open and load": (steps) => startCell("by-superstep", (path) => writeBySuperstep(path, steps), "openMs"),
  "superstep, import": () => startCell("by-superstep", (path) => writeBySuperstep(path, 1), "importMs"),
};

/** The file is made once; every run is a process of its own, on a copy. */
async function startCell(
  program: "by-hand" | "by-superstep",
  write: (path: string) => Promise<void>,
  measure: keyof Start,
): Promise<Cell> {
  const folder = temporaryFolder();
  const [made, path] = [join(folder.path, "made.db"), join(folder.path, "run.db")];
  await write(made);
  const script = fileURLToPath(new URL(`./cold/${program}.js`, import.meta.url));
  return {
    async run() {
      // a process that ends within a node leaves its lease, and what it had written beside the file
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
      copyFileSync(made, path);
      const { stdout } = await promisify(execFile)(process.execPath, [script, path]);
      return { microseconds: (JSON.parse(stdout) as Start)[measure] * 1_000 };
    },
    close: async () => folder.remove(),
  };
}

async function writeByHand(path: string, steps: number): Promise<void> {
  const log = openLog(path, "normal");
  for (let step = 1; step <= steps; step++) {
    log.append({ step, ran: ["speak"], next: [step < steps ? "speak" : "go"], delta: [["messages", messageOf(step)]] });
  }
  log.close();
}

async function writeBySuperstep(path: string, steps: number): Promise<void> {
  const store = new SqliteCheckpointer(path, { synchronous: "normal" });
  const runner = new AppRunner(
    pausingGraph(steps, () => undefined),
    { checkpointer: store },
  );
  await runner.invoke("s", undefined, { maxSteps: steps + 1, interruptBefore: ["go"] });
  await store.close();
}
