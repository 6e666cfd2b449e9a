/** W1: a loop of one node that only counts, so that what is timed is the superstep itself. */
import { produce } from "immer";
import { AppRunner, type Checkpointer, END, MemoryCheckpointer, START, StateGraph, sum } from "superstep";
import type { Cells, Outcome } from "../harness/cell.js";
import type { Target, Workload } from "../harness/workload.js";
import { type Log, memoryLog } from "./log.js";
import { cellsOf, expectSame, timed } from "./two-ways.js";

/** Makes a record by hand about as long as one of superstep. */
const FILLING = "x".repeat(150);

const once = { sizes: [1_000], rounds: 9, warmUpMs: 3_000 };
const onFile: Target = { kind: "toFloor", atMost: 1.3 };
const toLangGraph = { kind: "toPeer", peer: "langgraph", measure: "microseconds" } as const;
export const workload: Workload = {
  id: "W1",
  title: "a loop of supersteps that do nothing",
  floor:
    "an awaited node and one `produce` of immer; on a file also one prepared INSERT of about 200 bytes, in a transaction of its own",
  unit: "superstep",
  sizes: "supersteps",
  module: import.meta.url,
  contests: [
    {
      ...once,
      name: "memory",
      peers: [
        { key: "W1 memory", rounds: 5 },
        { key: "W1 memory conditional edges", suffix: "conditional edges", rounds: 5 },
        { key: "W1 memory cycle", suffix: "cycle", rounds: 5 },
      ],
      targets: [
        { kind: "toFloor", atMost: 3 },
        { ...toLangGraph, atLeast: 200 },
      ],
    },
    { ...once, name: "memory, a synchronous node", targets: [{ kind: "toFloor", atMost: 3 }] },
    {
      ...once,
      name: "SQLite normal",
      peers: [
        { key: "W1 SQLite" },
        { key: "W1 SQLite durability sync", suffix: "durability sync" },
        { key: "W1 SQLite durability exit", suffix: "durability exit" },
      ],
      targets: [onFile, { ...toLangGraph, atLeast: 20 }],
    },
    { ...once, name: "SQLite full", targets: [onFile] },
  ],
};

export const cells: Cells = {
  ...cellsOf({ floor, superstep: (steps, store) => superstep(steps, store, count) }),
  "floor, memory, a synchronous node": (steps) => ({ run: () => floor(steps, memoryLog()) }),
  "superstep, memory, a synchronous node": (steps) => ({
    run: () => superstep(steps, new MemoryCheckpointer(), () => ({ n: 1 })),
  }),
};

async function count(): Promise<{ n: number }> {
  return { n: 1 };
}

async function floor(steps: number, log: Log): Promise<Outcome> {
  let state = { n: 0 };
  const microseconds = await timed(steps, async () => {
    while (state.n < steps) {
      const update = await count();
      state = produce(state, (draft) => {
        draft.n += update.n;
      });
      log.append({ ran: ["count"], delta: [["n", update.n]], filling: FILLING });
    }
  });
  return { microseconds };
}

async function superstep(
  steps: number,
  checkpointer: Checkpointer,
  node: () => { n: number } | Promise<{ n: number }>,
): Promise<Outcome> {
  const loop = new StateGraph({ n: sum() })
    .addNode("count", node)
    .addEdge(START, "count")
    .addConditionalEdges("count", ({ n }) => (n < steps ? "count" : END), ["count", END])
    .compile();
  const runner = new AppRunner(loop, { checkpointer });
  const microseconds = await timed(steps, () => runner.invoke("s", undefined, { maxSteps: steps }));
  expectSame((await runner.session("s")).state.n, steps);
  return { microseconds };
}
