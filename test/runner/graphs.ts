/** Small graphs that several tests run. */
import {
  type App,
  append,
  END,
  lastValue,
  type NodeFn,
  type NodeOptions,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";

export const channels = { log: append<string>(), count: sum(), value: lastValue<unknown>(undefined) };
export type TestChannels = typeof channels;
export type TestNode = NodeFn<TestChannels>;
type TestOptions = NodeOptions<TestChannels, TestChannels>;
/** A graph of the same channels that is a node. */
type TestApp = App<TestChannels, string>;
/** A node, with or without options. */
export type Told = TestNode | TestApp | readonly [TestNode | TestApp, TestOptions];

/** Writes its name to the log. */
export const says: TestNode = (_, { node }) => ({ log: node });

/** START → a → b → … → END. */
export function chain<N extends string>(nodes: Readonly<Record<N, Told>>) {
  const names = Object.keys(nodes) as N[];
  const graph = added(nodes);
  const [first, ...others] = names;
  if (first !== undefined) graph.addEdge(START, first);
  for (const [index, name] of others.entries()) graph.addEdge(names[index] as N, name);
  return graph.addEdge(names.at(-1) as N, END).compile();
}

/** All nodes side by side in the first superstep. */
export function abreast<N extends string>(nodes: Readonly<Record<N, Told>>) {
  const graph = added(nodes);
  for (const name of Object.keys(nodes) as N[]) graph.addEdge(START, name).addEdge(name, END);
  return graph.compile();
}

function added<N extends string>(nodes: Readonly<Record<N, Told>>): StateGraph<TestChannels, N> {
  let graph = new StateGraph<TestChannels, string>(channels);
  for (const [name, told] of Object.entries<Told>(nodes)) {
    const [run, options] = "length" in told && typeof told !== "function" ? told : [told, {}];
    graph = graph.addNode<string, TestChannels>(name, run, options);
  }
  return graph as unknown as StateGraph<TestChannels, N>;
}

/** A loop that goes round until `count` is what it says. */
export function looping(rounds: number, node: TestNode = () => ({ count: 1 })) {
  return new StateGraph(channels)
    .addNode("loop", node)
    .addEdge(START, "loop")
    .addConditionalEdges("loop", ({ count }) => (count < rounds ? "loop" : END), ["loop", END])
    .compile();
}

/** What the work throws, synchronously or later; a test that expects a failure fails without one. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    return error;
  }
  throw new TypeError("it did not fail");
}

/** All that is listed, page by page. */
export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
