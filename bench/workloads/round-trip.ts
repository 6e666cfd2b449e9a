/** W7: a node asks, the session pauses, an answer comes, the node goes on and the next superstep asks again. */
import { produce } from "immer";
import { AppRunner, type Checkpointer, END, START, StateGraph, sum } from "superstep";
import type { Outcome } from "../harness/cell.js";
import type { Contest, Workload } from "../harness/workload.js";
import type { Log } from "./log.js";
import { cellsOf, expectSame, timed } from "./two-ways.js";

const once = { sizes: [200], rounds: 7, warmUpMs: 3_000 };
const toFloor = { kind: "toFloor", atMost: 2 } as const;
const toLangGraph = { kind: "toPeer", peer: "langgraph", measure: "microseconds", atLeast: 20 } as const;
export const workload: Workload = {
  id: "W7",
  title: "pause and resume",
  floor: "a commit of the paused state, a load of it, the node, and a commit of what came of it",
  unit: "round trip",
  sizes: "round trips",
  module: import.meta.url,
  contests: [
    { ...once, name: "memory", peers: [{ key: "W7 memory" }], targets: [toFloor, toLangGraph] },
    {
      ...once,
      name: "SQLite normal",
      peers: [{ key: "W7 SQLite" }, { key: "W7 SQLite durability exit", suffix: "durability exit" }],
      targets: [toFloor, toLangGraph],
    },
    { ...once, name: "SQLite full", targets: [toFloor] },
  ] satisfies readonly Contest[],
};

export const cells = cellsOf({ floor, superstep });

interface Paused {
  readonly state: { readonly n: number };
  readonly question: string | undefined;
}

/** Commits the pause, loads it back with the answer in hand, runs the node, commits what came of it. */
async function floor(trips: number, log: Log): Promise<Outcome> {
  let state = { n: 0 };
  const node = async (answer: number) => ({ n: answer });
  const microseconds = await timed(trips, async () => {
    for (let trip = 0; trip < trips; trip++) {
      log.append({ state, question: "how many?" } satisfies Paused);
      const paused = log.newest() as Paused;
      const update = await node(1);
      state = produce(paused.state, (draft) => {
        draft.n += update.n;
      });
      log.append({ state, question: undefined } satisfies Paused);
    }
  });
  return { microseconds };
}

/** The first question is asked before anything is timed: a round trip is from one question to the next. */
async function superstep(trips: number, checkpointer: Checkpointer): Promise<Outcome> {
  const graph = new StateGraph({ n: sum() })
    .addNode("ask", async (_state, { interrupt }) => ({ n: interrupt<number>("how many?") }))
    .addEdge(START, "ask")
    .addConditionalEdges("ask", ({ n }) => (n <= trips ? "ask" : END), ["ask", END])
    .compile();
  const runner = new AppRunner(graph, { checkpointer });
  await runner.invoke("s");
  const microseconds = await timed(trips, async () => {
    for (let trip = 0; trip < trips; trip++) await runner.resume("s", 1);
  });
  expectSame((await runner.session("s")).state.n, trips);
  return { microseconds };
}
