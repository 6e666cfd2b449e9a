/** W2: tasks side by side, each with an input of its own, and a join behind them. */
import { AppRunner, append, type Checkpointer, END, Send, START, StateGraph, sum } from "superstep";
import type { Outcome } from "../harness/cell.js";
import type { Contest, Workload } from "../harness/workload.js";
import type { Log } from "./log.js";
import { cellsOf, expectSame, timed } from "./two-ways.js";

/** Tasks in a run: a narrow fan-out is done several times. */
const TASKS = 1_000;

export const workload: Workload = {
  id: "W2",
  title: "a fan-out with Send, and a join",
  floor:
    "`Promise.all` of the tasks, results folded once, an awaited join; on a file one prepared INSERT for each of the two supersteps",
  unit: "task",
  sizes: "tasks",
  module: import.meta.url,
  contests: [against("memory", 3, "W2 memory"), against("SQLite normal", 2, "W2 SQLite")],
};

export const cells = cellsOf({ floor, superstep });

interface State {
  readonly results: readonly number[];
  readonly total: number;
}

async function work(input: number): Promise<{ results: number }> {
  return { results: input };
}

async function join({ results }: State): Promise<{ total: number }> {
  return { total: results.length };
}

async function floor(width: number, log: Log): Promise<Outcome> {
  const repeats = Math.ceil(TASKS / width);
  const microseconds = await timed(repeats * width, async () => {
    for (let repeat = 0; repeat < repeats; repeat++) await fanOutByHand(width, log);
  });
  return { microseconds };
}

/** Two supersteps, folded and logged once each. */
async function fanOutByHand(width: number, log: Log): Promise<State> {
  let state: State = { results: Object.freeze([]), total: 0 };
  const inputs = Array.from({ length: width }, (_, input) => input);
  const updates = await Promise.all(inputs.map(work));
  const results = updates.map((update) => update.results);
  state = Object.freeze({ ...state, results: Object.freeze([...state.results, ...results]) });
  log.append({ ran: ["work"], delta: { results } });
  const { total } = await join(state);
  state = Object.freeze({ ...state, total: state.total + total });
  log.append({ ran: ["join"], delta: { total } });
  return state;
}

async function superstep(width: number, checkpointer: Checkpointer): Promise<Outcome> {
  const runner = new AppRunner(fanOut(width), { checkpointer });
  const sessions = Array.from({ length: Math.ceil(TASKS / width) }, (_, number) => `s${number}`);
  for (const session of sessions) await runner.createSession(session);
  const microseconds = await timed(sessions.length * width, async () => {
    for (const session of sessions) await runner.runUntilComplete(session);
  });
  for (const session of sessions) expectSame((await runner.session(session)).state.total, width);
  return { microseconds };
}

function fanOut(width: number) {
  return new StateGraph({ results: append<number>(), total: sum() })
    .addNode("work", (_state, { input }) => work(input as number))
    .addNode("join", join)
    .addConditionalEdges(START, () => Array.from({ length: width }, (_, input) => new Send("work", input)), ["work"])
    .addEdge("work", "join")
    .addEdge("join", END)
    .compile();
}

function against(name: string, atMost: number, key: string): Contest {
  const size = 1_000;
  return {
    name,
    sizes: [10, 100, size],
    rounds: 5,
    warmUpMs: 2_000,
    peers: [{ key }],
    targets: [
      { kind: "toFloor", size, atMost },
      { kind: "toPeer", peer: "langgraph", measure: "microseconds", size, atLeast: 150 },
    ],
  };
}
