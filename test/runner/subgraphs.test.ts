import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  Command,
  END,
  lastValue,
  MemoryCheckpointer,
  merge,
  messages,
  type NodeFn,
  type PendingInterrupt,
  type RunResult,
  removeMessage,
  Send,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { HandCrank } from "../hand-crank.js";
import { failureOf, listOf, says } from "./graphs.js";
import { everyStore } from "./stores.js";

const channels = { log: append<string>(), count: sum(), value: lastValue<unknown>(undefined) };
type Own = typeof channels;

/** START → names … → END, each a function or a graph. */
function chainOf(name: string, nodes: Readonly<Record<string, unknown>>) {
  let graph = new StateGraph<Own, string>(channels, { name });
  const names = Object.keys(nodes);
  for (const [node, run] of Object.entries(nodes)) graph = graph.addNode(node, run as NodeFn<Own>);
  for (const [place, node] of names.entries()) graph.addEdge(names[place - 1] ?? START, node);
  return graph.addEdge(names.at(-1) as string, END).compile();
}

const asks: NodeFn<Own> = (_, ctx) => ({ log: `${ctx.node}: ${String(ctx.interrupt(`${ctx.node}?`))}` });

function openIn(result: RunResult<Own>): readonly PendingInterrupt[] {
  if (result.outcome !== "paused" || result.reason.kind !== "interrupt") throw new TypeError("it asked nothing");
  return result.reason.interrupts;
}

test.each(everyStore)("channels of the same name are shared with a subgraph, on %s", async (_, open) => {
  const inner = chainOf("inner", { x: () => ({ log: "x", count: 2 }), y: () => ({ log: ["y"], value: "y" }) });
  const app = chainOf("outer", { a: () => ({ log: "a", count: 1 }), sub: inner, b: says });
  const runner = new AppRunner(app, { checkpointer: open() });
  const result = await runner.invoke("s", { log: "in" });
  expect(result).toMatchObject({
    outcome: "completed",
    step: 3,
    state: { log: ["in", "a", "x", "y", "b"], count: 3, value: "y" },
  });
  expect(result.versions).toEqual({ log: 4, count: 2, value: 1 });
});

test.each(everyStore)(
  "P3: questions at each of three levels surface at the root with their path, on %s",
  async (_, open) => {
    const both = (deeper: unknown) =>
      new StateGraph<Own, "ask" | "deep" | "end">(channels)
        .addNode("ask", asks)
        .addNode("deep", deeper as NodeFn<Own>)
        .addNode("end", says)
        .addEdge(START, "ask")
        .addEdge(START, "deep")
        .addEdge(["ask", "deep"], "end")
        .addEdge("end", END)
        .compile();
    const app = both(both(both(asks)));
    const runner = new AppRunner(app, { checkpointer: open() });
    const first = openIn(await runner.invoke("s"));
    expect(first.map(({ node, path, payload }) => ({ node, path, payload }))).toEqual([
      { node: "ask", path: undefined, payload: "ask?" },
      { node: "ask", path: ["deep"], payload: "ask?" },
      { node: "ask", path: ["deep", "deep"], payload: "ask?" },
      { node: "deep", path: ["deep", "deep"], payload: "deep?" },
    ]);
    const [root, mid, low, lowest] = first.map(({ id }) => id) as [string, string, string, string];
    const second = openIn(await runner.resume("s", { [low]: "L", [root]: "R" }));
    expect(second.map(({ id }) => id)).toEqual([mid, lowest]);
    expect(openIn(await runner.runUntilComplete("s")).map(({ id }) => id)).toEqual([mid, lowest]);
    expect(await failureOf(runner.resume("s", { [low]: "again" }))).toMatchObject({ code: "INTERRUPT_ANSWER" });
    expect(openIn(await runner.resume("s", { [lowest]: "LL" })).map(({ id }) => id)).toEqual([mid]);
    const last = await runner.resume("s", "M");
    expect(last).toMatchObject({
      outcome: "completed",
      state: { log: ["ask: R", "ask: M", "ask: L", "deep: LL", "end", "end", "end"] },
    });
  },
);
