import { expect, test } from "vitest";
import { AppRunner, append, END, lastValue, START, StateGraph } from "../../src/index.js";

const node = () => undefined;

function small() {
  return new StateGraph({ value: lastValue(0) }, { name: "small" })
    .addNode("a", node)
    .addNode("b", node)
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", END);
}

test("an app knows its name and its nodes, in order of declaration", () => {
  const app = small().compile();
  expect(app.name).toBe("small");
  expect(app.nodes).toEqual(["a", "b"]);
  expect(new StateGraph({}).addNode("a", node).addEdge(START, "a").addEdge("a", END).compile().name).toBe("graph");
});

test("an app is frozen", () => {
  const app = small().compile();
  expect(Object.isFrozen(app)).toBe(true);
  expect(Object.isFrozen(app.nodes)).toBe(true);
  expect(Object.isFrozen(app.plan)).toBe(true);
});

test("what is added after compile() changes no app that was compiled before", () => {
  const graph = small();
  const app = graph.compile();
  const drawn = [app.toMermaid(), app.toDot(), JSON.stringify(app)];
  const larger = graph.addNode("c", node).addEdge("b", "c").addEdge("c", END).compile();
  expect(app.nodes).toEqual(["a", "b"]);
  expect([...app.plan.nodes.keys()]).toEqual(["a", "b"]);
  expect([app.toMermaid(), app.toDot(), JSON.stringify(app)]).toEqual(drawn);
  expect(larger.nodes).toEqual(["a", "b", "c"]);
  expect(larger.fingerprint).not.toBe(app.fingerprint);
});

test("what was given to the builder may be changed afterwards without changing the graph", () => {
  const channels = { value: lastValue(0) };
  const ends = ["b", END];
  const options = { ends, defer: false };
  const targets: ("b" | typeof END)[] = ["b", END];
  const graph = new StateGraph(channels).addNode("a", node, options).addNode("b", node);
  const sources: ("a" | "b")[] = ["a", "b"];
  graph
    .addEdge(START, "a")
    .addEdge(sources, END)
    .addConditionalEdges("a", () => "b", targets);
  const first = graph.compile();
  const drawn = JSON.stringify(first);
  Object.assign(channels, { other: append() });
  ends.length = 0;
  options.defer = true;
  targets.length = 0;
  sources.length = 0;
  expect(JSON.stringify(first)).toBe(drawn);
  expect(first.plan.nodes.get("a")?.options).toMatchObject({ ends: ["b", END], defer: false });
  expect(graph.compile().fingerprint).toBe(first.fingerprint);
});

test("one app serves several runners, which share nothing", async () => {
  const app = small().compile();
  const [one, two] = [new AppRunner(app), new AppRunner(app)];
  await one.invoke("s", { value: 1 });
  await two.invoke("s", { value: 2 });
  expect((await one.session("s")).state.value).toBe(1);
  expect((await two.session("s")).state.value).toBe(2);
});

test("the drawing as JSON is plain data, in order of declaration", () => {
  const app = new StateGraph({ value: lastValue(0), list: append() }, { name: "all kinds" })
    .addNode("a", node, { ends: ["b"], defer: true })
    .addNode("b", node)
    .addNode("c", node)
    .addEdge(START, "a")
    .addEdge(["a", "b"], "c")
    .addConditionalEdges("a", () => "b", ["b"])
    .addConditionalEdges("c", () => END)
    .compile();
  const drawing = {
    name: "all kinds",
    fingerprint: app.fingerprint,
    channels: [
      { name: "value", kind: "lastValue" },
      { name: "list", kind: "append" },
    ],
    nodes: [
      { name: "a", defer: true, ends: ["b"] },
      { name: "b", defer: false },
      { name: "c", defer: false },
    ],
    edges: [
      { kind: "edge", from: START, to: "a" },
      { kind: "join", from: ["a", "b"], to: "c" },
      { kind: "conditional", from: "a", targets: ["b"] },
      { kind: "conditional", from: "c" },
    ],
  };
  expect(app.toJSON()).toEqual(drawing);
  expect(JSON.parse(JSON.stringify(app))).toEqual(drawing);
});

test("five thousand nodes in a row compile, whatever the machine does besides", () => {
  let graph = new StateGraph<{ value: ReturnType<typeof lastValue<number>> }, string>({ value: lastValue(0) });
  for (let i = 0; i < 5_000; i++) graph = graph.addNode(`n${i}`, node);
  for (let i = 4_999; i > 0; i--) graph = graph.addEdge(`n${i - 1}`, `n${i}`);
  const app = graph.addEdge(START, "n0").addEdge("n4999", END).compile();
  expect(app.nodes).toHaveLength(5_000);
});
