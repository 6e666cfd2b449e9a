/** The sessions of subgraphs, beside those of users: never listed, looked at through their root, and gone with it. */
import { expect, test } from "vitest";
import { AppRunner, type Checkpointer, END, InvalidOptionError, Send, START, StateGraph } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { abreast, chain, channels, failureOf, listOf, says, type TestNode, type Told } from "./graphs.js";
import { everyStore } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ log: `${ctx.node}: ${String(ctx.interrupt("?"))}` });
const nested = chain({ outer: chain({ inner: chain({ x: says }), y: says }), ask: asks });
const ALL = { limit: 1_000 };

async function stored(store: Checkpointer): Promise<readonly string[]> {
  return (await store.list(ALL)).map(({ sessionId }) => sessionId);
}

async function listed(runner: AppRunner<typeof channels, string>, filter = {}): Promise<readonly string[]> {
  return (await listOf(runner.sessions(filter))).map(({ sessionId }) => sessionId);
}

test.each(everyStore)("sessions lists no subgraphs, page by page, on %s", async (_, open) => {
  const checkpointer = open();
  const many = new StateGraph(channels)
    .addNode("each", chain({ x: says }))
    .addConditionalEdges(START, () => Array.from({ length: 250 }, () => new Send("each", {})))
    .addEdge("each", END)
    .compile();
  const runner = new AppRunner(many, { checkpointer });
  for (const id of ["b", "a", "a b", "\u0001", "~"]) await runner.invoke(id);
  expect(await stored(checkpointer)).toHaveLength(1_000);
  expect(await listed(runner)).toEqual(["\u0001", "a", "a b", "b", "~"]);
  expect(await listed(runner, { limit: 2 })).toEqual(["\u0001", "a"]);
  expect(await listed(runner, { limit: 2, after: "a" })).toEqual(["a b", "b"]);
  expect(await listed(runner, { status: "completed", limit: 3 })).toEqual(["\u0001", "a", "a b"]);
});

test.each(everyStore)(
  "subgraphs shows those of a session, each with its path and its history, on %s",
  async (_, open) => {
    const runner = new AppRunner(nested, { checkpointer: open() });
    await runner.invoke("s");
    await runner.invoke("other");
    const found = await listOf(runner.subgraphs("s"));
    expect(found.map(({ path, session: { step, state, status } }) => ({ path, step, log: state.log, status }))).toEqual(
      [
        { path: ["outer"], step: 2, log: ["x", "y"], status: { kind: "completed", endedBy: "end" } },
        { path: ["outer", "inner"], step: 1, log: ["x"], status: { kind: "completed", endedBy: "end" } },
      ],
    );
    const id = found[1]?.session.sessionId ?? "";
    expect((await listOf(runner.history(id))).map(({ step, state }) => [step, state.log])).toEqual([
      [1, ["x"]],
      [0, []],
    ]);
    expect((await runner.at(id, 0)).frontier).toMatchObject([{ node: "x" }]);
    expect(await failureOf(listOf(runner.subgraphs("nobody")))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  },
);

test("an id with the separator of subgraphs is refused where a session is made, driven or edited", async () => {
  const runner = new AppRunner(nested);
  await runner.invoke("s");
  const id = (await listOf(runner.subgraphs("s")))[0]?.session.sessionId ?? "";
  const calls = [
    () => runner.invoke(id),
    () => runner.createSession(id),
    () => runner.resume(id, 1),
    () => runner.deleteSession(id),
    () => runner.updateState(id, {}),
    () => runner.fork("s", { as: id }),
    () => runner.fork(id, { as: "f" }),
    () => runner.session(id),
    () => runner.prune({ sessionId: id, keepLast: 1 }),
  ];
  for (const call of calls) expect(await failureOf(call())).toMatchObject({ code: "INVALID_OPTION" });
});

test("a session's id that leaves no room for its subgraphs' is a typed error, and the session stands", async () => {
  const runner = new AppRunner(nested);
  const id = "x".repeat(500);
  expect(await failureOf(runner.invoke(id))).toMatchObject({ cause: { code: "INVALID_OPTION", option: "sessionId" } });
  expect((await runner.session(id)).status.kind).toBe("failed");
});

test.each(everyStore)(
  "T6: deleteSession takes a session's subgraphs with it, and nobody else's, on %s",
  async (_, open) => {
    const checkpointer = open();
    const runner = new AppRunner(nested, { checkpointer });
    for (const id of ["s", "s2", "r"]) await runner.invoke(id);
    await runner.deleteSession("s");
    const left = await stored(checkpointer);
    expect(left.map((id) => id.split("\u001f")[0])).toEqual(["r", "r", "r", "s2", "s2", "s2"]);
    await runner.createSession("r", {}, { ifExists: "replace" });
    expect((await stored(checkpointer)).filter((id) => id.startsWith("r"))).toEqual(["r"]);
    expect((await runner.resume("s2", "yes")).state.log).toEqual(["x", "y", "ask: yes"]);
  },
);

test.each(everyStore)(
  "T6: prune takes the subgraphs of checkpoints that are shown no longer, and never one that is open, on %s",
  async (_, open) => {
    const checkpointer = open();
    const runner = new AppRunner(nested, { checkpointer });
    for (const id of ["s", "t"]) await runner.invoke(id);
    await runner.prune({ sessionId: "s", keepLast: 1 });
    expect(await listOf(runner.subgraphs("s"))).toEqual([]);
    expect(await listOf(runner.subgraphs("t"))).toHaveLength(2);
    await runner.prune({ keepLast: 1 });
    expect(await stored(checkpointer)).toEqual(["s", "t"]);
    const open_ = chain({ a: says, sub: chain({ b: says, ask: asks, c: says }) });
    const second = new AppRunner(open_, { checkpointer });
    await second.invoke("u", { log: "in" });
    await second.updateState("u", { log: "outside" });
    await second.prune({ keepLast: 1 });
    await second.prune({ sessionId: "u", keepLast: 1 });
    expect((await second.resume("u", "yes")).state.log).toEqual(["in", "a", "outside", "b", "ask: yes", "c"]);
  },
);

test.each(everyStore)("T2: a fork goes into subgraphs of its own, and outlives its origin, on %s", async (_, open) => {
  const runner = new AppRunner(chain({ a: says, sub: chain({ b: says, ask: asks }) }), { checkpointer: open() });
  await runner.invoke("s");
  await runner.fork("s", { as: "f" });
  await runner.fork("s", { as: "g", step: 1, update: { log: "edited" } });
  expect(await listOf(runner.subgraphs("f"))).toEqual([]);
  expect(await runner.runUntilComplete("f")).toMatchObject({ outcome: "paused" });
  await runner.deleteSession("s");
  expect((await runner.resume("f", 1)).state.log).toEqual(["a", "b", "ask: 1"]);
  expect(await runner.runUntilComplete("g")).toMatchObject({ outcome: "paused" });
  expect((await runner.resume("g", 2)).state.log).toEqual(["a", "edited", "b", "ask: 2"]);
});

test.each(everyStore)("C5: another runner on the same store goes on within, on %s", async (_, open) => {
  const checkpointer = open();
  const app = chain({ sub: chain({ b: says, inner: chain({ c: says, ask: asks }) }) });
  const first = new AppRunner(app, { checkpointer });
  await first.invoke("s");
  await first.close();
  const ran: string[] = [];
  const second = new AppRunner(app, {
    checkpointer,
    hooks: [{ afterStep: ({ step }) => void ran.push(String(step)) }],
  });
  expect((await second.resume("s", "yes")).state.log).toEqual(["b", "c", "ask: yes"]);
  expect(ran).toEqual(["1"]);
});

test("limits: a name that a node holds cannot be asked for within its subgraph, and all others are checked", () => {
  const limited = (limit: string): readonly [TestNode, { readonly limit: string }] => [says, { limit }];
  const within = chain({ x: limited("model") });
  const app = chain({ sub: [within, { limit: "model" }] });
  expect(() => new AppRunner(app, { limits: { model: 1 } })).toThrow("within a subgraph whose node holds it");
  expect(() => new AppRunner(chain({ sub: within }))).toThrow('option "limits" has no "model"');
  expect(
    () => new AppRunner(chain({ sub: [within, { limit: "other" }] }), { limits: { model: 1, other: 1 } }),
  ).not.toThrow();
});

test("limits: two that are taken in either order are refused, at whatever depth, since each might wait for the other", () => {
  const asking = (limit: string, node: Told = says): Told => chain({ x: [node as TestNode, { limit }] });
  const limits = { a: 1, b: 1, c: 1 };
  const pair = abreast({ one: [asking("b") as never, { limit: "a" }], two: [asking("a") as never, { limit: "b" }] });
  expect(() => new AppRunner(pair, { limits })).toThrow(
    'node "x" asks for within a subgraph whose node holds "a", while "a" is asked for where "b" is held',
  );
  const round = abreast({
    one: [chain({ deep: asking("b") }), { limit: "a" }],
    two: [asking("c") as never, { limit: "b" }],
    three: [asking("a") as never, { limit: "c" }],
  });
  expect(() => new AppRunner(chain({ round }), { limits })).toThrow(InvalidOptionError);
  const inOrder = abreast({
    one: [chain({ deep: asking("c", asking("b")) }), { limit: "a" }],
    two: [asking("b") as never, { limit: "c" }],
  });
  expect(() => new AppRunner(inOrder, { limits })).not.toThrow();
});

test.each(everyStore)(
  "C4: who has the session takes its subgraphs over from whoever had them before, and from nobody later, on %s",
  async (_, open) => {
    const clock = new TestClock();
    const checkpointer = open();
    const runner = new AppRunner(chain({ sub: chain({ ask: asks }) }), { checkpointer, lease: { clock } });
    await runner.invoke("s");
    const [sub] = await listOf(runner.subgraphs("s"));
    const claim = { sessionId: sub?.session.sessionId ?? "", owner: "elsewhere/1/x", ttlMs: 60_000 };
    await checkpointer.acquire({ ...claim, at: clock.now() + 1_000 });
    const error = await failureOf(runner.resume("s", "yes"));
    expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "SESSION_BUSY", owner: "elsewhere/1/x" } });
    await clock.advance(1_001);
    expect((await runner.runUntilComplete("s")).state.log).toEqual(["ask: yes"]);
  },
);
