import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Channels,
  END,
  lastValue,
  MemoryCheckpointer,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { failureOf } from "./graphs.js";

/** A chain of nodes that log their names, over these channels besides the log. */
function chainOf(names: readonly string[], more: Channels = {}) {
  let graph = new StateGraph<Channels, string>({ log: append<string>(), ...more });
  for (const name of names) graph = graph.addNode(name, (_, { node }) => ({ log: node }));
  for (const [index, name] of names.entries()) graph.addEdge(index === 0 ? START : (names[index - 1] ?? START), name);
  return graph.addEdge(names.at(-1) ?? START, END).compile();
}

async function pausedBefore(node: string, names: readonly string[], more?: Channels): Promise<MemoryCheckpointer> {
  const checkpointer = new MemoryCheckpointer();
  await new AppRunner(chainOf(names, more), { checkpointer }).invoke("s", {}, { interruptBefore: [node] });
  return checkpointer;
}

test("L7, P26: a session whose next node is gone is refused by every call, and what is missing is named", async () => {
  const checkpointer = await pausedBefore("b", ["a", "b"]);
  const runner = new AppRunner(chainOf(["a", "renamed"]), { checkpointer });
  const calls = [
    () => runner.session("s"),
    () => runner.resume("s"),
    () => runner.runUntilComplete("s"),
    () => runner.runStep("s"),
    () => runner.invoke("s"),
    () => runner.stream("s").result,
  ];
  for (const call of calls) {
    expect(await failureOf(call)).toMatchObject({ code: "GRAPH_MISMATCH", missingNodes: ["b"], missingChannels: [] });
  }
  expect(checkpointer.load("s")).toMatchObject({ checkpoint: { step: 1 }, note: { status: { kind: "paused" } } });
});

test("T4: a session that needs a channel that is gone is refused", async () => {
  const checkpointer = await pausedBefore("b", ["a", "b"], { total: sum(3) });
  const runner = new AppRunner(chainOf(["a", "b"]), { checkpointer });
  expect(await failureOf(runner.resume("s"))).toMatchObject({
    code: "GRAPH_MISMATCH",
    missingNodes: [],
    missingChannels: ["total"],
  });
});

test("T4: a changed graph that still has all that is needed goes on; new channels start from their initial values", async () => {
  const checkpointer = await pausedBefore("b", ["a", "b"]);
  const runner = new AppRunner(chainOf(["x", "b", "c"], { note: lastValue("new") }), { checkpointer });
  expect(await runner.resume("s")).toMatchObject({
    outcome: "completed",
    state: { log: ["a", "b", "c"], note: "new" },
  });
});

test("T4: a completed session needs no nodes", async () => {
  const checkpointer = new MemoryCheckpointer();
  await new AppRunner(chainOf(["a"]), { checkpointer }).invoke("s");
  expect(await new AppRunner(chainOf(["b"]), { checkpointer }).invoke("s")).toMatchObject({
    state: { log: ["a", "b"] },
    step: 2,
  });
});

test("T4: replacing a session does not look at the graph of the old one", async () => {
  const checkpointer = await pausedBefore("b", ["a", "b"]);
  const runner = new AppRunner(chainOf(["c"]), { checkpointer });
  expect(await runner.createSession("s", {}, { ifExists: "replace" })).toMatchObject({
    step: 0,
    frontier: [{ node: "c" }],
  });
});
