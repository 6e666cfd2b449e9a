/** After `close` nothing is left of workers. */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { AppRunner, END, lastValue, START, StateGraph } from "../../src/index.js";
import { processes, threads } from "../../src/workers.js";
import { nodeNamed, poolOptions } from "./pools.js";

const graph = new StateGraph({ n: lastValue<unknown>(1) })
  .addNode("node", nodeNamed("whereIs"), { executor: "pool" })
  .addEdge(START, "node")
  .addEdge("node", END)
  .compile();

test.each([
  ["threads", threads],
  ["processes", processes],
])("no handle, process or listener of %s", async (_, make) => {
  const before = resources();
  const { signal } = new AbortController();
  const pids: number[] = [];
  for (let round = 0; round < 3; round++) {
    const runner = new AppRunner(graph, { executors: { pool: make(poolOptions) } });
    const runs = Array.from({ length: 4 }, (_, place) => runner.invoke(`s${place}`, {}, { signal }));
    for (const { state } of await Promise.all(runs)) pids.push(state.n as number);
    await runner.close();
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
  for (const pid of new Set(pids)) if (pid !== process.pid) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  // Handles close in the turns after.
  while (resources() !== before) await new Promise((resolve) => setImmediate(resolve));
});

test("what a node has left behind keeps nobody alive", async () => {
  const before = resources();
  const leaving = new StateGraph({ n: lastValue<unknown>(1) })
    .addNode("node", nodeNamed("bequeath"), { executor: "pool" })
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile();
  const runner = new AppRunner(leaving, { executors: { pool: processes(poolOptions) } });
  const heir = (await runner.invoke("s", {})).state.n as number;
  await runner.close();
  try {
    while (resources() !== before) await new Promise((resolve) => setImmediate(resolve));
    expect(process.kill(heir, 0)).toBe(true);
  } finally {
    process.kill(heir, "SIGKILL");
  }
});

function resources(): string {
  const own = new Set(["MessagePort", "PipeWrap", "ProcessWrap", "Worker", "TCPSocketWrap"]);
  return process
    .getActiveResourcesInfo()
    .filter((kind) => own.has(kind))
    .sort()
    .join();
}
