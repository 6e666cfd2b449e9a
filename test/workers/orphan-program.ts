/** Runs a node in a process that never lets go of its event loop; argument: the port that the node tells that it has begun. */
import { AppRunner, END, lastValue, START, StateGraph } from "../../src/index.js";
import { nodeModule, processes } from "../../src/workers.js";

const found = (path: string) => new URL(path, import.meta.url);
const pool = processes({ host: found("../../src/workers/worker-host.js"), maxWorkers: 1, execArgv: [] });
const app = new StateGraph({ n: lastValue<unknown>(0) })
  .addNode("node", nodeModule<[state: unknown], never>(found("nodes.js"), "callAndLoop"), { executor: "pool" })
  .addEdge(START, "node")
  .addEdge("node", END)
  .compile();
await new AppRunner(app, { executors: { pool } }).invoke("s", {}, { config: { port: Number(process.argv[2]) } });
