/** What compile says about a graph that is a node. */
import { expect, test } from "vitest";
import type { Channels } from "../../src/index.js";
import {
  append,
  END,
  type GraphValidationError,
  lastValue,
  merge,
  reducer,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";

function graphOf<C extends Channels>(channels: C) {
  return new StateGraph(channels, { name: "inner" })
    .addNode("x", () => undefined)
    .addEdge(START, "x")
    .addEdge("x", END)
    .compile();
}

/** Kinds and messages of the issues of a graph around `node`. */
function issuesOf(channels: Channels, node: unknown, options: object = {}): readonly (readonly [string, string])[] {
  try {
    new StateGraph(channels)
      .addNode("sub", node as () => undefined, options)
      .addEdge(START, "sub")
      .addEdge("sub", END)
      .compile();
    return [];
  } catch (error) {
    return (error as GraphValidationError).issues.map(({ kind, message }) => [kind, message] as const);
  }
}

const both = { input: () => ({}), output: () => ({}) };
const own = reducer(0, (n, write: number) => n + write);

test("graphs that share a channel of one kind, or are mapped, are fine", () => {
  expect(issuesOf({ a: sum(), b: sum() }, graphOf({ a: sum(), c: append() }))).toEqual([]);
  expect(issuesOf({ a: sum() }, graphOf({ c: append() }), both)).toEqual([]);
  expect(issuesOf({ a: sum() }, graphOf({ a: append() }), both)).toEqual([]);
  expect(issuesOf({ a: own }, graphOf({ a: own }), { output: () => ({}) })).toEqual([]);
});

test("two channels of one name and different kinds cannot be shared", () => {
  const message = 'channel "a" is of kind "sum", and "append" in the graph that is node "sub"';
  for (const options of [{}, { input: both.input }, { output: both.output }])
    expect(issuesOf({ a: sum() }, graphOf({ a: append() }), options)).toEqual([["subgraphChannels", message]]);
});

test("a channel with a fold of the user's own is shared only with an output", () => {
  const [issue, another] = issuesOf({ a: own }, graphOf({ a: own }));
  expect([issue?.[0], another]).toEqual(["subgraphChannels", undefined]);
  expect(issue?.[1]).toContain('channel "a" of kind "reducer"');
});

test("graphs that have nothing in common are no node and its graph", () => {
  expect(issuesOf({ a: sum() }, graphOf({ b: sum() }))).toEqual([
    ["subgraphChannels", 'node "sub" and graph "inner" share no channel'],
  ]);
});

test("input and output are for graphs only, and functions", () => {
  expect(issuesOf({ a: sum() }, () => undefined, both).map(([kind]) => kind)).toEqual(["strayOption", "strayOption"]);
  expect(issuesOf({ a: sum() }, graphOf({ a: sum() }), { input: 1, output: {} }).map(([kind]) => kind)).toEqual([
    "invalidOption",
    "invalidOption",
  ]);
});

test("what is neither a function nor a compiled graph is no node", () => {
  for (const node of [undefined, null, {}, { plan: {}, fingerprint: "" }, "x", new StateGraph({})])
    expect(issuesOf({ a: sum() }, node).map(([kind]) => kind)).toEqual(["invalidNode"]);
});

test("T4: the fingerprint of a graph tells its subgraphs, at every depth", () => {
  const around = (node: unknown) => {
    const graph = new StateGraph({ a: sum() }).addNode("n", node as () => undefined);
    return graph.addEdge(START, "n").addEdge("n", END).compile();
  };
  const prints = [graphOf({ a: sum() }), graphOf({ a: sum(), b: merge({}) })].flatMap((inner) => [
    around(inner).fingerprint,
    around(around(inner)).fingerprint,
  ]);
  expect(new Set(prints).size).toBe(4);
  expect(around(graphOf({ a: sum() })).fingerprint).toBe(prints[0]);
});

test("a node that is a graph is drawn with a double frame, and whole as JSON", () => {
  const inner = graphOf({ a: lastValue(0) });
  const app = new StateGraph({ a: lastValue(0) }).addNode("n", inner).addEdge(START, "n").addEdge("n", END).compile();
  expect(app.toMermaid()).toContain('n1[["n"]]');
  expect(app.toDot()).toContain('n1 [label="n", shape=box, peripheries=2];');
  expect(app.toJSON().nodes).toEqual([{ name: "n", defer: false, graph: inner.toJSON() }]);
});
