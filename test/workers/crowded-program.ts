/** Calls a process when no file can be opened any more, and again when it can. Prints what came. */
import { closeSync, openSync } from "node:fs";
import { AppRunner, END, lastValue, START, StateGraph } from "../../src/index.js";
import { nodeModule, processes } from "../../src/workers.js";

const found = (path: string) => new URL(path, import.meta.url);
const pool = processes({ host: found("../../src/workers/worker-host.js"), maxWorkers: 1, execArgv: [] });
const app = new StateGraph({ n: lastValue<unknown>(0) })
  .addNode("node", nodeModule<[state: unknown], never>(found("nodes.js"), "double"), { executor: "pool" })
  .addEdge(START, "node")
  .addEdge("node", END)
  .compile();
const runner = new AppRunner(app, { executors: { pool } });
const open: number[] = [];
try {
  for (;;) open.push(openSync(process.execPath, "r"));
} catch {
  // There are no more.
}
// The module is read, and that is all.
closeSync(open.pop() as number);
const error = await runner.invoke("s", { n: 2 }).catch((error: unknown) => error);
for (const fd of open) closeSync(fd);
const { state } = await runner.runUntilComplete("s");
const { cause } = error as { readonly cause: { readonly code: string; readonly cause: { readonly code: string } } };
console.log(JSON.stringify([cause.code, cause.cause.code, state.n]));
await runner.close();
