import { AppRunner, append, END, lastValue, map, START, StateGraph } from "superstep";
import { nodeModule, processes } from "superstep/workers";
import { factors } from "./nodes/factors.js";

// Each number is factored in a process of its own kind: warm, one call at a time, and replaced should it crash.
const elsewhere = nodeModule(new URL("./nodes/factors.js", import.meta.url), "factors", factors);

const app = new StateGraph({ numbers: lastValue<readonly number[]>([]), found: append<readonly number[]>() })
  .addNode(
    "factors",
    map(({ numbers }) => numbers, elsewhere, { into: "found" }),
    { executor: "pool", timeoutMs: 60_000, retry: { maxAttempts: 3 } },
  )
  .addEdge(START, "factors")
  .addEdge("factors", END)
  .compile();

const pool = processes({ maxWorkers: 2, memoryMb: 256 });
const runner = new AppRunner(app, { executors: { pool } });
const { state } = await runner.invoke("s", { numbers: [360, 1_000_003, 600_851_475_143] });
for (const found of state.found) console.log(found.join(" × "));
console.log(`${pool.counts.calls} calls, ${pool.counts.started} processes`);
await runner.close();

// Output:
// 2 × 2 × 2 × 3 × 3 × 5
// 1000003
// 71 × 839 × 1471 × 6857
// 3 calls, 2 processes
