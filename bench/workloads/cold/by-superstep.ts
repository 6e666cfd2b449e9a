/** A process that goes on with the paused session of the file it is given, and ends within the next node. */
import { writeSync } from "node:fs";
import type { Start } from "../cold-start.js";

const [, , path = ""] = process.argv;
const begunAt = performance.now();
const { AppRunner } = await import("superstep");
const { SqliteCheckpointer } = await import("superstep/sqlite");
// The store loads its driver when it opens a file. By hand it is an import like any other, so here too.
await import("better-sqlite3");
const { pausingGraph } = await import("./pausing-graph.js");
const importedAt = performance.now();

const graph = pausingGraph(1_000, () => {
  const start: Start = { importMs: importedAt - begunAt, openMs: performance.now() - importedAt };
  writeSync(1, JSON.stringify(start));
  process.exit();
});
const store = new SqliteCheckpointer(path, { synchronous: "normal" });
await new AppRunner(graph, { checkpointer: store }).runUntilComplete("s");
