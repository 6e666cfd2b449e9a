/** Workers are killed at random while a fan-out runs: every run ends in the right state, and only what was in flight runs again. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AppRunner, append, END, lastValue, map, START, StateGraph } from "../../src/index.js";
import { processes } from "../../src/workers.js";
import { nodeNamed, openPool } from "./pools.js";

const ITEMS = 100;
/** More of them with SUPERSTEP_LONG=1. */
const RUNS = process.env.SUPERSTEP_LONG === "1" ? 200 : 40;
const items = Array.from({ length: ITEMS }, (_, place) => place + 1);
const pool = openPool(processes);
afterAll(() => pool.close({ timeoutMs: 0 }));

interface Came {
  readonly pid: number;
  readonly item: number;
  readonly attempt: number;
}

const graph = new StateGraph({ items: lastValue<readonly number[]>([]), came: append<Came>() })
  .addNode(
    "item",
    map((state: { items: readonly number[]; came: readonly Came[] }) => state.items, nodeNamed("whereabouts"), {
      into: "came",
    }),
    { executor: "pool", retry: { maxAttempts: 10, initialDelayMs: 0 } },
  )
  .addEdge(START, "item")
  .addEdge("item", END)
  .compile();

test("runs of a fan-out of 100, with kill -9 of workers at random", { timeout: 300_000 }, async () => {
  const runner = new AppRunner(graph, { executors: { pool } });
  const [killed, retried] = [new Set<number>(), new Set<string>()];
  /** At which of its tasks a run loses the worker that has begun it. */
  const plans = fc.sample(fc.array(fc.nat(ITEMS - 1), { maxLength: 2 }), RUNS);
  for (const [place, plan] of plans.entries()) {
    const stream = runner.stream(`s${place}`, { items });
    let begun = 0;
    for await (const event of stream) {
      if (event.type === "node.retrying") retried.add(event.task.id);
      if (event.type === "node.emitted" && plan.includes(begun++)) kill(event.data as number, killed);
    }
    const { state } = await stream.result;
    expect(state.came.map(({ item }) => item)).toEqual(items);
  }
  // A worker owes one call at a time.
  expect(killed.size).toBeGreaterThan(RUNS / 2);
  expect(retried.size).toBeLessThanOrEqual(killed.size);
  await runner.close();
});

function kill(pid: number, killed: Set<number>): void {
  killed.add(pid);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
