/**
 * Calls a process when there are no file descriptors left for one, and again when there are. Argument: how many are
 * left: two are enough for the module itself, and too few for the pipes of a process. Prints what came.
 */
import { closeSync, openSync } from "node:fs";
import { AppRunner, append, END, map, START, StateGraph } from "../../src/index.js";
import { nodeModule, processes } from "../../src/workers.js";

const found = (path: string) => new URL(path, import.meta.url);
const pool = processes({ host: found("../../src/workers/worker-host.js"), maxWorkers: 1, execArgv: [] });
const one = nodeModule<[item: number], unknown>(found("nodes.js"), "same");
const app = new StateGraph({ came: append<unknown>() })
  .addNode(
    "one",
    map(() => [1], one, { into: "came" }),
    { executor: "pool" },
  )
  .addEdge(START, "one")
  .addEdge("one", END)
  .compile();
const runner = new AppRunner(app, { executors: { pool } });
const taken: number[] = [];
try {
  for (;;) taken.push(openSync(import.meta.filename, "r"));
} catch {
  for (const fd of taken.splice(0, Number(process.argv[2]))) closeSync(fd);
}
const error = await runner.invoke("a", {}).catch(({ cause }) => cause);
console.log(error.code, error.cause?.code, error.retryable);
for (const fd of taken) closeSync(fd);
console.log(JSON.stringify((await runner.invoke("b", {})).state.came));
await runner.close();
