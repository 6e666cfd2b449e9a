/** Calls workers one after the other, with nothing else that keeps this process alive; argument: the kind of workers. Prints what came. */
import { AppRunner, append, END, lastValue, map, START, StateGraph } from "../../src/index.js";
import { nodeModule, processes, threads } from "../../src/workers.js";

const found = (path: string) => new URL(path, import.meta.url);
const make = process.argv[2] === "threads" ? threads : processes;
const pool = make({ host: found("../../src/workers/worker-host.js"), maxWorkers: 1 });
const app = new StateGraph({ items: lastValue([1, 2, 3]), came: append<unknown>() })
  .addNode(
    "one",
    map(({ items }) => items, nodeModule<[item: number], unknown>(found("nodes.js"), "same"), { into: "came" }),
    {
      executor: "pool",
    },
  )
  .addEdge(START, "one")
  .addEdge("one", END)
  .compile();
const runner = new AppRunner(app, { executors: { pool } });
for (const id of ["a", "b"]) console.log(JSON.stringify((await runner.invoke(id, {})).state.came));
// Idle workers do not keep the process alive: it is not closed.
