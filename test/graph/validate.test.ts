import { describe, expect, test } from "vitest";
import {
  type Channel,
  type Channels,
  END,
  type GraphIssue,
  GraphValidationError,
  lastValue,
  messages,
  START,
  StateGraph,
} from "../../src/index.js";

type LooseGraph = StateGraph<Channels, string>;
const node = () => undefined;

/** A graph whose names the compiler does not check, as JavaScript would write it. */
function graph(channels: Channels = { value: lastValue(0) }): LooseGraph {
  return new StateGraph<Channels, string>(channels, { name: "test" });
}

function added(...names: readonly string[]): LooseGraph {
  return names.reduce((now, name) => now.addNode(name, node), graph());
}

function refusal(from: LooseGraph): GraphValidationError {
  try {
    from.compile();
  } catch (error) {
    if (error instanceof GraphValidationError) return error;
    throw error;
  }
  throw new TypeError("the graph compiled");
}

/** What is wrong with it: `kind: message`. */
function issuesOf(from: LooseGraph): readonly string[] {
  return refusal(from).issues.map(({ kind, message }) => `${kind}: ${message}`);
}

describe("each issue, alone:", () => {
  const wrong: unknown = "wrong";
  const alone: Readonly<Record<string, readonly [from: () => LooseGraph, issue: string]>> = {
    "an edge to nowhere": [
      () => added("a").addEdge(START, "a").addEdge("a", "z").addEdge("a", END),
      'unknownNode: unknown node "z" in the edge from "a" to "z"',
    ],
    "an edge from nowhere": [
      () => added("a").addEdge(START, "a").addEdge("z", "a").addEdge("a", END),
      'unknownNode: unknown node "z" in the edge from "z" to "a"',
    ],
    "an edge back to START": [
      () => added("a").addEdge(START, "a").addEdge("a", START).addEdge("a", END),
      'unknownNode: unknown node "__start__" in the edge from "a" to "__start__"',
    ],
    "an edge out of END": [
      () => added("a").addEdge(START, "a").addEdge("a", END).addEdge(END, "a"),
      "edgeFromEnd: an edge leads out of END",
    ],
    "a join from nowhere": [
      () => added("a", "j").addEdge(START, "a").addEdge(["a", "z"], "j").addEdge("a", "j").addEdge("j", END),
      'unknownNode: unknown node "z" in the join into "j"',
    ],
    "a join to nowhere": [
      () => added("a", "b").addEdge(START, "a").addEdge("a", "b").addEdge(["a", "b"], "z").addEdge("b", END),
      'unknownNode: unknown node "z" in the join into "z"',
    ],
    "a join with START": [
      () => added("a", "j").addEdge(START, "a").addEdge(["a", START], "j").addEdge("a", "j").addEdge("j", END),
      'unknownNode: unknown node "__start__" in the join into "j"',
    ],
    "a join of nothing": [
      () => added("a").addEdge(START, "a").addEdge([], "a").addEdge("a", END),
      'emptyJoin: the join into "a" has no sources',
    ],
    "a join that lists a source twice": [
      () => added("a", "j").addEdge(START, "a").addEdge(["a", "a"], "j").addEdge("j", END),
      'duplicateSource: the join into "j" lists a source twice',
    ],
    "a route to nowhere": [
      () =>
        added("a")
          .addEdge(START, "a")
          .addConditionalEdges("a", () => END, ["z", END]),
      'unknownNode: unknown node "z" in the conditional edges from "a"',
    ],
    "a route from nowhere": [
      () =>
        added("a")
          .addEdge(START, "a")
          .addConditionalEdges("z", () => END)
          .addEdge("a", END),
      'unknownNode: unknown node "z" in the conditional edges from "z"',
    ],
    "a route that is no function": [
      () =>
        added("a")
          .addEdge(START, "a")
          .addConditionalEdges("a", wrong as never, [END]),
      'invalidRoute: the conditional edges from "a" have no route function',
    ],
    "a route with an empty list of targets": [
      () =>
        added("a")
          .addEdge(START, "a")
          .addConditionalEdges("a", () => END, [])
          .addEdge("a", END),
      'noTargets: the conditional edges from "a" declare no targets',
    ],
    "ends that lead nowhere": [
      () =>
        graph()
          .addNode("a", node, { ends: ["z", END] })
          .addEdge(START, "a"),
      'unknownNode: unknown node "z" in the ends of node "a"',
    ],
    "a node twice": [
      () => added("a", "a").addEdge(START, "a").addEdge("a", END),
      'duplicateNode: node "a" is added twice',
    ],
    "a node that is no function": [
      () =>
        graph()
          .addNode("a", wrong as never)
          .addEdge(START, "a")
          .addEdge("a", END),
      'invalidNode: node "a" is no function',
    ],
    "a node without a name": [
      () => added("").addEdge(START, "").addEdge("", END),
      'reservedName: node name "" is reserved',
    ],
    "a node called __proto__": [
      () => added("__proto__").addEdge(START, "__proto__").addEdge("__proto__", END),
      'reservedName: node name "__proto__" is reserved',
    ],
    "a node out of reach": [
      () => added("a", "b").addEdge(START, "a").addEdge("a", END).addEdge("b", END),
      'unreachable: node "b" cannot be reached',
    ],
    "no way to END": [() => added("a").addEdge(START, "a").addEdge("a", "a"), "noEnd: no way leads to END"],
    "a channel that is none": [
      () =>
        new StateGraph<Channels, string>({ value: wrong as never })
          .addNode("a", node)
          .addEdge(START, "a")
          .addEdge("a", END),
      'invalidChannel: channel "value" is no channel',
    ],
    "a channel that is nothing": [
      () =>
        new StateGraph<Channels, string>({ value: undefined as never })
          .addNode("a", node)
          .addEdge(START, "a")
          .addEdge("a", END),
      'invalidChannel: channel "value" is no channel',
    ],
    "an initial value that cannot be stored": [
      () =>
        graph({ value: lastValue({ f: node }) })
          .addNode("a", node)
          .addEdge(START, "a")
          .addEdge("a", END),
      'invalidChannel: initial value of channel "value" cannot be used: value.f is a function, which cannot be stored without loss',
    ],
    "an initial value that throws": [
      () =>
        graph({ value: throwing(undefined) })
          .addNode("a", node)
          .addEdge(START, "a")
          .addEdge("a", END),
      'invalidChannel: initial value of channel "value" cannot be used: undefined was thrown',
    ],
    "an initial list of messages with one id twice": [
      () =>
        graph({
          talk: messages([
            { id: "m", role: "user", content: "" },
            { id: "m", role: "user", content: "" },
          ]),
        })
          .addNode("a", node)
          .addEdge(START, "a")
          .addEdge("a", END),
      'invalidChannel: initial value of channel "talk" cannot be used: two messages have the id "m"',
    ],
    "a channel called __proto__": [
      () =>
        graph(JSON.parse('{"__proto__": {}}') as Channels)
          .addNode("a", node)
          .addEdge(START, "a")
          .addEdge("a", END),
      'reservedName: channel name "__proto__" is reserved',
    ],
  };

  test.each(Object.entries(alone))("%s", (_, [from, issue]) => {
    expect(issuesOf(from())).toEqual([issue]);
  });

  test.each([START, END])("a node called %s", (name) => {
    expect(issuesOf(added(name, "a").addEdge(START, "a").addEdge("a", END))).toContain(
      `reservedName: node name "${name}" is reserved`,
    );
  });

  test.each([undefined, null, 7, Symbol("s")])("a node whose name is %s", (name) => {
    const from = added("a")
      .addNode(name as never, node)
      .addEdge(START, "a")
      .addEdge("a", END);
    expect(issuesOf(from)).toContain(`reservedName: node name "${String(name)}" is reserved`);
  });
});

test("P11: a graph that nothing leads into, with all that follows from it", () => {
  const follows = ['unreachable: node "a" cannot be reached', "noEnd: no way leads to END"];
  expect(issuesOf(added("a").addEdge("a", END))).toEqual(["noEntry: nothing leads out of START", ...follows]);
  expect(issuesOf(graph())).toEqual(["noEntry: nothing leads out of START", "noEnd: no way leads to END"]);
});

describe("F4: joins that can never fire:", () => {
  test("one that waits for what only it leads to", () => {
    const from = added("a", "j", "b").addEdge(START, "a").addEdge(["a", "b"], "j").addEdge("j", "b").addEdge("j", END);
    expect(issuesOf(from)).toEqual([
      'unreachable: node "j" cannot be reached',
      'unreachable: node "b" cannot be reached',
      "noEnd: no way leads to END",
      'joinNeverFires: the join into "j" can never fire: b cannot run before it',
    ]);
  });

  test("two that wait for each other", () => {
    const from = added("a", "p", "q")
      .addEdge(START, "a")
      .addEdge(["a", "q"], "p")
      .addEdge(["a", "p"], "q")
      .addEdge("a", END);
    expect(issuesOf(from).filter((issue) => issue.startsWith("joinNeverFires"))).toEqual([
      'joinNeverFires: the join into "p" can never fire: q cannot run before it',
      'joinNeverFires: the join into "q" can never fire: p cannot run before it',
    ]);
  });

  test("one whose source is out of reach, though its target is not", () => {
    const from = added("a", "b", "j").addEdge(START, "a").addEdge("a", "j").addEdge(["a", "b"], "j").addEdge("j", END);
    expect(issuesOf(from)).toEqual([
      'unreachable: node "b" cannot be reached',
      'joinNeverFires: the join into "j" can never fire: b cannot run before it',
    ]);
  });

  test("P21: one whose sources are reached at different depths can fire", () => {
    added("a", "b", "c", "j")
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", "c")
      .addEdge(["a", "c"], "j")
      .addEdge("j", END)
      .compile();
  });

  test("one in a cycle that is entered from outside can fire", () => {
    added("a", "b", "j")
      .addEdge(START, "a")
      .addEdge(START, "b")
      .addEdge(["a", "b"], "j")
      .addEdge("j", "a")
      .addEdge("j", END)
      .compile();
  });
});

describe("what counts as reachable:", () => {
  test("what a conditional edge without declared targets may reach: every node, and END", () => {
    added("a", "b", "c")
      .addEdge(START, "a")
      .addConditionalEdges("a", () => "c")
      .compile();
    added("a")
      .addConditionalEdges(START, () => "a")
      .compile();
  });

  test("declared targets only, where they are declared", () => {
    const from = added("a", "b", "c")
      .addEdge(START, "a")
      .addConditionalEdges("a", () => "b", ["b", END]);
    expect(issuesOf(from)).toEqual(['unreachable: node "c" cannot be reached']);
  });

  test("the declared ends of a node that is reachable itself", () => {
    graph()
      .addNode("a", node, { ends: ["b", END] })
      .addNode("b", node)
      .addEdge(START, "a")
      .compile();
    const from = graph()
      .addNode("a", node)
      .addNode("b", node, { ends: ["c"] })
      .addNode("c", node);
    expect(issuesOf(from.addEdge(START, "a").addEdge("a", END))).toEqual([
      'unreachable: node "b" cannot be reached',
      'unreachable: node "c" cannot be reached',
    ]);
  });

  test("P11: what START's conditional edges reach", () => {
    added("a")
      .addConditionalEdges(START, () => "a", ["a"])
      .addEdge("a", END)
      .compile();
  });

  test("declared in any order", () => {
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
    let from = added(...names)
      .addEdge("n0", END)
      .addEdge(START, "n299");
    for (let i = 0; i < 299; i++) from = from.addEdge(`n${i + 1}`, `n${i}`);
    from.compile();
  });
});

test("L5: everything is reported at once, and each issue says what to do", () => {
  const from = added("a", "a", "lost")
    .addEdge("a", "z")
    .addEdge(["a", "a"], "y")
    .addConditionalEdges("a", () => END, []);
  const error = refusal(from);
  expect(error.issues.map(({ kind }) => kind)).toEqual([
    "duplicateNode",
    "unknownNode",
    "duplicateSource",
    "unknownNode",
    "noTargets",
    "noEntry",
    "unreachable",
    "unreachable",
    "noEnd",
    "joinNeverFires",
  ]);
  for (const { message, help } of error.issues) {
    expect(help).toMatch(/^\S.*[^.]$/);
    expect(error.message).toContain(`\n  - ${message}: ${help}`);
  }
  expect(error.message).toMatch(/^graph "test" has 10 issues\n/);
});

test("the issues are data that survives JSON", () => {
  const { issues } = refusal(added("a"));
  expect(JSON.parse(JSON.stringify(issues)) as GraphIssue[]).toEqual(issues);
});

test("cycles are legal: of one node, of two, and around a join", () => {
  added("a").addEdge(START, "a").addEdge("a", "a").addEdge("a", END).compile();
  added("a", "b").addEdge(START, "a").addEdge("a", "b").addEdge("b", "a").addEdge("b", END).compile();
});

test("names that every object inherits are names like any other", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "end", "START", " ", "n0", "🙂", 'a"b', "a\nb"];
  let from = names.reduce(
    (now, name) => now.addNode(name, node),
    graph(Object.fromEntries(names.map((name) => [name, lastValue(0)]))),
  );
  for (const name of names) from = from.addEdge(START, name).addEdge(name, END);
  expect(from.compile().nodes).toEqual(names);
  expect(issuesOf(added("a").addEdge(START, "a").addEdge("a", "constructor").addEdge("a", END))).toEqual([
    'unknownNode: unknown node "constructor" in the edge from "a" to "constructor"',
  ]);
});

function throwing(thrown: unknown): Channel<number> {
  const initial = (): never => {
    throw thrown;
  };
  return { kind: "own", initial, reduce: (now) => now };
}
