import { describe, expect, test } from "vitest";
import {
  append,
  type Channel,
  type Channels,
  END,
  ephemeral,
  lastValue,
  merge,
  messages,
  type NodeOptions,
  type RouteFn,
  reducer,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";

const node = () => undefined;
const route = () => END;

interface Parts {
  readonly channels: Channels;
  readonly nodes: Readonly<Record<string, NodeOptions<Channels>>>;
  readonly edges: readonly (readonly [from: string | readonly string[], to: string])[];
  readonly routes: readonly (readonly [from: string, targets?: readonly string[], route?: RouteFn<Channels>])[];
}

const base: Parts = {
  channels: { a: lastValue(0), b: append<unknown>() },
  nodes: { x: {}, y: {}, z: {} },
  edges: [
    [START, "x"],
    ["x", "y"],
    [["x", "y"], "z"],
    ["z", END],
  ],
  routes: [["x", ["y", "z"]], ["y"]],
};

/** The fingerprint of the base graph with some parts changed. */
function fingerprint(changed: Partial<Parts> = {}, name?: string): string {
  const { channels, nodes, edges, routes } = { ...base, ...changed };
  let graph = new StateGraph<Channels, string>(channels, name === undefined ? {} : { name });
  for (const [key, options] of Object.entries(nodes)) graph = graph.addNode(key, node, options);
  for (const [from, to] of edges) graph = graph.addEdge(from, to);
  for (const [from, targets, fn] of routes) graph = graph.addConditionalEdges(from, fn ?? route, targets);
  return graph.compile().fingerprint;
}

test("it is sixteen hexadecimal digits, the same today and tomorrow", () => {
  expect(fingerprint()).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint()).toBe(fingerprint());
});

describe("T4: it is equal for equal definitions in any order of declaration:", () => {
  const reversed = <T extends object>(record: T): T => Object.fromEntries(Object.entries(record).reverse()) as T;
  test.each<[string, Partial<Parts>]>([
    ["channels", { channels: reversed(base.channels) }],
    ["nodes", { nodes: reversed(base.nodes) }],
    ["edges", { edges: [...base.edges].reverse() }],
    ["routes", { routes: [...base.routes].reverse() }],
    [
      "the sources of a join",
      { edges: base.edges.map(([from, to]) => [typeof from === "string" ? from : [...from].reverse(), to]) },
    ],
    ["the targets of a route", { routes: [["x", ["z", "y"]], ["y"]] }],
    ["an edge said twice", { edges: [...base.edges, ["x", "y"], [["y", "x"], "z"]] }],
    ["a target said twice", { routes: [["x", ["z", "y", "z"]], ["y"]] }],
  ])("%s", (_, changed) => {
    expect(fingerprint(changed)).toBe(fingerprint());
  });

  test("ends", () => {
    const ends = (...names: string[]) => fingerprint({ nodes: { ...base.nodes, z: { ends: names } } });
    expect(ends("x", "y")).toBe(ends("y", "x"));
  });

  test("the graph's name and what the nodes do are no part of it", () => {
    expect(fingerprint({}, "other")).toBe(fingerprint());
    expect(
      fingerprint({ nodes: { ...base.nodes, x: { timeoutMs: 5, retry: { maxAttempts: 3 }, limit: "llm" } } }),
    ).toBe(fingerprint());
    expect(fingerprint({ channels: { ...base.channels, a: lastValue(7) } })).toBe(fingerprint());
  });
});

describe("it differs for every real difference:", () => {
  const count = (draft: number, write: number) => draft + write;
  const differences: Readonly<Record<string, Partial<Parts>>> = {
    "one channel more": { channels: { ...base.channels, c: sum() } },
    "one channel less": { channels: { a: lastValue(0) } },
    "another name of a channel": { channels: { a: lastValue(0), B: append<unknown>() } },
    "kinds of two channels swapped": { channels: { a: append<unknown>(), b: lastValue(0) } },
    "another kind: sum": { channels: { ...base.channels, a: sum() } },
    "another kind: ephemeral": { channels: { ...base.channels, a: ephemeral() } },
    "another kind: merge": { channels: { ...base.channels, a: merge({}) } },
    "another kind: messages": { channels: { ...base.channels, a: messages() } },
    "a label": { channels: { ...base.channels, a: lastValue(0, { label: "v2" }) } },
    "a reducer": { channels: { ...base.channels, a: reducer(0, count) } },
    "another reducer": {
      channels: { ...base.channels, a: reducer(0, (draft: number, write: number) => draft - write) },
    },
    "a reducer with a label": { channels: { ...base.channels, a: reducer(0, count, { label: "count" }) } },
    "another name of a node": {
      nodes: { x: {}, y: {}, w: {} },
      edges: [
        [START, "x"],
        ["x", "y"],
        [["x", "y"], "w"],
        ["w", END],
      ],
      routes: [["x", ["y", "w"]], ["y"]],
    },
    "one node more": { nodes: { ...base.nodes, w: {} } },
    "a deferred node": { nodes: { ...base.nodes, z: { defer: true } } },
    ends: { nodes: { ...base.nodes, z: { ends: ["x"] } } },
    "other ends": { nodes: { ...base.nodes, z: { ends: ["y"] } } },
    "no ends, declared": { nodes: { ...base.nodes, z: { ends: [] } } },
    "one edge more": { edges: [...base.edges, ["y", "x"]] },
    "one edge less": {
      edges: [
        [START, "x"],
        [["x", "y"], "z"],
        ["z", END],
      ],
    },
    "an edge the other way": {
      edges: [
        [START, "x"],
        ["y", "x"],
        [["x", "y"], "z"],
        ["z", END],
      ],
    },
    "two edges for a join": {
      edges: [
        [START, "x"],
        ["x", "y"],
        ["x", "z"],
        ["y", "z"],
        ["z", END],
      ],
    },
    "a join of one": {
      edges: [
        [START, "x"],
        ["x", "y"],
        [["y"], "z"],
        ["z", END],
      ],
    },
    "an edge for a join of one": {
      edges: [
        [START, "x"],
        ["x", "y"],
        ["y", "z"],
        ["z", END],
      ],
    },
    "one route less": { routes: [["x", ["y", "z"]]] },
    "one route more": { routes: [...base.routes, ["z"]] },
    "the same route twice": { routes: [...base.routes, ["y"]] },
    "other targets": { routes: [["x", ["y"]], ["y"]] },
    "no declared targets": { routes: [["x"], ["y"]] },
    "a route to END": { routes: [["x", ["y", "z", END]], ["y"]] },
  };

  test.each(Object.entries(differences))("%s", (_, changed) => {
    expect(fingerprint(changed)).not.toBe(fingerprint());
  });

  test("and they all differ from each other", () => {
    const all = Object.values(differences).map((changed) => fingerprint(changed));
    expect(new Set(all).size).toBe(all.length);
  });

  test("names cannot run together: commas, quotes and newlines forge nothing", () => {
    const forged = (...names: string[]) => {
      const routes = [["x", ["y", "z"]], ["y"]] as const;
      return fingerprint({ channels: Object.fromEntries(names.map((name) => [name, sum()])), routes });
    };
    const all = [forged("a", "b"), forged('a","b'), forged("a,b"), forged('a"]\n["channel","b'), forged("ab")];
    expect(new Set(all).size).toBe(all.length);
  });

  test("a channel of the user's own counts by its kind and its label", () => {
    const own = (kind: string, label?: string): Channel<number> => ({
      kind,
      initial: () => 0,
      reduce: count,
      ...(label && { label }),
    });
    const all = [own("a"), own("b"), own("a", "v2")].map((a) => fingerprint({ channels: { ...base.channels, a } }));
    expect(new Set(all).size).toBe(3);
  });

  test("graphs that differ in one letter are told apart, ten thousand of them", () => {
    const all = Array.from({ length: 10_000 }, (_, i) => {
      const graph = new StateGraph<Channels, string>({ [`c${i}`]: sum() })
        .addNode("x", node)
        .addEdge(START, "x")
        .addEdge("x", END);
      return graph.compile().fingerprint;
    });
    expect(new Set(all).size).toBe(all.length);
  });
});
