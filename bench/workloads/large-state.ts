/** W5: a small change per superstep beside a large state that nobody touches. */
import { produce } from "immer";
import { AppRunner, append, type Checkpointer, END, START, StateGraph, sum } from "superstep";
import type { Outcome } from "../harness/cell.js";
import type { Contest, Target, Workload } from "../harness/workload.js";
import type { Log } from "./log.js";
import { cellsOf, expectSame, timed } from "./two-ways.js";

const STEPS = 300;
const RECORD_BYTES = 1_000;
const FILLING = "x".repeat(150);

const [small, large] = [10_000, 10_000_000];
const targets: readonly Target[] = [
  { kind: "acrossSizes", from: small, to: large, atMost: 1.5 },
  { kind: "toPeer", peer: "langgraph", measure: "microseconds", size: large, atLeast: 100 },
];
const once = { sizes: [small, 100_000, 1_000_000, large], rounds: 5, warmUpMs: 3_000 };
const peer = { warmUpSize: small, rounds: 2 };
export const workload: Workload = {
  id: "W5",
  title: "a number that changes beside a large state that does not",
  floor: "an awaited node and one `produce` of immer; on a file also one prepared INSERT of the change",
  unit: "superstep",
  sizes: "bytes",
  module: import.meta.url,
  contests: [
    { ...once, name: "memory", peers: [{ ...peer, key: "W5 memory" }], targets },
    {
      ...once,
      name: "SQLite normal",
      peers: [{ ...peer, key: "W5 SQLite" }],
      targets: [{ kind: "toFloor", atMost: 1.5 }, ...targets],
    },
  ] satisfies readonly Contest[],
};

export const cells = cellsOf({ floor, superstep });

function recordsOf(bytes: number): readonly string[] {
  return Array.from({ length: bytes / RECORD_BYTES }, (_, place) => `${place} `.padEnd(RECORD_BYTES, "r"));
}

/** Moves what was just made to where the engine keeps what is old, as it would be in a service: else that is timed. */
function settle(): void {
  for (let pass = 0; pass < 2; pass++) gc?.({ type: "minor", execution: "sync" });
}

async function count(): Promise<{ n: number }> {
  return { n: 1 };
}

async function floor(bytes: number, log: Log): Promise<Outcome> {
  let state = Object.freeze({ n: 0, records: Object.freeze(recordsOf(bytes)) });
  log.append(state);
  settle();
  const microseconds = await timed(STEPS, async () => {
    while (state.n < STEPS) {
      const update = await count();
      state = produce(state, (draft) => {
        draft.n += update.n;
      });
      log.append({ ran: ["count"], delta: [["n", update.n]], filling: FILLING });
    }
  });
  return { microseconds };
}

/** The large state is in the store before anything is timed. */
async function superstep(bytes: number, checkpointer: Checkpointer): Promise<Outcome> {
  const loop = new StateGraph({ n: sum(), records: append<string>() })
    .addNode("count", count)
    .addEdge(START, "count")
    .addConditionalEdges("count", ({ n }) => (n < STEPS ? "count" : END), ["count", END])
    .compile();
  const runner = new AppRunner(loop, { checkpointer });
  await runner.createSession("s", { records: recordsOf(bytes) });
  settle();
  const microseconds = await timed(STEPS, () => runner.runUntilComplete("s", { maxSteps: STEPS }));
  expectSame((await runner.session("s")).state.n, STEPS);
  return { microseconds };
}
