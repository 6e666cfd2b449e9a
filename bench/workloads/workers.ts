/** Workers: what a warm one spares, what two of them gain, and what a call costs beside running the node here. */
import { AppRunner, append, END, lastValue, map, START, StateGraph } from "superstep";
import { nodeModule, type PoolOptions, processes, threads, type WorkerPool } from "superstep/workers";
import type { Cell, Cells } from "../harness/cell.js";
import type { Contest, Workload } from "../harness/workload.js";
import { expectSame, timed } from "./two-ways.js";

const CALLS = { warmUpMs: 1_000, rounds: 7 };
const warmth = { ...CALLS, sizes: [10], targets: [{ kind: "toFloor", atMost: 0.1 }] } as const;
export const workload: Workload = {
  id: "workers",
  title: "nodes in other threads and processes",
  floor: "cold: a new worker for each call; busy: the same eight nodes inline; state: no state beside the items",
  unit: "call",
  sizes: "tasks",
  module: import.meta.url,
  contests: [
    { ...warmth, name: "warm to cold, thread" },
    { ...warmth, name: "warm to cold, process" },
    { ...CALLS, name: "busy, two threads", sizes: [8], roundMs: 0, targets: [{ kind: "toFloor", atMost: 0.6 }] },
    { ...CALLS, name: "busy, two processes", sizes: [8], roundMs: 0, targets: [{ kind: "toFloor", atMost: 0.6 }] },
    { ...CALLS, name: "10 MB of state, one thread", sizes: [100] },
  ] satisfies readonly Contest[],
};

export const cells: Cells = {
  "floor, warm to cold, thread": (tasks) => calls(tasks, threads, { maxWorkers: 1, fresh: true }),
  "superstep, warm to cold, thread": (tasks) => calls(tasks, threads, { maxWorkers: 1 }),
  "floor, warm to cold, process": (tasks) => calls(tasks, processes, { maxWorkers: 1, fresh: true }),
  "superstep, warm to cold, process": (tasks) => calls(tasks, processes, { maxWorkers: 1 }),
  "floor, busy, two threads": (tasks) => busy(tasks),
  "superstep, busy, two threads": (tasks) => busy(tasks, threads({ maxWorkers: 2 })),
  "floor, busy, two processes": (tasks) => busy(tasks),
  "superstep, busy, two processes": (tasks) => busy(tasks, processes({ maxWorkers: 2 })),
  "floor, 10 MB of state, one thread": (tasks) => calls(tasks, threads, { maxWorkers: 1 }),
  "superstep, 10 MB of state, one thread": (tasks) => calls(tasks, threads, { maxWorkers: 1 }, 10_000_000),
};

/** Counts primes by trying: a hundred milliseconds or so. */
export function primesBelow(limit: number): number {
  let found = 0;
  for (let n = 2; n < limit; n++) {
    let by = 2;
    while (n % by !== 0) by++;
    if (by === n) found++;
  }
  return found;
}
export function twice(n: number): number {
  return n * 2;
}

const LIMIT = 15_000;
const PRIMES = 1_754;

/** A call that does next to nothing, beside so much state. The pool stays; a session is new each time. */
function calls(tasks: number, make: (options: PoolOptions) => WorkerPool, options: PoolOptions, bytes = 0): Cell {
  const items = Array.from({ length: tasks }, (_, place) => place);
  const ballast = Array.from({ length: bytes / 1_000 }, (_, place) => String(place).padEnd(1_000, "x"));
  const { run, close } = fanOut("twice", make(options), { items, ballast });
  return {
    close,
    run: async () => ({
      microseconds: await timed(tasks, async () => expectSame((await run()).at(-1), 2 * (tasks - 1))),
    }),
  };
}

function busy(tasks: number, pool?: WorkerPool): Cell {
  const { run, close } = fanOut("primesBelow", pool, {
    items: Array.from({ length: tasks }, () => LIMIT),
    ballast: [],
  });
  return {
    close,
    run: async () => ({ microseconds: await timed(tasks, async () => expectSame((await run()).at(-1), PRIMES)) }),
  };
}

function fanOut(
  name: string,
  pool: WorkerPool | undefined,
  input: { items: readonly number[]; ballast: readonly string[] },
) {
  const fn = nodeModule<[item: number], number>(import.meta.url, name);
  const graph = new StateGraph({
    items: lastValue<readonly number[]>([]),
    ballast: lastValue<readonly string[]>([]),
    came: append<number>(),
  })
    .addNode(
      "item",
      map(({ items }) => items, fn, { into: "came" }),
      { executor: pool === undefined ? "inline" : "pool" },
    )
    .addEdge(START, "item")
    .addEdge("item", END)
    .compile();
  const runner = new AppRunner(graph, pool && { executors: { pool } });
  let sessions = 0;
  return {
    run: async () => (await runner.invoke(`s${sessions++}`, input)).state.came,
    close: () => runner.close({ timeoutMs: 1_000 }),
  };
}
