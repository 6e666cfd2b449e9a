import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Channels,
  Command,
  END,
  ephemeral,
  MemoryCheckpointer,
  Send,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { HandCrank } from "../hand-crank.js";
import { appOf, type ProgramRunner, programs } from "../properties/programs.js";
import { abreast, chain, failureOf, listOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("sure?") });
const fails: TestNode = () => {
  throw new TypeError("broken");
};

/** `quick` and `slow` begin; `meet` waits for `slow` and for what follows `quick`; `last` is deferred. */
function joining() {
  return new StateGraph({ log: append<string>() })
    .addNode("quick", () => ({ log: "quick" }))
    .addNode("slow", () => ({ log: "slow" }))
    .addNode("later", () => ({ log: "later" }))
    .addNode("meet", () => ({ log: "meet" }))
    .addNode("last", () => ({ log: "last" }), { defer: true })
    .addEdge(START, "quick")
    .addEdge(START, "slow")
    .addEdge("quick", "later")
    .addEdge("quick", "last")
    .addEdge(["slow", "later"], "meet")
    .addEdge("meet", END)
    .addEdge("last", END)
    .compile();
}

/** All that can be seen of a session. */
async function wholeOf(runner: Pick<AppRunner<Channels, string>, "session" | "history">, sessionId: string) {
  return { view: await runner.session(sessionId), line: await listOf(runner.history(sessionId)) };
}

/** How a session ends that takes these ways, one before each superstep. */
async function endOf(runner: ProgramRunner, begin: string, ways: readonly string[]): Promise<object> {
  let id = begin;
  await runner.createSession(id);
  let failure: unknown;
  for (let step = 0; step < 60 && failure === undefined; step++) {
    const way = ways[step];
    if (way?.startsWith("fork")) {
      const { step: now } = await runner.session(id);
      const past = way === "fork" ? now : Math.max(0, now - 1);
      const isThere = await runner.at(id, past).then(Boolean, () => false);
      await runner.fork(id, { as: `${id}'`, ...(isThere && { step: past }) });
      id = `${id}'`;
    }
    if (way === "update") await runner.updateState(id, {});
    if (way === "prune") await runner.prune({ keepLast: 1 });
    failure = await runner.runStep(id).then(
      () => undefined,
      (error: unknown) => error,
    );
  }
  const { step, state, status, versions } = await runner.session(id);
  return { step, state, versions, status: status.kind, code: (failure as { code?: string } | undefined)?.code };
}

describe.each(everyStore)("fork on %s", (_, open) => {
  test("T2: a fork stands where its origin stands: same state, step, versions, nodes and inputs; its tasks are its own", async () => {
    const app = new StateGraph({ log: append<string>(), n: sum() })
      .addNode("split", () => ({ n: 2, log: "split" }))
      .addNode("work", (_state, { input }) => ({ log: JSON.stringify(input) }))
      .addEdge(START, "split")
      .addConditionalEdges("split", () => [new Send("work", 1), new Send("work", { two: 2 })], ["work"])
      .addEdge("work", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s", { n: 1 });
    await runner.runStep("s");
    const { frontier, sessionId: __, ...origin } = await runner.session("s");
    const { frontier: tasks, sessionId, ...fork } = await runner.fork("s", { as: "f" });
    expect(sessionId).toBe("f");
    expect(fork).toEqual(origin);
    expect(tasks.map(({ node, input }) => ({ node, input }))).toEqual(
      frontier.map(({ node, input }) => ({ node, input })),
    );
    expect(tasks.map(({ input }) => input)).toEqual([1, { two: 2 }]);
    const ids = [...tasks, ...frontier].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await runner.session("f")).toEqual({ ...fork, sessionId, frontier: tasks });
    expect(await runner.runUntilComplete("f")).toMatchObject({
      step: 2,
      state: { log: ["split", "1", '{"two":2}'] },
    });
  });

  test("T2: from a step, from a checkpoint, from the head", async () => {
    const runner = new AppRunner(looping(5), { checkpointer: open() });
    await runner.invoke("s");
    const third = await runner.at("s", 3);
    await runner.updateState("s", { log: "later" });
    expect(await runner.fork("s", { as: "by step", step: 3 })).toMatchObject({ step: 3, state: { count: 3, log: [] } });
    expect(await runner.fork("s", { as: "by id", checkpointId: third.checkpointId })).toMatchObject({ step: 3 });
    expect(await runner.fork("s", { as: "of the head" })).toMatchObject({ step: 5, state: { log: ["later"] } });
    expect(await runner.fork("s", { as: "at the head's step", step: 5 })).toMatchObject({ state: { log: ["later"] } });
    expect(await runner.fork("s", { as: "at the beginning", step: 0 })).toMatchObject({ step: 0, state: { count: 0 } });
    for (const id of ["by step", "by id", "at the beginning"])
      expect(await runner.runUntilComplete(id)).toMatchObject({ outcome: "completed", step: 5, state: { count: 5 } });
    expect(await listOf(runner.history("by step"))).toMatchObject([
      { step: 5 },
      { step: 4 },
      { step: 3, source: "fork", parentId: third.checkpointId, ran: [], changes: [] },
      { step: 3, source: "step", checkpointId: third.checkpointId, sessionId: "by step" },
      { step: 2 },
      { step: 1 },
      { step: 0, parentId: undefined },
    ]);
  });

  test("T2: an update goes through the reducers, and with asNode decides who runs next, from any checkpoint", async () => {
    const runner = new AppRunner(chain({ a: says, b: says, c: says }), { checkpointer: open() });
    await runner.invoke("s", { count: 1 });
    const fork = await runner.fork("s", { as: "f", step: 1, update: { count: 5, log: ["x", "y"] } });
    expect(fork).toMatchObject({ state: { count: 6, log: ["a", "x", "y"] }, frontier: [{ node: "b" }], step: 1 });
    expect(fork.versions).toEqual({ count: 2, log: 2 });
    expect(await runner.runUntilComplete("f")).toMatchObject({ state: { log: ["a", "x", "y", "b", "c"] }, step: 3 });
    expect(await runner.fork("s", { as: "g", step: 1, asNode: "b" })).toMatchObject({ frontier: [{ node: "c" }] });
    expect(await runner.fork("s", { as: "h", step: 0, asNode: "c" })).toMatchObject({ status: { kind: "completed" } });
    expect(await runner.fork("s", { as: "i", asNode: "a", update: { log: "redo" } })).toMatchObject({
      status: { kind: "ready" },
      frontier: [{ node: "b" }],
      step: 3,
    });
    expect(await runner.runUntilComplete("i")).toMatchObject({
      state: { log: ["a", "b", "c", "redo", "b", "c"] },
      step: 5,
    });
  });

  test("F4: join progress and deferred nodes go on in a fork", async () => {
    const runner = new AppRunner(joining(), { checkpointer: open() });
    await runner.createSession("s");
    await runner.runStep("s");
    await runner.fork("s", { as: "f" });
    const origin = await runner.runUntilComplete("s");
    expect(origin.state.log).toEqual(["quick", "slow", "later", "meet", "last"]);
    for (const [step, as] of [
      [undefined, "f"],
      [0, "g"],
      [1, "h"],
      [2, "i"],
      [3, "j"],
    ] as const) {
      if (as !== "f") await runner.fork("s", { as, step });
      expect(await runner.runUntilComplete(as)).toMatchObject({ outcome: "completed", step: 4, state: origin.state });
    }
  });

  test("F4: asNode arms the join that it is a source of, and leaves the others armed", async () => {
    const runner = new AppRunner(joining(), { checkpointer: open() });
    await runner.createSession("s");
    await runner.runStep("s");
    expect(await runner.fork("s", { as: "f", asNode: "later" })).toMatchObject({ frontier: [{ node: "meet" }] });
    expect(await runner.runUntilComplete("f")).toMatchObject({ state: { log: ["quick", "slow", "meet", "last"] } });
    expect(await runner.fork("s", { as: "g", step: 0, asNode: "later" })).toMatchObject({
      status: { kind: "failed", error: { code: "JOIN_STALLED" } },
    });
  });

  test("a completed session is forked as completed, and can begin its next invocation", async () => {
    const runner = new AppRunner(chain({ a: says }), { checkpointer: open() });
    await runner.invoke("s");
    expect(await runner.fork("s", { as: "f" })).toMatchObject({
      status: { kind: "completed", endedBy: "end" },
      frontier: [],
    });
    expect(await runner.runStep("f")).toMatchObject({ status: "completed", report: { ran: [] } });
    expect(await runner.invoke("f", { count: 1 })).toMatchObject({ step: 2, state: { log: ["a", "a"], count: 1 } });
    expect(await runner.session("s")).toMatchObject({ step: 1, state: { log: ["a"], count: 0 } });
  });

  test("a stalled session is forked as stalled, a failed or paused one as ready", async () => {
    const stalling = new StateGraph({ log: append<string>() })
      .addNode("a", () => ({ log: "a" }))
      .addNode("b", () => ({ log: "b" }))
      .addNode("c", () => undefined)
      .addConditionalEdges(START, () => "a", ["a", "b"])
      .addEdge(["a", "b"], "c")
      .addEdge("c", END)
      .compile();
    const stalled = new AppRunner(stalling, { checkpointer: open() });
    await failureOf(stalled.invoke("s"));
    expect(await stalled.fork("s", { as: "f" })).toMatchObject({
      status: { kind: "failed", error: { code: "JOIN_STALLED" } },
    });
    expect(await failureOf(stalled.runUntilComplete("f"))).toMatchObject({ code: "JOIN_STALLED" });
    const runner = new AppRunner(chain({ a: says, fails }), { checkpointer: open() });
    await runner.createSession("s");
    await runner.runStep("s", { interruptAfter: ["a"] });
    expect(await runner.fork("s", { as: "of the paused" })).toMatchObject({ status: { kind: "ready" } });
    await failureOf(runner.runUntilComplete("s"));
    expect(await runner.fork("s", { as: "of the failed" })).toMatchObject({ status: { kind: "ready" } });
  });

  test("P2: a gate that its origin has passed stops the fork", async () => {
    const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: open() });
    const interruptBefore = ["b"] as const;
    await runner.invoke("s", {}, { interruptBefore });
    await runner.fork("s", { as: "f" });
    expect(await runner.runUntilComplete("f", { interruptBefore })).toMatchObject({ outcome: "paused" });
    expect(await runner.runUntilComplete("f", { interruptBefore })).toMatchObject({ outcome: "completed" });
    expect(await runner.runUntilComplete("s", { interruptBefore })).toMatchObject({ outcome: "completed" });
  });

  test("P3: a fork of a session that waits for an answer asks for itself; either is answered without the other", async () => {
    const runner = new AppRunner(chain({ a: says, asks, b: says }), { checkpointer: open() });
    await runner.invoke("s");
    const { status: waiting } = await runner.session("s");
    const id =
      waiting.kind === "paused" && waiting.reason.kind === "interrupt" ? (waiting.reason.interrupts[0]?.id ?? "") : "";
    expect(await runner.fork("s", { as: "f" })).toMatchObject({
      status: { kind: "ready" },
      frontier: [{ node: "asks" }],
    });
    expect(await failureOf(runner.resume("f", "yes"))).toMatchObject({ code: "NOT_PAUSED" });
    const asked = await runner.runUntilComplete("f");
    const own = asked.outcome === "paused" && asked.reason.kind === "interrupt" ? asked.reason.interrupts : [];
    expect(own).toMatchObject([{ node: "asks", payload: "sure?" }]);
    expect(own[0]?.id).not.toBe(id);
    expect(await failureOf(runner.resume("s", { [own[0]?.id ?? ""]: "stray", [id]: "yes" }))).toMatchObject({
      code: "INTERRUPT_ANSWER",
    });
    expect(await failureOf(runner.resume("f", { [id]: "stray", [own[0]?.id ?? ""]: "yes" }))).toMatchObject({
      code: "INTERRUPT_ANSWER",
    });
    expect(await runner.resume("f", { [own[0]?.id ?? ""]: "fork" })).toMatchObject({ state: { value: "fork" } });
    expect((await runner.session("s")).status).toEqual(waiting);
    expect(await runner.resume("s", { [id]: "origin" })).toMatchObject({ state: { value: "origin" } });
  });

  test("P3: an id of the origin was never issued to the fork, so a record with it alone is a bare answer", async () => {
    const runner = new AppRunner(chain({ asks }), { checkpointer: open() });
    const asked = await runner.invoke("s");
    const id =
      asked.outcome === "paused" && asked.reason.kind === "interrupt" ? (asked.reason.interrupts[0]?.id ?? "") : "";
    await runner.fork("s", { as: "f" });
    await runner.runUntilComplete("f");
    expect(await runner.resume("f", { [id]: "yes" })).toMatchObject({ state: { value: { [id]: "yes" } } });
  });

  test("kept results and effects stay with the origin: a fork does them again, once", async () => {
    let effects = 0;
    let runs = 0;
    let isBroken = true;
    const once: TestNode = async (_state, ctx) => {
      runs++;
      return { count: await ctx.once("charge", () => ++effects) };
    };
    const asksOnce: TestNode = async (_state, ctx) => {
      await ctx.once("mail", () => ++effects);
      return { value: ctx.interrupt("?") };
    };
    const breaks: TestNode = () => {
      if (isBroken) throw new TypeError("broken");
    };
    const runner = new AppRunner(abreast({ once, asksOnce, breaks }), { checkpointer: open() });
    await failureOf(runner.invoke("s"));
    expect({ effects, runs }).toEqual({ effects: 2, runs: 1 });
    isBroken = false;
    await runner.fork("s", { as: "f" });
    await runner.runUntilComplete("f");
    expect(await runner.resume("f", 1)).toMatchObject({ outcome: "completed" });
    expect({ effects, runs }).toEqual({ effects: 4, runs: 2 });
    await runner.runUntilComplete("s");
    expect(await runner.resume("s", 1)).toMatchObject({ outcome: "completed", state: { count: 1 } });
    expect({ effects, runs }).toEqual({ effects: 4, runs: 2 });
  });

  test("T6: an origin is as it was, whatever its fork does; and the other way round", async () => {
    const checkpointer = open();
    const runner = new AppRunner(chain({ a: says, asks, b: says }), { checkpointer });
    await runner.invoke("s");
    const origin = await wholeOf(runner, "s");
    const stored = await checkpointer.load("s");
    await runner.fork("s", { as: "f", update: { log: "fork" } });
    await runner.runUntilComplete("f");
    await runner.resume("f", "yes");
    await runner.updateState("f", { count: 9 });
    await runner.invoke("f", { count: 1 });
    expect(await wholeOf(runner, "s")).toEqual(origin);
    expect(await checkpointer.load("s")).toEqual(stored);
    const fork = await wholeOf(runner, "f");
    await runner.resume("s", "no");
    await runner.updateState("s", { count: 3 });
    await runner.prune({ sessionId: "s", keepLast: 1 });
    expect(await wholeOf(runner, "f")).toEqual(fork);
    await runner.deleteSession("s");
    expect(await wholeOf(runner, "f")).toEqual(fork);
    await runner.invoke("s", { count: 100 });
    expect(await wholeOf(runner, "f")).toEqual(fork);
    expect(await runner.fork("f", { as: "g", step: 1 })).toMatchObject({ state: { log: ["a", "fork"], count: 0 } });
    expect(await runner.resume("f", "yes")).toMatchObject({ outcome: "completed" });
  });

  test("T2: forks of forks, side by side and one behind another", async () => {
    const runner = new AppRunner(looping(9), { checkpointer: open() });
    await runner.invoke("0");
    for (let generation = 1; generation <= 6; generation++) {
      await runner.fork(String(generation - 1), {
        as: `${generation}`,
        step: 9 - generation,
        update: { log: `${generation}` },
      });
      await runner.fork(String(generation - 1), { as: `${generation}'`, step: 9 - generation });
    }
    expect(await runner.session("6")).toMatchObject({ step: 3, state: { count: 3, log: ["6"] } });
    expect(await runner.session("6'")).toMatchObject({ step: 3, state: { count: 3, log: [] } });
    expect(await listOf(runner.history("6"))).toMatchObject([
      { source: "fork", step: 3 },
      { step: 3, sessionId: "6" },
      { step: 2 },
      { step: 1 },
      { step: 0, source: "input" },
    ]);
    for (const id of ["0", "1", "2", "3", "4", "5"]) await runner.deleteSession(id);
    expect(await runner.runUntilComplete("6")).toMatchObject({ step: 9, state: { count: 9, log: ["6"] } });
    expect(await listOf(runner.history("6"))).toHaveLength(11);
  });

  test("a fork inherits a line of several forks and of updates that share a step", async () => {
    const runner = new AppRunner(looping(3), { checkpointer: open() });
    await runner.invoke("s");
    await runner.updateState("s", { log: "s" });
    await runner.fork("s", { as: "f" });
    await runner.updateState("f", { log: "f" });
    await runner.fork("f", { as: "g" });
    await runner.updateState("g", { log: "g" });
    const line = await listOf(runner.history("g"));
    expect(line.map(({ source, step, state }) => [source, step, state.log])).toEqual([
      ["update", 3, ["s", "f", "g"]],
      ["fork", 3, ["s", "f"]],
      ["update", 3, ["s", "f"]],
      ["fork", 3, ["s"]],
      ["update", 3, ["s"]],
      ["step", 3, []],
      ["step", 2, []],
      ["step", 1, []],
      ["input", 0, []],
    ]);
    for (const [place, { parentId }] of line.entries()) expect(parentId).toBe(line[place + 1]?.checkpointId);
    expect(await runner.at("g", 3)).toEqual(line[0]);
    const paged = await listOf(runner.history("g", { before: line[3]?.checkpointId ?? "" }));
    expect(paged).toEqual(line.slice(4));
  });

  test("pages of history end anywhere, also where what is inherited begins", async () => {
    const runner = new AppRunner(looping(60), { checkpointer: open() });
    await runner.invoke("s");
    await runner.fork("s", { as: "f" });
    for (let update = 1; update <= 101; update++) {
      await runner.updateState("f", {});
      if (update % 25 === 24) expect(await listOf(runner.history("f"))).toHaveLength(61 + 1 + update);
    }
    await runner.fork("f", { as: "g" });
    expect(await listOf(runner.history("g"))).toHaveLength(61 + 1 + 101 + 1);
  });

  test("what cannot be forked is refused, and nothing comes of it", async () => {
    const runner = new AppRunner(chain({ a: says, b: says }), { checkpointer: open() });
    await runner.invoke("s");
    await runner.invoke("taken");
    const { checkpointId: ofOther } = await runner.at("taken", 1);
    const refused: readonly (readonly [string, object, object])[] = [
      ["s", { as: "taken" }, { code: "SESSION_EXISTS", sessionId: "taken" }],
      ["s", { as: "s" }, { code: "SESSION_EXISTS", sessionId: "s" }],
      ["ghost", { as: "f" }, { code: "SESSION_NOT_FOUND", sessionId: "ghost" }],
      ["ghost", { as: "f", step: 0 }, { code: "SESSION_NOT_FOUND" }],
      ["ghost", { as: "ghost" }, { code: "SESSION_NOT_FOUND" }],
      ["s", { as: "f", step: 3 }, { code: "CHECKPOINT_NOT_FOUND" }],
      ["s", { as: "f", checkpointId: ofOther }, { code: "CHECKPOINT_NOT_FOUND" }],
      ["s", { as: "f", checkpointId: "" }, { code: "CHECKPOINT_NOT_FOUND" }],
      ["s", { as: "f", step: -1 }, { code: "INVALID_OPTION", option: "step" }],
      ["s", { as: "f", step: 0.5 }, { code: "INVALID_OPTION", option: "step" }],
      ["s", { as: "f", step: null }, { code: "INVALID_OPTION", option: "step" }],
      ["s", { as: "f", checkpointId: 1 }, { code: "INVALID_OPTION", option: "checkpointId" }],
      ["s", { as: "f", step: 1, checkpointId: ofOther }, { code: "INVALID_OPTION", option: "checkpointId" }],
      ["s", { as: "" }, { code: "INVALID_OPTION", option: "as" }],
      ["s", { as: "x".repeat(513) }, { code: "INVALID_OPTION", option: "as" }],
      ["s", {}, { code: "INVALID_OPTION", option: "as" }],
      ["s", undefined as unknown as object, { code: "INVALID_OPTION", option: "options" }],
      ["", { as: "f" }, { code: "INVALID_OPTION", option: "sessionId" }],
      ["s", { as: "f", asNode: "ghost" }, { code: "UNKNOWN_NODE", node: "ghost" }],
      ["s", { as: "f", update: { ghost: 1 } }, { code: "UNKNOWN_CHANNEL" }],
      ["s", { as: "f", update: { value: () => 1 } }, { code: "NOT_SERIALIZABLE" }],
      ["s", { as: "f", update: 7 }, { code: "INVALID_OPTION", option: "update" }],
    ];
    for (const [sessionId, options, error] of refused) {
      expect(await failureOf(runner.fork(sessionId, options as { as: string }))).toMatchObject(error);
      expect(await failureOf(runner.session("f"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
    }
    expect((await listOf(runner.sessions())).map(({ sessionId }) => sessionId)).toEqual(["s", "taken"]);
    expect(await runner.fork("s", { as: "f" })).toMatchObject({ sessionId: "f" });
  });

  test("a session that is being driven can be forked, from what it has committed", async () => {
    const crank = new HandCrank();
    const runner = new AppRunner(chain({ a: says, b: crank.node }), { checkpointer: open() });
    const running = runner.invoke("s");
    const call = await crank.started();
    expect(await runner.fork("s", { as: "f" })).toMatchObject({ step: 1, frontier: [{ node: "b" }] });
    const forked = runner.runUntilComplete("f");
    (await crank.started()).finish({ log: "fork" });
    expect(await forked).toMatchObject({ state: { log: ["a", "fork"] } });
    call.finish({ log: "origin" });
    expect(await running).toMatchObject({ state: { log: ["a", "origin"] } });
  });

  test("two forks under one name at once: one is there, the other is refused", async () => {
    const runner = new AppRunner(looping(3), { checkpointer: open() });
    await runner.invoke("s");
    const forks = await Promise.allSettled([1, 2].map((step) => runner.fork("s", { as: "f", step })));
    expect(forks.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(forks.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "SESSION_BUSY" } });
  });

  test("an ephemeral value that waits at the head waits in a fork of it too", async () => {
    const app = new StateGraph({ hint: ephemeral<string>(), seen: append<unknown>() })
      .addNode("a", ({ hint }) => ({ seen: `${hint}`, hint: "from a" }))
      .addNode("b", ({ hint }) => ({ seen: hint }))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", END)
      .compile();
    const runner = new AppRunner(app, { checkpointer: open() });
    await runner.createSession("s", { hint: "input" });
    await runner.runStep("s");
    const { checkpointId } = await runner.at("s", 1);
    for (const options of [{ as: "head" }, { as: "step", step: 1 }, { as: "id", checkpointId }]) {
      expect((await runner.fork("s", options)).state.hint).toBe("from a");
      expect((await runner.runUntilComplete(options.as)).state.seen).toEqual(["input", "from a"]);
    }
    expect((await runner.fork("s", { as: "past", step: 0 })).state.hint).toBe(undefined);
    expect((await runner.runUntilComplete("past")).state.seen).toEqual(["undefined", "from a"]);
  });

  test("a runner whose random numbers repeat gives a fork ids of its own all the same", async () => {
    const runner = new AppRunner(chain({ a: says, asks, b: says }), { checkpointer: open(), random: () => 0.5 });
    const ids: string[] = [];
    for (const id of ["s", "f"]) {
      await (id === "s" ? runner.createSession(id) : runner.fork("s", { as: id, step: 0 }));
      const asked = await runner.runUntilComplete(id);
      if (asked.outcome === "paused" && asked.reason.kind === "interrupt")
        ids.push(...asked.reason.interrupts.map((one) => one.id));
      ids.push(...asked.frontier.map((task) => task.id));
    }
    await runner.resume("s", 1);
    await runner.resume("f", 1);
    for (const id of ["s", "f"])
      ids.push(...(await listOf(runner.history(id, { limit: 3 }))).map((one) => one.checkpointId));
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
  });

  test("T2, T6: any program ends the same, by whatever forks, prunings and empty updates it gets there", async () => {
    const detours = fc.array(fc.constantFrom("fork", "fork of the past", "update", "prune"), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(programs, detours, async (program, ways) => {
        const runner: ProgramRunner = new AppRunner(appOf(program), { checkpointer: open() });
        const straight = await endOf(runner, "straight", []);
        expect(await endOf(runner, "detour", ways)).toEqual(straight);
      }),
      { numRuns: 30 },
    );
  });

  test("durability exit: a fork goes on from what is stored, and stores where it stops", async () => {
    const runner = new AppRunner(looping(6), { checkpointer: open(), durability: "exit" });
    await failureOf(runner.invoke("s", {}, { maxSteps: 3 }));
    await runner.fork("s", { as: "f", update: { log: "fork" } });
    expect(await runner.runUntilComplete("f")).toMatchObject({ step: 6, state: { count: 6, log: ["fork"] } });
    expect(await listOf(runner.history("f"))).toMatchObject([
      { step: 6 },
      { step: 3, source: "fork" },
      { step: 3 },
      { step: 0 },
    ]);
  });
});

test("B7, T2: in memory a fork shares its state with its origin, and costs one commit", async () => {
  const checkpointer = new NotingCheckpointer(new MemoryCheckpointer());
  const runner = new AppRunner(looping(4), { checkpointer });
  await runner.invoke("s", { log: ["x"] });
  const commits = checkpointer.count("commit");
  const fork = await runner.fork("s", { as: "f", step: 2 });
  expect(fork.state).toBe((await runner.at("s", 2)).state);
  expect(checkpointer.count("commit")).toBe(commits + 1);
  expect(checkpointer.annotations).toEqual([]);
  const states = await Promise.all(["s", "f"].map(async (id) => (await runner.at(id, 1)).state));
  expect(states[0]).toBe(states[1]);
});

test("a route that fails, or leads nowhere, forks nothing", async () => {
  const app = new StateGraph({ n: sum() })
    .addNode("a", () => new Command({ update: { n: 1 }, goto: END }))
    .addNode("lost", () => undefined)
    .addNode("broken", () => undefined)
    .addEdge(START, "a")
    .addConditionalEdges("lost", async () => "nowhere" as "a")
    .addConditionalEdges("broken", async (): Promise<"a"> => {
      throw new TypeError("no way");
    })
    .addConditionalEdges("a", () => ["lost", "broken"])
    .compile();
  const runner = new AppRunner(app);
  await runner.invoke("s");
  expect(await failureOf(runner.fork("s", { as: "f", asNode: "lost" }))).toMatchObject({
    code: "ROUTE_UNKNOWN_TARGET",
  });
  expect(await failureOf(runner.fork("s", { as: "f", asNode: "broken" }))).toMatchObject({ code: "ROUTE_FAILED" });
  expect(await failureOf(runner.session("f"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
});
