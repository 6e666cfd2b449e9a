import { describe, expect, test } from "vitest";
import { isCommand } from "../../src/graph/command.js";
import { isSend } from "../../src/graph/target.js";
import {
  append,
  Command,
  computeNextFrontier,
  END,
  ephemeral,
  lastValue,
  Send,
  START,
  StateGraph,
  type TaskResult,
} from "../../src/index.js";
import { NO_PROGRESS } from "../../src/superstep/frontier.js";

const node = () => undefined;

test("F1: what leads out of a node is kept in order of declaration", () => {
  const { plan } = new StateGraph({ value: lastValue(0) })
    .addNode("a", node)
    .addNode("b", node)
    .addNode("c", node)
    .addEdge(START, "a")
    .addEdge("a", "c")
    .addConditionalEdges("a", () => "b", ["b"])
    .addEdge(["a", "b"], "c")
    .addEdge("a", "b")
    .addConditionalEdges("a", () => END)
    .addEdge("c", END)
    .compile();
  const a = plan.nodes.get("a");
  expect(a?.exits.map((exit) => (exit.kind === "edge" ? exit.to : `join ${exit.join.to}`))).toEqual([
    "c",
    "join c",
    "b",
  ]);
  expect(a?.routes.map(({ targets }) => targets && [...targets])).toEqual([["b"], undefined]);
  expect(plan.start.exits).toEqual([{ kind: "edge", to: "a" }]);
});

test("the plan knows channels by name, whatever the name, and which are ephemeral", () => {
  const { plan } = new StateGraph({ constructor: lastValue(0), note: ephemeral<string>(), list: append<string>() })
    .addNode("a", node)
    .addEdge(START, "a")
    .addEdge("a", END)
    .compile();
  expect([...plan.channels.keys()]).toEqual(["constructor", "note", "list"]);
  expect(plan.ephemeral).toEqual(["note"]);
  expect(plan.channels.get("toString")).toBeUndefined();
});

describe("F4: joins:", () => {
  test("a join has one id, in whatever order its sources are listed", () => {
    const ids = [["a", "b"] as const, ["b", "a"] as const].map((sources) => [...joined(sources).plan.joins.keys()]);
    expect(ids[0]).toEqual(ids[1]);
  });

  test("P53: names cannot run together into the id of another join", () => {
    const graph = new StateGraph({}).addNode("a", node).addNode("b", node).addNode('a","b', node).addNode("j", node);
    const app = graph
      .addEdge(START, "a")
      .addEdge(START, "b")
      .addEdge(START, 'a","b')
      .addEdge(["a", "b"], "j")
      .addEdge(['a","b'], "j")
      .addEdge("j", END)
      .compile();
    expect(app.plan.joins.size).toBe(2);
  });

  test("P53: a join that was declared twice is one join: it fires once, and then waits for both again", () => {
    const { plan } = joined(["a", "b"], ["b", "a"]);
    const answers = new Map();
    const fired = computeNextFrontier({ plan, results: ["a", "b"].map(ran), answers, progress: NO_PROGRESS });
    expect(fired.targets).toEqual(["j"]);
    expect(fired.progress.joins).toEqual({});
    const again = computeNextFrontier({ plan, results: [ran("a")], answers, progress: fired.progress });
    expect(again.targets).toEqual([]);
  });
});

function ran(name: string): TaskResult {
  return { task: { id: `t.${name}`, node: name }, outcome: { updates: [], routes: [] } };
}

/** a and b, joined into j by each of these. */
function joined(...joins: readonly (readonly ("a" | "b")[])[]) {
  const graph = new StateGraph({}).addNode("a", node).addNode("b", node).addNode("j", node);
  graph.addEdge(START, "a").addEdge(START, "b");
  for (const sources of joins) graph.addEdge(sources, "j");
  return graph.addEdge("j", END).compile();
}

test("F5: a frontier with nowhere to go is empty, not at END", () => {
  const { plan } = joined(["a", "b"]);
  const outcome = { updates: [], routes: [{ mode: "replace" as const, targets: [] }] };
  const results = [{ task: { id: "t.1", node: "j" }, outcome }];
  expect(computeNextFrontier({ plan, results, answers: new Map(), progress: NO_PROGRESS }).end).toEqual({
    kind: "emptyFrontier",
  });
});

describe("a Command:", () => {
  test("goto may be one target or several, or none: none at all is no word about control, an empty list is", () => {
    const send = new Send("a", 1);
    expect(new Command({ goto: "a" })).toMatchObject({ goto: ["a"], mode: "replace", routes: true });
    expect(new Command({ goto: [send, END] }).goto).toEqual([send, END]);
    expect(new Command({ goto: send }).goto).toEqual([send]);
    expect(new Command({ update: {} })).toMatchObject({ goto: [], routes: false });
    expect(new Command({ goto: [] })).toMatchObject({ goto: [], routes: true });
  });

  test("commands and Sends of another copy of the library are known, and nothing else is", () => {
    const other = { [Symbol.for("superstep.command")]: true };
    expect([new Command({}), other].map(isCommand)).toEqual([true, true]);
    expect([new Send("a", 1), { [Symbol.for("superstep.send")]: true }].map(isSend)).toEqual([true, true]);
    for (const value of [
      null,
      undefined,
      "a",
      {},
      { goto: "a" },
      { node: "a", input: 1 },
      Command,
      Send,
      () => undefined,
    ]) {
      expect(isCommand(value)).toBe(false);
      expect(isSend(value)).toBe(false);
    }
  });
});
