/** Loops whose supersteps differ in nothing but what their one node does: what a guard counts of many is so many times that of one. */
import { append, END, type NodeFn, START, StateGraph, sum } from "../../src/index.js";

/** A message as an agent keeps it. */
interface Message {
  readonly role: string;
  readonly content: string;
}

const channels = { messages: append<Message>(), count: sum() };
export type LoopNode = NodeFn<typeof channels>;

/** Changes nothing. */
export const idle: LoopNode = () => undefined;
export const counts: LoopNode = () => ({ count: 1 });
export const countsLater: LoopNode = async () => ({ count: 1 });
/** Appends a message of 200 bytes. */
export const says: LoopNode = () => ({ messages: { role: "user", content: "x".repeat(200 - 27) } });

/** Goes round so many times, whatever the node does; again with each invocation. */
export function loopOf(rounds: number, node: LoopNode) {
  let round = 0;
  return new StateGraph(channels)
    .addNode("loop", node)
    .addEdge(START, "loop")
    .addConditionalEdges("loop", () => (++round % rounds === 0 ? END : "loop"), ["loop", END])
    .compile();
}

/** Enough for every loop here. */
export const NO_LIMIT = { maxSteps: 1_000_000 };
