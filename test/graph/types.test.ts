/** What the compiler says about graphs. The marked lines below must not compile; `npm run check:types` looks at them too. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  append,
  Command,
  END,
  lastValue,
  merge,
  messages,
  reducer,
  Send,
  START,
  StateGraph,
  type StateOf,
  sum,
} from "../../src/index.js";
import { problems } from "../compiler.js";

const SELF = fileURLToPath(import.meta.url);
const GENERATED = SELF.replace("types.test.ts", "generated.ts");

const channels = {
  query: lastValue(""),
  documents: append<string>(),
  facts: merge<{ name?: string; born?: Date; deep?: { n: number } }>({}),
  tokens: sum(),
  talk: messages(),
  own: reducer<string[], number>([], (draft, n) => {
    draft.push(String(n));
  }),
};

/** Compiled, and never run. */
const neverRun = [
  () => {
    const graph = new StateGraph(channels).addNode("write", () => ({})).addNode("review", () => ({}));
    graph
      .addEdge(START, "write")
      .addEdge("write", "review")
      .addEdge(["write", "review"], "review")
      .addEdge("review", END);
    graph.addConditionalEdges("review", () => ["write", END, new Send("write", 1)], ["write", END]);
    graph.addConditionalEdges("review", async ({ query }) => (query === "" ? "write" : END));
    // @ts-expect-error: a misspelt target
    graph.addEdge("write", "reveiw");
    // @ts-expect-error: a misspelt source
    graph.addEdge("wriet", "review");
    // @ts-expect-error: a misspelt source of a join
    graph.addEdge(["write", "reveiw"], "review");
    // @ts-expect-error: nothing leads to START
    graph.addEdge("write", START);
    // @ts-expect-error: nothing leads out of END
    graph.addEdge(END, "write");
    // @ts-expect-error: a misspelt origin of a route
    graph.addConditionalEdges("wriet", () => END);
    // @ts-expect-error: a misspelt declared target
    graph.addConditionalEdges("write", () => END, ["reveiw"]);
    // @ts-expect-error: a misspelt answer
    graph.addConditionalEdges("write", () => "reveiw");
    // @ts-expect-error: a misspelt answer in a Send
    graph.addConditionalEdges("write", () => new Send("reveiw", 1));
    // @ts-expect-error: a route that looks for a channel that is not there
    graph.addConditionalEdges("write", ({ qurey }) => (qurey ? "write" : END));
  },
  () => {
    const graph = new StateGraph(channels).addNode("write", () => ({}));
    // @ts-expect-error: one name twice
    graph.addNode("write", () => ({}));
    // @ts-expect-error: a reserved name
    graph.addNode(START, () => ({}));
    // @ts-expect-error: a reserved name
    graph.addNode(END, () => ({}));
    // @ts-expect-error: a node that is no function
    graph.addNode("review", "review");
  },
  () => {
    const graph = new StateGraph(channels);
    graph.addNode("a", ({ query, documents, talk }) => ({
      query: query + documents.length,
      tokens: talk.length,
      own: 3,
    }));
    graph.addNode("b", async () => ({ documents: "one", talk: { role: "user", content: "hi" } }));
    graph.addNode("c", () => ({
      documents: ["one", "two"],
      facts: { name: null, deep: { n: 1 } },
      query: undefined as never,
    }));
    graph.addNode("d", () => new Command({ update: { query: "" }, goto: "a" }));
    graph.addNode("e", () => [new Command({ goto: new Send("a", 1) }), new Command({ goto: [END], mode: "append" })]);
    graph.addNode("f", () => undefined);
    // @ts-expect-error: a write of another type
    graph.addNode("g", () => ({ query: 7 }));
    // @ts-expect-error: a write of what the reducer does not take
    graph.addNode("h", () => ({ own: "seven" }));
    // @ts-expect-error: a misspelt channel in the state
    graph.addNode("i", ({ qurey }) => ({ query: qurey }));
    // @ts-expect-error: a list inside of a merge patch is a value
    graph.addNode("j", () => ({ facts: { born: [1] } }));
    graph.addNode("k", ({ documents }) => {
      // @ts-expect-error: the state is frozen
      documents.push("no");
    });
  },
  (state: StateOf<typeof channels>) => {
    const typed: readonly [string, readonly string[], number, string[]] = [
      state.query,
      state.documents,
      state.tokens,
      state.own,
    ];
    // @ts-expect-error: the state is frozen
    state.query = "";
    return typed;
  },
];

test("what should compile does, and a misspelt edge, a wrong write or a reserved name does not", () => {
  expect(neverRun).toHaveLength(4);
  expect(problems(SELF)).toEqual([]);
}, 60_000);

test("a graph of three hundred nodes in one chain compiles", () => {
  const text = chain(300);
  expect(problems(GENERATED, text)).toEqual([]);
  expect(problems(GENERATED, text.replace('addEdge("n150", "n151")', 'addEdge("n150", "n999")'))).toEqual([
    expect.stringContaining('"n999"'),
  ]);
}, 60_000);

/** A graph of so many nodes in one expression. (The compiler's stack ends at some 700 calls in a chain, of whatever class.) */
function chain(length: number): string {
  const names = Array.from({ length }, (_, i) => `n${i}`);
  const nodes = names.map((name, i) => `  .addNode("${name}", ({ count }) => ({ count: count + ${i} }))`);
  const edges = names.slice(1).map((name, i) => `graph.addEdge("n${i}", "${name}");`);
  const routes = names.map((name) => `graph.addConditionalEdges("${name}", () => ["n0", END], ["n0", END]);`);
  return [
    'import { END, lastValue, START, StateGraph } from "../../src/index.js";',
    "const graph = new StateGraph({ count: lastValue(0) })",
    ...nodes,
    '  .addEdge(START, "n0");',
    ...edges,
    ...routes,
    "const app = graph.compile();",
    `export const last: readonly ("${names.join('" | "')}")[] = app.nodes;`,
  ].join("\n");
}
