import { describe, expect, test } from "vitest";
import { type Channels, END, START, StateGraph } from "../../src/index.js";

const node = () => undefined;

/** Names that have broken drawings: reserved words, markup, ids of ours, and what no keyboard has. */
const hostile = [
  "end",
  "subgraph",
  "graph",
  "style",
  "n0",
  "START",
  "any node",
  'with "quotes"',
  "it's",
  "back\\slash",
  "\\",
  'trailing\\"',
  "line\nline",
  "line\r\nline",
  "return\rreturn",
  "tab\ttab",
  "[bracket](paren){brace}<angle>",
  "--> b",
  "a; b",
  "#35;",
  "&amp;",
  "%% comment",
  "`markdown`",
  "**bold**",
  "<script>alert(1)</script>",
  "🙂 emoji",
  "数字",
  "half \ud800",
  "constructor",
  "toString",
  " ",
  "]]--",
  "click n0 href",
];

function drawn(names: readonly string[], name = "g") {
  let graph = new StateGraph<Channels, string>({}, { name });
  for (const one of names) graph = graph.addNode(one, node);
  for (const one of names) graph = graph.addEdge(START, one).addEdge(one, END);
  return graph.compile();
}

const everyKind = new StateGraph({}, { name: "kinds" })
  .addNode("a", node, { ends: ["b", END] })
  .addNode("b", node)
  .addNode("c", node)
  .addEdge(START, "a")
  .addEdge("a", "b")
  .addEdge(["a", "b"], "c")
  .addConditionalEdges("b", () => "c", ["c", END])
  .addConditionalEdges("c", () => END)
  .compile();

test("Mermaid: joins are thick, conditional edges and ends dotted, START and END round", () => {
  expect(everyKind.toMermaid()).toBe(`flowchart TD
  n0(["START"])
  n1["a"]
  n2["b"]
  n3["c"]
  n4(["END"])
  n5(["any node"])
  n0 --> n1
  n1 --> n2
  n1 ==> n3
  n2 ==> n3
  n2 -.-> n3
  n2 -.-> n4
  n3 -.-> n5
  n1 -.-> n2
  n1 -.-> n4
`);
});

test("DOT: joins are bold, conditional edges and ends dashed", () => {
  expect(everyKind.toDot()).toBe(`digraph "kinds" {
  n0 [label="START"];
  n1 [label="a", shape=box];
  n2 [label="b", shape=box];
  n3 [label="c", shape=box];
  n4 [label="END"];
  n5 [label="any node"];
  n0 -> n1;
  n1 -> n2;
  n1 -> n3 [style=bold];
  n2 -> n3 [style=bold];
  n2 -> n3 [style=dashed];
  n2 -> n4 [style=dashed];
  n3 -> n5 [style=dashed];
  n1 -> n2 [style=dashed];
  n1 -> n4 [style=dashed];
}
`);
});

test("P15: START is drawn first and END last of the places that are there", () => {
  const lines = drawn(["a", "b"]).toMermaid().split("\n");
  expect(lines[1]).toBe('  n0(["START"])');
  expect(lines[4]).toBe('  n3(["END"])');
});

describe("L18: no name breaks a drawing:", () => {
  test.each(hostile)("%j in Mermaid", (name) => {
    const lines = drawn([name]).toMermaid().split("\n");
    expect(lines).toHaveLength(7);
    expect(lines[2]).toMatch(/^ {2}n1\["(?:[\p{L}\p{N} _.,:/-]|#\d+;)*"\]$/u);
    expect(mermaidText(lines[2] ?? "")).toBe(name);
    expect(lines.slice(4)).toEqual(["  n0 --> n1", "  n1 --> n2", ""]);
  });

  test.each(hostile)("%j in DOT", (name) => {
    const lines = drawn([name], name).toDot().split("\n");
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^digraph "(?:[^"\\\n]|\\.)*" \{$/);
    expect(lines[2]).toMatch(/^ {2}n1 \[label="(?:[^"\\\n]|\\.)*", shape=box\];$/);
    expect(dotText(lines[2] ?? "")).toBe(name.replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
  });

  test("all of them at once: a place for each, and each arrow where it belongs", () => {
    const app = drawn(hostile);
    const lines = app.toMermaid().split("\n");
    const places = lines.filter((line) => /^ {2}n\d+[[(]/.test(line));
    expect(places.map((line) => Number(/\d+/.exec(line)?.[0]))).toEqual(
      Array.from({ length: hostile.length + 2 }, (_, i) => i),
    );
    expect(lines.filter((line) => line.includes("-->")).every((line) => /^ {2}n\d+ --> n\d+$/.test(line))).toBe(true);
  });

  test("a node called like the place of an open route is not that place", () => {
    const app = new StateGraph({})
      .addNode("any node", node)
      .addEdge(START, "any node")
      .addConditionalEdges("any node", () => END)
      .compile();
    expect(app.toMermaid().split("\n").slice(1, -1)).toEqual([
      '  n0(["START"])',
      '  n1["any node"]',
      '  n2(["END"])',
      '  n3(["any node"])',
      "  n0 --> n1",
      "  n1 -.-> n3",
    ]);
    expect(app.toDot()).toContain('n1 [label="any node", shape=box];');
  });
});

/** What a reader of the drawing sees. */
function mermaidText(line: string): string {
  return line
    .replace(/^ *n\d+\["|"\]$/g, "")
    .replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

function dotText(line: string): string {
  const label = /label="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? "";
  return label.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
}
