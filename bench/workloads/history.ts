/** W3: a list that every superstep appends a message to, so that history and state grow. */
import { AppRunner, append, type Checkpointer, END, START, StateGraph } from "superstep";
import type { Outcome } from "../harness/cell.js";
import { median } from "../harness/statistics.js";
import type { Contest, Target, Workload } from "../harness/workload.js";
import type { Log } from "./log.js";
import { cellsOf, expectSame, timed } from "./two-ways.js";

/** Supersteps at either end of a run that are compared. */
const ENDS = 500;

const long = 5_000;
const sizes = [100, 1_000, long];
const inMemory: Contest = {
  name: "memory",
  sizes,
  rounds: 3,
  warmUpMs: 3_000,
  peers: [{ key: "W3 memory", warmUpSize: 100, rounds: 2 }],
};
/** LangGraph's default saver writes gigabytes on the way to 5,000. */
const defaultSaver = { key: "W3 SQLite", sizes, warmUpSize: 100, rounds: 2 };
const deltaChannel = { key: "W3 SQLite delta", suffix: "delta", warmUpSize: 100, rounds: 2 };
export const workload: Workload = {
  id: "W3",
  title: "a message of 200 bytes appended per superstep",
  floor: "an awaited node and a copy of the frozen list; on a file also one prepared INSERT of what was appended",
  unit: "superstep",
  sizes: "supersteps",
  module: import.meta.url,
  contests: [
    inMemory,
    {
      ...inMemory,
      name: "SQLite normal",
      sizes: [...sizes, 10_000],
      peers: [defaultSaver, deltaChannel],
      targets: [
        { kind: "toFloor", size: long, atMost: 1.3 },
        { kind: "value", measure: "slowdown", size: long, atMost: 1.5 },
        { kind: "value", measure: "bytes", size: long, atMost: 700 },
        ...toPeer("langgraph", 60, 500),
        ...toPeer("langgraph delta", 12, 2.5),
      ],
    },
  ],
};

export const cells = cellsOf({ floor, superstep, isWeighed: true });

/** All of them different, as messages are: a text that says the same thing twice could be stored once. */
function messageOf(place: number): string {
  return `${place} `.padEnd(200, "m");
}

/** A node that says when it ran. */
function speaker(times: number[]) {
  return async () => {
    times.push(performance.now());
    return { messages: messageOf(times.length) };
  };
}

async function floor(steps: number, log: Log): Promise<Outcome> {
  const times: number[] = [];
  const speak = speaker(times);
  let messages: readonly string[] = Object.freeze([]);
  const microseconds = await timed(steps, async () => {
    while (messages.length < steps) {
      const update = await speak();
      const next = Array.from(messages);
      next.push(update.messages);
      messages = Object.freeze(next);
      log.append({ step: messages.length, ran: ["speak"], next: ["speak"], delta: [["messages", update.messages]] });
    }
  });
  return { microseconds, ...slowdownOf(times) };
}

async function superstep(steps: number, checkpointer: Checkpointer): Promise<Outcome> {
  const times: number[] = [];
  const loop = new StateGraph({ messages: append<string>() })
    .addNode("speak", speaker(times))
    .addEdge(START, "speak")
    .addConditionalEdges("speak", ({ messages }) => (messages.length < steps ? "speak" : END), ["speak", END])
    .compile();
  const runner = new AppRunner(loop, { checkpointer });
  const microseconds = await timed(steps, () => runner.invoke("s", undefined, { maxSteps: steps }));
  expectSame((await runner.session("s")).state.messages.length, steps);
  return { microseconds, ...slowdownOf(times) };
}

function slowdownOf(times: readonly number[]): { readonly slowdown?: number } {
  if (times.length < 2 * ENDS) return {};
  const lengths = times.slice(1).map((time, place) => time - (times[place] ?? Number.NaN));
  return { slowdown: median(lengths.slice(-ENDS)) / median(lengths.slice(0, ENDS)) };
}

function toPeer(peer: string, faster: number, smaller: number): readonly Target[] {
  return [
    { kind: "toPeer", peer, measure: "microseconds", size: long, atLeast: faster },
    { kind: "toPeer", peer, measure: "bytes", size: long, atLeast: smaller },
  ];
}
