/** A node in the module that also runs the graph: each worker that loads it would run the graph again. SELF: "awaited", or at the top as it goes. */
import { AppRunner, append, END, lastValue, map, START, StateGraph } from "../../src/index.js";
import { nodeModule, processes, threads } from "../../src/workers.js";

export function square(item: number): number {
  return item * item;
}

async function main(): Promise<void> {
  const make = process.env.KIND === "threads" ? threads : processes;
  const pool = make({ host: new URL("../../src/workers/worker-host.js", import.meta.url), execArgv: [], print: false });
  const app = new StateGraph({ items: lastValue([1, 2, 3]), came: append<number>() })
    .addNode(
      "square",
      map(({ items }) => items, nodeModule(import.meta.url, "square", square), { into: "came" }),
      { executor: "pool" },
    )
    .addEdge(START, "square")
    .addEdge("square", END)
    .compile();
  await new AppRunner(app, { executors: { pool } }).invoke("s", {});
}

const run = main();
if (process.env.SELF === "awaited") await run;
