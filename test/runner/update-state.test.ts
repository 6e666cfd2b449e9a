import { describe, expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Checkpointer,
  Command,
  END,
  ephemeral,
  lastValue,
  merge,
  messages,
  type RunResult,
  removeMessage,
  Send,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, failureOf, listOf, says, type TestChannels, type TestNode } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("sure?") });

/** The questions that a paused run left open. */
function openIn(result: RunResult<TestChannels>): readonly string[] {
  const isAsking = result.outcome === "paused" && result.reason.kind === "interrupt";
  return isAsking ? result.reason.interrupts.map(({ id }) => id) : [];
}

/** A session that has done `a` and is about to do `b`. */
async function halfway(open: () => Checkpointer) {
  const runner = new AppRunner(chain({ a: says, b: says, c: says }), { checkpointer: open() });
  await runner.createSession("s", { count: 1 });
  await runner.runStep("s");
  return runner;
}

describe.each(everyStore)("updateState on %s", (_, open) => {
  test("T2: an update is a checkpoint of its own, of the same step; the frontier stays, task for task", async () => {
    const runner = await halfway(open);
    const before = await runner.session("s");
    const view = await runner.updateState("s", { count: 5, log: ["x", "y"] });
    expect(view).toEqual({
      ...before,
      state: { count: 6, log: ["a", "x", "y"], value: undefined },
      versions: { count: 2, log: 2 },
    });
    expect(await runner.session("s")).toEqual(view);
    const [update, former] = await listOf(runner.history("s"));
    expect(update).toMatchObject({ source: "update", step: 1, ran: [], parentId: former?.checkpointId });
    expect(await runner.runUntilComplete("s")).toMatchObject({ step: 3, state: { log: ["a", "x", "y", "b", "c"] } });
  });

  test("B2: an update goes through every kind of reducer", async () => {
    const app = new StateGraph({
      list: append<string>(["first"]),
      total: sum(10),
      doc: merge<Record<string, unknown>>({ keep: 1, drop: 2, deep: { a: 1, b: 2 } }),
      chat: messages(),
      last: lastValue("old"),
    })
      .addNode("a", () => ({
        chat: [
          { id: "1", role: "user", content: "hi" },
          { id: "2", role: "user", content: "you" },
        ],
      }))
      .addEdge(START, "a")
      .addEdge("a", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.invoke("s");
    await runner.updateState("s", {
      list: "second",
      total: -3,
      doc: { drop: null, deep: { b: null, c: 3 } },
      chat: removeMessage("1"),
      last: "new",
    });
    await runner.updateState("s", { chat: { id: "2", role: "user", content: "changed" } });
    const { state, versions } = await runner.session("s");
    expect(state).toEqual({
      list: ["first", "second"],
      total: 7,
      doc: { keep: 1, deep: { a: 1, c: 3 } },
      chat: [{ id: "2", role: "user", content: "changed" }],
      last: "new",
    });
    expect(versions).toEqual({ list: 1, total: 1, doc: 1, last: 1, chat: 3 });
  });

  test("B3: what the barrier refuses changes nothing, and the session goes on", async () => {
    const small = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (n: unknown) => ((n as number) < 5 ? { value: n } : { issues: [{ message: "too big" }] }),
      },
    } as const;
    const app = new StateGraph({ n: lastValue(0, { schema: small }), total: sum(), value: lastValue<unknown>(0) })
      .addNode("a", () => ({ n: 1 }))
      .addEdge(START, "a")
      .addEdge("a", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    const before = await runner.createSession("s", { n: 1 });
    const refused: readonly (readonly [unknown, object])[] = [
      [{ ghost: 1 }, { code: "UNKNOWN_CHANNEL" }],
      [{ n: 9 }, { code: "CHANNEL_INVALID", channel: "n" }],
      [{ total: "text" }, { code: "REDUCER_FAILED", channel: "total" }],
      [{ value: { list: [0, { onClick: () => 1 }] } }, { code: "NOT_SERIALIZABLE", path: "value.list[1].onClick" }],
      [{ value: 1, n: 9 }, { code: "CHANNEL_INVALID" }],
      [null, { code: "INVALID_OPTION", option: "update" }],
      [[{ n: 1 }], { code: "INVALID_OPTION", option: "update" }],
      ["n", { code: "INVALID_OPTION", option: "update" }],
      [new Map([["n", 1]]), { code: "INVALID_OPTION", option: "update" }],
      [new Command({ update: { n: 1 } }), { code: "INVALID_OPTION", option: "update" }],
      [Promise.resolve({ n: 1 }), { code: "INVALID_OPTION", option: "update" }],
    ];
    for (const [update, error] of refused) {
      expect(await failureOf(runner.updateState("s", update as { n: number }))).toMatchObject(error);
      expect(await runner.session("s")).toEqual(before);
    }
    expect(await listOf(runner.history("s"))).toHaveLength(1);
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { n: 1, total: 0 } });
  });

  test("what is not there, or means nothing, is a typed error", async () => {
    const runner = await halfway(open);
    expect(await failureOf(runner.updateState("ghost", {}))).toMatchObject({ code: "SESSION_NOT_FOUND" });
    expect(await failureOf(runner.updateState("", {}))).toMatchObject({ option: "sessionId" });
    for (const asNode of ["ghost", "", START, END, "__proto__", 7, null] as unknown[] as "a"[])
      expect(await failureOf(runner.updateState("s", {}, { asNode }))).toMatchObject({ code: "UNKNOWN_NODE" });
    expect(await runner.updateState("s", {})).toMatchObject({ step: 1, frontier: [{ node: "b" }] });
  });

  test("an update that changes nothing is a checkpoint all the same, and no version grows", async () => {
    const runner = await halfway(open);
    const before = await runner.session("s");
    for (const update of [{}, { count: 0 }, { log: [] }, { value: undefined }]) {
      expect(await runner.updateState("s", update)).toEqual(before);
    }
    const line = await listOf(runner.history("s"));
    expect(line.map(({ source }) => source)).toEqual(["update", "update", "update", "update", "step", "input"]);
    expect(line.slice(0, 4).map(({ changes }) => changes)).toEqual([[], [], [], []]);
  });

  test("two updates in a row, by whatever runner: at that step stands the newer", async () => {
    const checkpointer = open();
    const app = chain({ a: says, b: says });
    const [one, other] = [new AppRunner(app, { checkpointer }), new AppRunner(app, { checkpointer })];
    await one.createSession("s");
    await one.runStep("s");
    for (const [runner, log] of [
      [one, "1"],
      [other, "2"],
      [one, "3"],
      [other, "4"],
    ] as const)
      await runner.updateState("s", { log });
    expect(await one.at("s", 1)).toMatchObject({ source: "update", state: { log: ["a", "1", "2", "3", "4"] } });
    expect(await one.runUntilComplete("s")).toMatchObject({ state: { log: ["a", "1", "2", "3", "4", "b"] }, step: 2 });
  });

  test("T2: asNode: who runs next is what follows that node, by its edges", async () => {
    const runner = await halfway(open);
    const before = await runner.session("s");
    const view = await runner.updateState("s", { log: "as b" }, { asNode: "b" });
    expect(view).toMatchObject({ step: 1, frontier: [{ node: "c" }], status: { kind: "ready" } });
    expect(view.frontier[0]?.id).not.toBe(before.frontier[0]?.id);
    expect((await runner.at("s", 1)).changes).toMatchObject([{ node: "b", channel: "log" }]);
    expect(await runner.updateState("s", {}, { asNode: "a" })).toMatchObject({ frontier: [{ node: "b" }] });
    expect(await runner.updateState("s", {}, { asNode: "c" })).toMatchObject({
      frontier: [],
      status: { kind: "completed", endedBy: "end" },
      step: 1,
    });
  });

  test("T2: asNode: conditional edges are asked about the state after the update, asynchronous ones and Sends too", async () => {
    const app = new StateGraph({ n: sum(), log: append<string>() })
      .addNode("pick", () => ({ n: 1 }))
      .addNode("small", (_state, { node }) => ({ log: node }))
      .addNode("big", (_state, { input }) => ({ log: `big ${String(input)}` }))
      .addEdge(START, "pick")
      .addConditionalEdges(
        "pick",
        async ({ n }) => {
          await Promise.resolve();
          return n < 10 ? "small" : [new Send("big", n), new Send("big", -n)];
        },
        ["small", "big"],
      )
      .addEdge("small", END)
      .addEdge("big", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s");
    expect(await runner.updateState("s", { n: 2 }, { asNode: "pick" })).toMatchObject({
      frontier: [{ node: "small" }],
    });
    expect(await runner.updateState("s", { n: 20 }, { asNode: "pick" })).toMatchObject({
      frontier: [
        { node: "big", input: 22 },
        { node: "big", input: -22 },
      ],
    });
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { log: ["big 22", "big -22"] }, step: 1 });
  });

  test("F3: asNode: a route that fails or leads nowhere changes nothing", async () => {
    const app = new StateGraph({ n: sum() })
      .addNode("a", () => undefined)
      .addNode("b", () => undefined)
      .addEdge(START, "a")
      .addConditionalEdges("a", async ({ n }): Promise<"b"> => {
        if (n > 5) throw new TypeError("no way");
        return (n > 0 ? "nowhere" : "b") as "b";
      })
      .addEdge("b", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    const before = await runner.createSession("s");
    expect(await failureOf(runner.updateState("s", { n: 9 }, { asNode: "a" }))).toMatchObject({ code: "ROUTE_FAILED" });
    expect(await failureOf(runner.updateState("s", { n: 1 }, { asNode: "a" }))).toMatchObject({
      code: "ROUTE_UNKNOWN_TARGET",
    });
    expect(await runner.session("s")).toEqual(before);
    expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
  });

  test("F4: asNode: a source arms its join; a join that can no longer fire is a session that has failed", async () => {
    const app = new StateGraph({ log: append<string>() })
      .addNode("a", () => ({ log: "a" }))
      .addNode("b", () => ({ log: "b" }))
      .addNode("meet", () => ({ log: "meet" }))
      .addEdge(START, "a")
      .addEdge(START, "b")
      .addEdge(["a", "b"], "meet")
      .addEdge("meet", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s");
    expect(await runner.updateState("s", { log: "as a" }, { asNode: "a" })).toMatchObject({
      frontier: [],
      status: { kind: "failed", error: { code: "JOIN_STALLED" } },
    });
    expect(await failureOf(runner.runUntilComplete("s"))).toMatchObject({ code: "JOIN_STALLED", waitingFor: ["b"] });
    expect(await runner.updateState("s", { log: "x" })).toMatchObject({ status: { kind: "failed" } });
    expect(await runner.updateState("s", { log: "as b" }, { asNode: "b" })).toMatchObject({
      frontier: [{ node: "meet" }],
      status: { kind: "ready" },
    });
    expect(await runner.runUntilComplete("s")).toMatchObject({
      state: { log: ["as a", "x", "as b", "meet"] },
      step: 1,
    });
  });

  test("a completed session stays completed, until an update as a node revives it", async () => {
    const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: open() });
    await runner.invoke("s");
    expect(await runner.updateState("s", { log: "x" })).toMatchObject({
      status: { kind: "completed" },
      frontier: [],
      step: 2,
    });
    expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", summary: { steps: 0 } });
    expect(await runner.updateState("s", {}, { asNode: "a" })).toMatchObject({
      status: { kind: "ready" },
      frontier: [{ node: "b" }],
    });
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { log: ["a", "b", "x", "b"] }, step: 3 });
    expect(await runner.updateState("s", { log: "y" })).toMatchObject({ status: { kind: "completed" } });
    expect(await runner.invoke("s", { count: 1 })).toMatchObject({
      state: { log: ["a", "b", "x", "b", "y", "a", "b"] },
      step: 5,
    });
  });

  test("P2: a pause by an option stays, and the gate that was passed stays passed", async () => {
    const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: open() });
    const interruptBefore = ["b"] as const;
    await runner.invoke("s", {}, { interruptBefore });
    const { status } = await runner.session("s");
    expect(await runner.updateState("s", { log: "x" })).toMatchObject({ status, step: 1 });
    expect(status).toMatchObject({ kind: "paused", reason: { kind: "beforeNode", node: "b" } });
    expect(await runner.resume("s", undefined, { interruptBefore })).toMatchObject({
      outcome: "completed",
      state: { log: ["a", "x", "b"] },
    });
    await runner.createSession("t");
    await runner.runUntilComplete("t", { interruptBefore });
    expect(await runner.updateState("t", {}, { asNode: "a" })).toMatchObject({ status: { kind: "ready" } });
    expect(await runner.runUntilComplete("t", { interruptBefore })).toMatchObject({ outcome: "paused" });
  });

  test("P3: a question stays open with its id, and a sibling's kept result is not asked for again", async () => {
    let runs = 0;
    const alsoAsks: TestNode = (_state, ctx) => ({ log: ctx.interrupt<string>("and?") });
    const counts: TestNode = ({ count }) => ({ count: ++runs, log: `saw ${count}` });
    const runner = new AppRunner(abreast({ asks, counts, alsoAsks }), { checkpointer: open() });
    const ids = openIn(await runner.invoke("s"));
    const { status } = await runner.session("s");
    expect((await runner.updateState("s", { count: 100 })).status).toEqual(status);
    expect((await runner.updateState("s", { count: 100 })).status).toEqual(status);
    const [first = "", second = ""] = ids;
    expect(openIn(await runner.resume("s", { [first]: "one" }))).toEqual([second]);
    await runner.updateState("s", { log: "between" });
    expect(await failureOf(runner.resume("s", { [first]: "again" }))).toMatchObject({ code: "INTERRUPT_ANSWER" });
    expect(await runner.resume("s", { [second]: "two" })).toMatchObject({
      step: 1,
      state: { value: "one", count: 201, log: ["between", "saw 0", "two"] },
    });
    expect(runs).toBe(1);
  });

  test("P3: a question stays open, and its answer is heard by the node under the new state", async () => {
    const asksOf: TestNode = ({ count }, ctx) => ({ value: [ctx.interrupt(count), count] });
    const runner = new AppRunner(chain({ a: says, asks: asksOf, b: says }), { checkpointer: open() });
    const [id = ""] = openIn(await runner.invoke("s", { count: 1 }));
    await runner.updateState("s", { count: 6 });
    expect(await runner.runUntilComplete("s")).toMatchObject({
      outcome: "paused",
      reason: { interrupts: [{ id, payload: 1 }] },
    });
    expect(await runner.resume("s", { [id]: "yes" })).toMatchObject({ state: { value: ["yes", 7], log: ["a", "b"] } });
  });

  test("P3: an update as a node withdraws the questions; what is asked later has an id of its own", async () => {
    const checkpointer = open();
    const runner = new AppRunner(chain({ a: says, asks, b: says }), { checkpointer });
    const [id = ""] = openIn(await runner.invoke("s"));
    expect((await checkpointer.load("s"))?.records).toHaveLength(1);
    expect(await runner.updateState("s", { value: "by hand" }, { asNode: "asks" })).toMatchObject({
      status: { kind: "ready" },
      frontier: [{ node: "b" }],
    });
    expect((await checkpointer.load("s"))?.records).toEqual([]);
    expect(await failureOf(runner.resume("s", { [id]: "late" }))).toMatchObject({ code: "NOT_PAUSED" });
    await runner.updateState("s", {}, { asNode: "a" });
    const [again = ""] = openIn(await runner.runUntilComplete("s"));
    expect(again).not.toBe(id);
    expect(await failureOf(runner.resume("s", { [id]: "late" }))).toMatchObject({ code: "INTERRUPT_ANSWER" });
    expect(await runner.resume("s", { [again]: "yes" })).toMatchObject({ state: { value: "yes", log: ["a", "b"] } });
  });

  test("S6: a failed session stays failed, keeps its finished results, and its repaired state is what the rest sees", async () => {
    let runs = 0;
    const works: TestNode = ({ count }) => {
      runs++;
      return { log: `works ${count}` };
    };
    const picky: TestNode = ({ count }) => {
      if (count < 10) throw new TypeError("too few");
      return { log: `picky ${count}` };
    };
    const runner = new AppRunner(abreast({ works, picky }), { checkpointer: open() });
    await failureOf(runner.invoke("s", { count: 1 }));
    const { status } = await runner.session("s");
    expect(await runner.updateState("s", { count: 10 })).toMatchObject({ status, state: { count: 11 } });
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { log: ["works 1", "picky 11"] }, step: 1 });
    expect(runs).toBe(1);
    await failureOf(runner.invoke("t"));
    await runner.updateState("t", { count: 10 });
    expect(await runner.runUntilComplete("t", { discardPending: true })).toMatchObject({
      state: { log: ["works 10", "picky 10"] },
    });
    expect(runs).toBe(3);
  });

  test("effects that were done once are not done again after an update", async () => {
    let effects = 0;
    let isBroken = true;
    const charges: TestNode = async (_state, ctx) => {
      const value = await ctx.once("charge", () => ++effects);
      if (isBroken) throw new TypeError("broken");
      return { value };
    };
    const runner = new AppRunner(chain({ charges }), { checkpointer: open() });
    await failureOf(runner.invoke("s"));
    await runner.updateState("s", { count: 1 });
    isBroken = false;
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { value: 1, count: 1 } });
    expect(effects).toBe(1);
  });

  test("an ephemeral value survives an update, and can be written by one, until the next superstep has seen it", async () => {
    const app = new StateGraph({ hint: ephemeral<string>(), seen: append<string>(), n: sum() })
      .addNode("a", ({ hint }) => ({ seen: `${hint}`, hint: "from a" }))
      .addNode("b", ({ hint }) => ({ seen: `${hint}` }))
      .addNode("c", ({ hint }) => ({ seen: `${hint}` }))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", "c")
      .addEdge("c", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s", { hint: "input" });
    expect((await runner.updateState("s", { n: 1 })).state.hint).toBe("input");
    await runner.runStep("s");
    expect((await runner.updateState("s", { n: 1 })).state.hint).toBe("from a");
    expect((await runner.updateState("s", { hint: "by hand" })).state.hint).toBe("by hand");
    expect((await runner.updateState("s", { n: 1 })).state.hint).toBe("by hand");
    const result = await runner.runUntilComplete("s");
    expect(result.state).toMatchObject({ seen: ["input", "by hand", "undefined"], n: 3 });
    expect(JSON.stringify(await listOf(runner.history("s")))).not.toContain('"channel":"hint"');
  });

  test("C4: a session that is being driven takes no update, and says who drives it since when", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const app = chain({ a: crank.node });
    const [ours, theirs] = [new AppRunner(app, { checkpointer }), new AppRunner(app, { checkpointer })];
    const before = Date.now();
    const running = ours.invoke("s");
    const call = await crank.started();
    for (const runner of [ours, theirs]) {
      const error = await failureOf(runner.updateState("s", { count: 1 }));
      expect(error).toMatchObject({ code: "SESSION_BUSY", sessionId: "s", owner: expect.stringMatching(/./) });
      expect((error as { since: number }).since).toBeGreaterThanOrEqual(before);
      expect((error as { since: number }).since).toBeLessThanOrEqual(Date.now());
    }
    call.finish();
    expect(await running).toMatchObject({ state: { count: 0 } });
    expect(await theirs.updateState("s", { count: 1 })).toMatchObject({ state: { count: 1 } });
  });

  test("updates at once: each is there, or its caller is told", async () => {
    const checkpointer = open();
    const app = chain({ a: says });
    const runners = [1, 2, 3].map(() => new AppRunner(app, { checkpointer }));
    await runners[0]?.createSession("s");
    const outcomes = await Promise.allSettled(runners.map((runner) => runner.updateState("s", { count: 1 })));
    const done = outcomes.filter(({ status }) => status === "fulfilled").length;
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "SESSION_BUSY" });
    expect(done).toBeGreaterThan(0);
    expect(await runners[0]?.session("s")).toMatchObject({ state: { count: done } });
  });

  test("a node reached by Command alone leads nowhere when nobody commands", async () => {
    const app = new StateGraph({ n: sum() })
      .addNode("a", () => new Command({ goto: "b" }), { ends: ["b"] })
      .addNode("b", () => undefined)
      .addEdge(START, "a")
      .addEdge("b", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s");
    expect(await runner.updateState("s", { n: 1 }, { asNode: "a" })).toMatchObject({
      status: { kind: "completed", endedBy: "emptyFrontier" },
    });
  });

  test("a deferred node runs when nothing else is left, also after an update", async () => {
    const app = new StateGraph({ log: append<string>() })
      .addNode("a", () => ({ log: "a" }))
      .addNode("b", () => ({ log: "b" }))
      .addNode("last", () => ({ log: "last" }), { defer: true })
      .addEdge(START, "a")
      .addEdge("a", "last")
      .addEdge("a", "b")
      .addEdge("b", END)
      .addEdge("last", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s");
    await runner.runStep("s");
    expect(await runner.updateState("s", { log: "x" })).toMatchObject({ frontier: [{ node: "b" }] });
    expect(await runner.updateState("s", { log: "as b" }, { asNode: "b" })).toMatchObject({
      frontier: [{ node: "last" }],
    });
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { log: ["a", "x", "as b", "last"] } });
  });
});

test("C1: an update is one commit and no note, and runs no node and no hook", async () => {
  const checkpointer = new NotingCheckpointer();
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const runner = new AppRunner(chain({ a: says, b: says }), {
    checkpointer,
    hooks: [{ beforeStep: tell("beforeStep"), afterStep: tell("afterStep"), onComplete: tell("onComplete") }],
  });
  await runner.createSession("s");
  await runner.updateState("s", { log: "x" });
  await runner.updateState("s", {}, { asNode: "b" });
  expect(checkpointer.commits.map(({ seq, parentSeq, source }) => [seq, parentSeq, source])).toEqual([
    [1, undefined, "input"],
    [2, 1, "update"],
    [3, 2, "update"],
  ]);
  expect(checkpointer.annotations).toEqual([]);
  expect(told).toEqual([]);
});

test("C3: an update that cannot be saved is a CheckpointError, and did not happen", async () => {
  const checkpointer = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says }), { checkpointer });
  const before = await runner.createSession("s");
  checkpointer.before = ({ method }) => {
    if (method === "commit") throw new TypeError("disk full");
  };
  expect(await failureOf(runner.updateState("s", { count: 1 }))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  checkpointer.before = () => undefined;
  expect(await runner.session("s")).toEqual(before);
  expect(await runner.updateState("s", { count: 1 })).toMatchObject({ state: { count: 1 } });
});
