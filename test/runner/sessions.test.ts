import { expect, test } from "vitest";
import {
  AppRunner,
  END,
  InvalidOptionError,
  lastValue,
  MemoryCheckpointer,
  type SessionSummary,
  START,
  StateGraph,
  UnknownNodeError,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, looping, says } from "./graphs.js";
import { NotingCheckpointer } from "./stores.js";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("createSession folds the input through the reducers and runs nothing", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node }));
  const view = await runner.createSession("s", { log: ["x", "y"], count: 2 });
  expect(view).toMatchObject({
    sessionId: "s",
    step: 0,
    state: { log: ["x", "y"], count: 2, value: undefined },
    frontier: [{ node: "a" }],
    versions: { log: 1, count: 1 },
    status: { kind: "ready" },
  });
  expect(crank.calls).toEqual([]);
  expect(await runner.session("s")).toEqual(view);
});

test("createSession without input starts from the initial values, with no versions", async () => {
  const runner = new AppRunner(chain({ a: says }));
  expect(await runner.createSession("s")).toMatchObject({ state: { log: [], count: 0 }, versions: {}, step: 0 });
});

test("createSession asks the conditional edges of START about the input (P11)", async () => {
  const app = new StateGraph(channels)
    .addNode("big", says)
    .addNode("small", says)
    .addConditionalEdges(START, ({ count }) => (count > 10 ? "big" : "small"), ["big", "small"])
    .addEdge("big", END)
    .addEdge("small", END)
    .compile();
  const runner = new AppRunner(app);
  expect((await runner.createSession("s", { count: 11 })).frontier).toMatchObject([{ node: "big" }]);
  expect((await runner.invoke("t", { count: 1 })).state.log).toEqual(["small"]);
});

test("createSession on a session that exists: an error unless told otherwise, the old one, or a new one in its place", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  await runner.createSession("s", { count: 1 });
  await runner.runStep("s");
  expect(await failureOf(runner.createSession("s", { count: 9 }))).toMatchObject({
    code: "SESSION_EXISTS",
    sessionId: "s",
  });
  expect(await failureOf(runner.createSession("s", { count: 9 }, { ifExists: "error" }))).toMatchObject({
    code: "SESSION_EXISTS",
  });
  expect(await runner.createSession("s", { count: 9 }, { ifExists: "resume" })).toMatchObject({
    step: 1,
    state: { count: 1, log: ["a"] },
  });
  expect(await runner.createSession("s", { count: 9 }, { ifExists: "replace" })).toMatchObject({
    step: 0,
    state: { count: 9, log: [] },
  });
  expect(await runner.createSession("t", { count: 3 }, { ifExists: "resume" })).toMatchObject({
    step: 0,
    state: { count: 3 },
  });
});

test("createSession with input that makes no sense creates nothing", async () => {
  const app = new StateGraph({
    n: lastValue(0, {
      schema: { "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) } },
    }),
  })
    .addNode("a", () => undefined)
    .addEdge(START, "a")
    .addEdge("a", END)
    .compile();
  const runner = new AppRunner(app);
  const wrong: readonly (readonly [unknown, string])[] = [
    [null, "INVALID_OPTION"],
    [7, "INVALID_OPTION"],
    [[], "INVALID_OPTION"],
    [new Map(), "INVALID_OPTION"],
    ["text", "INVALID_OPTION"],
    [{ ghost: 1 }, "UNKNOWN_CHANNEL"],
    [{ n: () => undefined }, "NOT_SERIALIZABLE"],
    [{ n: 1 }, "CHANNEL_INVALID"],
  ];
  for (const [input, code] of wrong) {
    expect(await failureOf(runner.createSession("s", input as { n?: number }))).toMatchObject({ code });
    expect(await failureOf(runner.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  }
});

test("T5: an unknown session is a typed error for every call that needs one", async () => {
  const runner = new AppRunner(chain({ a: says }));
  const calls = [
    () => runner.session("ghost"),
    () => runner.runStep("ghost"),
    () => runner.runUntilComplete("ghost"),
    () => runner.resume("ghost", 1),
    () => runner.deleteSession("ghost"),
  ];
  for (const call of calls)
    expect(await failureOf(call)).toMatchObject({ code: "SESSION_NOT_FOUND", sessionId: "ghost" });
});

test("a session id is a well-formed string of 1 to 512 characters", async () => {
  const runner = new AppRunner(chain({ a: says }));
  for (const id of ["", "x".repeat(513), "\ud800", 7 as unknown as string, undefined as unknown as string]) {
    for (const call of [
      () => runner.createSession(id),
      () => runner.invoke(id),
      () => runner.session(id),
      () => runner.runStep(id),
      () => runner.deleteSession(id),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: "INVALID_OPTION", option: "sessionId" });
    }
  }
  for (const id of ["x".repeat(512), "ä/ö 'ü\" 💥", "__proto__", "constructor"]) {
    expect(await runner.invoke(id)).toMatchObject({ sessionId: id, outcome: "completed" });
    expect(await runner.session(id)).toMatchObject({ sessionId: id, step: 1 });
  }
});

test("a view is a value: state, versions and frontier cannot be changed from outside", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  const made = await runner.createSession("s");
  const ran = await runner.runUntilComplete("s", { interruptAfter: ["a"] });
  for (const { state, versions, frontier } of [made, ran]) {
    expect(frontier).toHaveLength(1);
    for (const part of [state, versions, frontier, frontier[0]]) expect(Object.isFrozen(part)).toBe(true);
  }
});

test("sessions are listed by id, page after page, by status if asked", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  const ids = Array.from({ length: 450 }, (_, i) => `s${String(i).padStart(3, "0")}`);
  for (const id of ids.toReversed()) await runner.createSession(id);
  await runner.runUntilComplete("s100");
  await runner.runUntilComplete("s300");
  await runner.runStep("s200", { interruptBefore: ["a"] });
  const idsOf = (list: readonly SessionSummary[]) => list.map(({ sessionId }) => sessionId);
  expect(idsOf(await all(runner.sessions()))).toEqual(ids);
  expect(idsOf(await all(runner.sessions({ limit: 3 })))).toEqual(["s000", "s001", "s002"]);
  expect(idsOf(await all(runner.sessions({ limit: 210, after: "s100" })))).toEqual(ids.slice(101, 311));
  expect(idsOf(await all(runner.sessions({ status: "completed" })))).toEqual(["s100", "s300"]);
  expect(idsOf(await all(runner.sessions({ status: "completed", after: "s100" })))).toEqual(["s300"]);
  expect(await all(runner.sessions({ status: "paused" }))).toEqual([
    { sessionId: "s200", step: 0, status: "paused", updatedAt: expect.any(Number) },
  ]);
  expect(await all(runner.sessions({ status: "failed" }))).toEqual([]);
  expect(await all(runner.sessions({ after: "s449" }))).toEqual([]);
  expect(await all(runner.sessions({ limit: 0 }))).toEqual([]);
});

test("sessions are read page by page, no further than the caller goes", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says }), { checkpointer: store });
  for (let i = 0; i < 450; i++) await runner.createSession(`s${String(i).padStart(3, "0")}`);
  for await (const { sessionId } of runner.sessions()) if (sessionId === "s010") break;
  expect(store.count("list")).toBe(1);
  await all(runner.sessions());
  expect(store.count("list")).toBe(4);
});

test("sessions: updatedAt is when the session was last written, on the runner's clock", async () => {
  const clock = new TestClock(1_000);
  const runner = new AppRunner(chain({ a: says, b: says }), { clock });
  await runner.createSession("s");
  await clock.advance(500);
  expect(await all(runner.sessions())).toEqual([{ sessionId: "s", step: 0, status: "ready", updatedAt: 1_000 }]);
  await runner.runStep("s");
  expect(await all(runner.sessions())).toEqual([{ sessionId: "s", step: 1, status: "ready", updatedAt: 1_500 }]);
});

test("sessions: a filter that means nothing is a typed error", async () => {
  const runner = new AppRunner(chain({ a: says }));
  expect(await failureOf(() => all(runner.sessions({ status: "done" as "failed" })))).toMatchObject({
    code: "INVALID_OPTION",
    option: "status",
  });
  for (const limit of [-1, 1.5, Number.NaN]) {
    expect(await failureOf(() => all(runner.sessions({ limit })))).toMatchObject({
      code: "INVALID_OPTION",
      option: "limit",
    });
  }
});

test("deleteSession forgets this session and no other (T6); its id is free again", async () => {
  const runner = new AppRunner(chain({ a: says }));
  await runner.invoke("s", { count: 5 });
  await runner.invoke("s2", { count: 6 });
  await runner.deleteSession("s");
  expect(await failureOf(runner.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  expect(await failureOf(runner.deleteSession("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  expect((await runner.session("s2")).state.count).toBe(6);
  expect((await runner.invoke("s")).state).toMatchObject({ count: 0, log: ["a"] });
});

test("one call at a time drives a session; the other is a SessionBusyError and changes nothing", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ a: crank.node }));
  const running = runner.invoke("s", { count: 1 });
  await crank.started();
  const calls = [
    () => runner.runStep("s"),
    () => runner.runUntilComplete("s"),
    () => runner.resume("s"),
    () => runner.invoke("s", { count: 1 }),
    () => runner.createSession("s", {}, { ifExists: "replace" }),
    () => runner.deleteSession("s"),
    () => runner.stream("s").result,
  ];
  for (const call of calls) expect(await failureOf(call)).toMatchObject({ code: "SESSION_BUSY", sessionId: "s" });
  expect(await runner.session("s")).toMatchObject({ step: 0, state: { count: 1 } });
  crank.calls[0]?.finish();
  expect(await running).toMatchObject({ outcome: "completed", state: { count: 1 } });
  expect(await runner.runStep("s")).toMatchObject({ status: "completed" });
});

test("many sessions run at once, each its own, on one runner", async () => {
  const runner = new AppRunner(looping(20, async () => ({ count: 1 })));
  const results = await Promise.all(Array.from({ length: 100 }, (_, i) => runner.invoke(`s${i}`, { value: i })));
  for (const [index, { outcome, state, step }] of results.entries()) {
    expect({ outcome, step, count: state.count, value: state.value }).toEqual({
      outcome: "completed",
      step: 20,
      count: 20,
      value: index,
    });
  }
});

test("S4: named limits hold across the sessions of a runner", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ a: [crank.node, { limit: "model" }] }), { limits: { model: 3 } });
  const runs = Array.from({ length: 10 }, (_, i) => runner.invoke(`s${i}`));
  for (let finished = 0; finished < 10; finished++) {
    for (let open = finished; open < Math.min(finished + 3, 10); open++)
      if (crank.calls.length <= open) await crank.started();
    await new Promise((resolve) => setImmediate(resolve));
    expect(crank.calls.length).toBe(Math.min(finished + 3, 10));
    crank.calls[finished]?.finish();
  }
  for (const { outcome } of await Promise.all(runs)) expect(outcome).toBe("completed");
});

test("one app runs in several runners, whose sessions are strangers to each other", async () => {
  const app = chain({ a: says });
  const [first, second] = [new AppRunner(app), new AppRunner(app)];
  await first.invoke("s");
  expect(await failureOf(second.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("close lets what runs finish its superstep, then ends it; the session can go on elsewhere", async () => {
  const crank = new HandCrank();
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: crank.node, b: says });
  const runner = new AppRunner(app, { checkpointer });
  const running = failureOf(runner.invoke("s"));
  await crank.started();
  const closing = runner.close();
  crank.calls[0]?.finish({ log: "a" });
  expect(await running).toMatchObject({ code: "RUN_ABORTED" });
  await closing;
  expect(await failureOf(runner.invoke("t"))).toBeInstanceOf(InvalidOptionError);
  const other = new AppRunner(app, { checkpointer });
  expect(await other.session("s")).toMatchObject({ step: 1, status: { kind: "ready" } });
  expect(await other.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
});

test("close closes a store only if the runner made it, and may be called twice; `await using` closes too", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says }), { checkpointer: store });
  await runner.close();
  await runner.close();
  await new AppRunner(chain({ a: says }))[Symbol.asyncDispose]();
  expect(store.count("close")).toBe(0);
});

test("P5: a runner without a store of its own pauses too, and knows of it as long as it lives", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  expect(await runner.invoke("s", {}, { interruptBefore: ["b"] })).toMatchObject({ outcome: "paused" });
  expect(await runner.resume("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
});

test("runner options that mean nothing are InvalidOptionErrors that name the option", () => {
  const app = chain({ a: says });
  const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ maxConcurrency: 0 }, "maxConcurrency"],
    [{ maxConcurrency: 1.5 }, "maxConcurrency"],
    [{ maxConcurrency: Number.NaN }, "maxConcurrency"],
    [{ maxConcurrency: "8" }, "maxConcurrency"],
    [{ limits: { model: 0 } }, "limits.model"],
    [{ limits: { model: -1 } }, "limits.model"],
    [{ onFailure: "ignore" }, "onFailure"],
    [{ durability: "never" }, "durability"],
    [{ hooks: { beforeStep: () => undefined } }, "hooks"],
    [{ checkpointer: {} }, "checkpointer"],
    [{ clock: { now: () => 0 } }, "clock"],
    [{ random: 4 }, "random"],
  ];
  for (const [options, option] of wrong) {
    expect(() => new AppRunner(app, options)).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option }));
  }
});

test("a limit that the runner does not have is found when the runner is made", () => {
  const limited = chain({ a: [says, { limit: "model" }] });
  expect(() => new AppRunner(limited)).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option: "limits" }));
  expect(() => new AppRunner(limited, { limits: { model: 1 } })).not.toThrow();
});

test("run options that mean nothing are typed errors, before anything is touched (P5)", async () => {
  const store = new NotingCheckpointer();
  const runner = new AppRunner(chain({ a: says }), { checkpointer: store });
  const invalid: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ maxSteps: 0 }, "maxSteps"],
    [{ maxSteps: 2.5 }, "maxSteps"],
    [{ interruptBefore: "a" }, "interruptBefore"],
    [{ interruptAfter: { a: true } }, "interruptAfter"],
    [{ signal: "stop" }, "signal"],
  ];
  for (const [options, option] of invalid) {
    for (const call of [
      () => runner.invoke("s", {}, options),
      () => runner.runUntilComplete("s", options),
      () => runner.resume("s", 1, options),
      () => runner.runStep("s", options),
      () => runner.stream("s", {}, options).result,
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: "INVALID_OPTION", option });
    }
  }
  for (const options of [
    { interruptBefore: ["ghost"] },
    { interruptAfter: ["a", "ghost"] },
    { entry: "ghost" },
    { interruptBefore: [undefined] },
  ]) {
    const error = await failureOf(runner.invoke("s", {}, options as { entry: "a" }));
    expect(error).toBeInstanceOf(UnknownNodeError);
  }
  expect(store.calls).toEqual([]);
});

test("createSession: an ifExists that means nothing is an InvalidOptionError", async () => {
  const runner = new AppRunner(chain({ a: says }));
  const ifExists = "overwrite" as "replace";
  expect(await failureOf(runner.createSession("s", {}, { ifExists }))).toMatchObject({
    code: "INVALID_OPTION",
    option: "ifExists",
  });
});
