import { expect, test } from "vitest";
import { AppRunner, append, END, lastValue, type RunSummary, START, StateGraph } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, looping, says, type TestNode } from "./graphs.js";
import { NotingCheckpointer } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("?") });

test("runStep runs one superstep and reports it", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  await runner.createSession("s");
  const first = await runner.runStep("s");
  expect(first).toMatchObject({
    status: "completed",
    report: {
      sessionId: "s",
      step: 1,
      ran: [{ node: "a" }],
      barrier: {
        updatedChannels: ["log"],
        changes: [{ node: "a", channel: "log", patch: [{ op: "add", path: "/-", value: "a" }] }],
      },
      nextFrontier: [{ node: "b" }],
      versions: { log: 1 },
      completed: false,
      durationMs: expect.any(Number),
    },
  });
  expect(await runner.runStep("s")).toMatchObject({ report: { step: 2, completed: true, nextFrontier: [] } });
});

test("runStep on a completed session is a completed report, with nothing run and nothing written", async () => {
  const store = new NotingCheckpointer();
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: says }), { checkpointer: store });
  await runner.invoke("s");
  const writes = store.count("commit") + store.count("annotate");
  expect(await runner.runStep("s")).toMatchObject({
    status: "completed",
    report: { step: 1, ran: [], barrier: { updatedChannels: [], changes: [] }, nextFrontier: [], completed: true },
  });
  expect(await runner.runUntilComplete("s")).toMatchObject({
    outcome: "completed",
    step: 1,
    summary: { steps: 0, tasks: 0 },
  });
  expect(store.count("commit") + store.count("annotate")).toBe(writes);
  expect(crank.calls).toEqual([]);
});

test("runUntilComplete runs to the end and says how it ended (F5)", async () => {
  const toEnd = new AppRunner(chain({ a: says, b: says }));
  await toEnd.createSession("s");
  expect(await toEnd.runUntilComplete("s")).toMatchObject({
    outcome: "completed",
    step: 2,
    state: { log: ["a", "b"] },
    frontier: [],
    status: { kind: "completed", endedBy: "end" },
  });
  const nowhere = new StateGraph(channels)
    .addNode("a", says)
    .addEdge(START, "a")
    .addConditionalEdges("a", () => [], [END])
    .compile();
  expect(await new AppRunner(nowhere).invoke("s")).toMatchObject({
    status: { kind: "completed", endedBy: "emptyFrontier" },
  });
});

test("a graph whose START leads to END completes without a superstep", async () => {
  const app = new StateGraph(channels)
    .addNode("a", says)
    .addConditionalEdges(START, () => END, ["a", END])
    .addEdge("a", END)
    .compile();
  const runner = new AppRunner(app);
  expect(await runner.createSession("s", { count: 1 })).toMatchObject({
    step: 0,
    status: { kind: "completed", endedBy: "end" },
  });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", step: 0, state: { count: 1 } });
});

test("P3 of the pitfalls: a loop without writes goes round until it is told to stop", async () => {
  let rounds = 0;
  const app = new StateGraph(channels)
    .addNode("a", () => void rounds++)
    .addNode("b", says)
    .addEdge(START, "a")
    .addConditionalEdges("a", () => (rounds < 5 ? "a" : "b"), ["a", "b"])
    .addEdge("b", END)
    .compile();
  expect(await new AppRunner(app).invoke("s")).toMatchObject({ outcome: "completed", step: 6, state: { log: ["b"] } });
});

test("P21: a join with sources at depth one and two runs once, after both", async () => {
  const app = new StateGraph(channels)
    .addNode("a", says)
    .addNode("b", says)
    .addNode("c", says)
    .addNode("j", says)
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge("b", "c")
    .addEdge(["a", "c"], "j")
    .addEdge("j", END)
    .compile();
  expect(await new AppRunner(app).invoke("s")).toMatchObject({ step: 3, state: { log: ["a", "b", "c", "j"] } });
});

test("L6: a join that can no longer fire commits its superstep, then fails the session, and fails it again when tried again", async () => {
  const app = new StateGraph(channels)
    .addNode("a", says)
    .addNode("b", says)
    .addNode("j", says)
    .addConditionalEdges(START, () => "a", ["a", "b"])
    .addEdge(["a", "b"], "j")
    .addEdge("j", END)
    .compile();
  const runner = new AppRunner(app);
  const stalled = { code: "JOIN_STALLED", join: "j", waitingFor: ["b"] };
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ ...stalled, at: { step: 1, frontier: [{ node: "a" }] } });
  expect(await runner.session("s")).toMatchObject({
    step: 1,
    state: { log: ["a"] },
    status: { kind: "failed", error: { code: "JOIN_STALLED" } },
  });
  expect(await failureOf(runner.runUntilComplete("s"))).toMatchObject(stalled);
  expect(await failureOf(runner.runStep("s"))).toMatchObject(stalled);
  const restarted = await failureOf(runner.invoke("s", {}, { restart: true, entry: "b" }));
  expect(restarted).toMatchObject({ code: "JOIN_STALLED", waitingFor: ["a"] });
  expect((await runner.session("s")).step).toBe(2);
});

test("a deferred node waits for everything else, through the runner", async () => {
  const app = new StateGraph(channels)
    .addNode("last", says, { defer: true })
    .addNode("a", says)
    .addNode("b", says)
    .addEdge(START, "last")
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addEdge("b", "last")
    .addEdge("last", END)
    .compile();
  expect(await new AppRunner(app).invoke("s")).toMatchObject({ step: 3, state: { log: ["a", "b", "last"] } });
});

test("runStep again and again ends in the same session as runUntilComplete", async () => {
  const runner = new AppRunner(looping(5));
  await runner.createSession("stepped", { value: 1 });
  for (let step = 1; step <= 5; step++)
    expect(await runner.runStep("stepped")).toMatchObject({ report: { step, completed: step === 5 } });
  const run = await runner.invoke("run", { value: 1 });
  const { state, versions, status, step } = await runner.session("stepped");
  expect({ state, versions, status, step }).toEqual({
    state: run.state,
    versions: run.versions,
    status: run.status,
    step: run.step,
  });
});

test("a session may run for thousands of supersteps, and lets timers have their turn meanwhile", async () => {
  const runner = new AppRunner(looping(2_000));
  let turns = 0;
  let running = true;
  const count = (): void => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  expect((await runner.invoke("s", {}, { maxSteps: 5_000 })).step).toBe(2_000);
  running = false;
  expect(turns).toBeGreaterThan(10);
});

test("invoke creates and runs; on a completed session it begins the next invocation with this input", async () => {
  const runner = new AppRunner(chain({ a: says, b: says }));
  expect(await runner.invoke("s", { count: 1 })).toMatchObject({
    outcome: "completed",
    step: 2,
    state: { count: 1, log: ["a", "b"] },
  });
  expect(await runner.invoke("s", { count: 2 })).toMatchObject({
    outcome: "completed",
    step: 4,
    state: { count: 3, log: ["a", "b", "a", "b"] },
  });
  expect(await runner.invoke("s")).toMatchObject({ step: 6, state: { count: 3 } });
});

/** Brings session "s" into a status; the crank runs node "a" there. */
const standings = {
  ready: async (runner: Runner) => {
    await runner.createSession("s", { count: 1 });
  },
  paused: async (runner: Runner) => {
    await runner.invoke("s", { count: 1 }, { interruptBefore: ["a"] });
  },
  asking: async (runner: Runner) => {
    await runner.invoke("s", { count: 1, value: "ask" });
  },
  failed: async (runner: Runner) => {
    await failureOf(runner.invoke("s", { count: 1, value: "fail" }));
  },
};
type Runner = ReturnType<typeof moody>;

function moody() {
  let trouble = true;
  const a: TestNode = ({ value }, ctx) => {
    if (value === "ask") return { log: `answered ${ctx.interrupt<string>("?")}` };
    if (value === "fail" && trouble) {
      trouble = false;
      throw new TypeError("once");
    }
    return { log: "a" };
  };
  return new AppRunner(chain({ a, b: says }));
}

test.each(Object.entries(standings))(
  "invoke on a session that is %s: input or entry is refused, and nothing changes",
  async (name, bring) => {
    const runner = moody();
    await bring(runner);
    const before = await runner.session("s");
    const status = { ready: "ready", paused: "paused", asking: "paused", failed: "failed" }[name];
    for (const call of [
      () => runner.invoke("s", { count: 5 }),
      () => runner.invoke("s", {}),
      () => runner.invoke("s", undefined, { entry: "b" }),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: "SESSION_NOT_FINISHED", sessionId: "s", status });
    }
    expect(await runner.session("s")).toEqual(before);
  },
);

test("invoke without input goes on with a session that is ready, paused or failed; on open questions it pauses again", async () => {
  for (const name of ["ready", "paused", "failed"] as const) {
    const runner = moody();
    await standings[name](runner);
    expect(await runner.invoke("s")).toMatchObject({
      outcome: "completed",
      step: 2,
      state: { count: 1, log: ["a", "b"] },
    });
  }
  const runner = moody();
  await standings.asking(runner);
  expect(await runner.invoke("s")).toMatchObject({
    outcome: "paused",
    reason: { kind: "interrupt" },
    summary: { tasks: 0 },
  });
});

test.each(Object.entries(standings))(
  "invoke with restart on a session that is %s gives up what is open and begins anew with this input",
  async (_name, bring) => {
    const runner = moody();
    await bring(runner);
    const result = await runner.invoke("s", { count: 5, value: "calm" }, { restart: true });
    expect(result).toMatchObject({
      outcome: "completed",
      step: 2,
      state: { count: 6, value: "calm", log: ["a", "b"] },
    });
    expect(await runner.invoke("s", undefined, { restart: true })).toMatchObject({ step: 4 });
  },
);

test("restart: the questions of the given-up invocation are no longer open, their ids answer nothing", async () => {
  const runner = moody();
  await standings.asking(runner);
  const old = await openId(runner);
  const again = await runner.invoke("s", { value: "ask" }, { restart: true });
  expect(again.outcome).toBe("paused");
  const fresh = await openId(runner);
  expect(fresh).not.toBe(old);
  expect(await failureOf(runner.resume("s", { [old]: 1 }))).toMatchObject({
    code: "INTERRUPT_ANSWER",
    open: [{ id: fresh, node: "a" }],
  });
});

async function openId(runner: Runner): Promise<string> {
  const { status } = await runner.session("s");
  if (status.kind !== "paused" || status.reason.kind !== "interrupt") throw new TypeError("no question is open");
  return status.reason.interrupts[0]?.id ?? "";
}

test("entry begins at that node instead of at START, on a new and on a completed session, and with restart", async () => {
  const runner = moody();
  expect(await runner.invoke("s", { count: 1 }, { entry: "b" })).toMatchObject({
    step: 1,
    state: { count: 1, log: ["b"] },
  });
  expect(await runner.invoke("s", undefined, { entry: "b" })).toMatchObject({ step: 2, state: { log: ["b", "b"] } });
  await runner.invoke("s", undefined, { interruptBefore: ["a"] });
  expect(await runner.invoke("s", undefined, { entry: "b", restart: true })).toMatchObject({
    step: 3,
    state: { log: ["b", "b", "b"] },
  });
});

test("an invocation begins with joins unarmed and END not reached, whatever the former one left", async () => {
  const app = new StateGraph({ log: append<string>(), from: lastValue("a") })
    .addNode("a", (_, { node }) => ({ log: node }))
    .addNode("b", (_, { node }) => ({ log: node }))
    .addNode("x", () => undefined)
    .addNode("j", (_, { node }) => ({ log: node }))
    .addConditionalEdges(START, ({ from }) => (from === "a" ? ["a", "x"] : ["b"]), ["a", "b", "x"])
    .addEdge("x", END)
    .addEdge(["a", "b"], "j")
    .addEdge("j", END)
    .compile();
  const runner = new AppRunner(app);
  expect(await runner.invoke("s")).toMatchObject({ status: { endedBy: "end" }, state: { log: ["a"] } });
  expect(await failureOf(runner.invoke("s", { from: "b" }))).toMatchObject({ code: "JOIN_STALLED", waitingFor: ["a"] });
  expect((await runner.session("s")).state.log).toEqual(["a", "b"]);
});

test("invoke whose input cannot be folded changes nothing", async () => {
  const runner = moody();
  await runner.invoke("s", { count: 1 });
  const before = await runner.session("s");
  expect(await failureOf(runner.invoke("s", { ghost: 1 } as object))).toMatchObject({ code: "UNKNOWN_CHANNEL" });
  expect(await failureOf(runner.invoke("s", { count: "1" } as object))).toMatchObject({
    code: "REDUCER_FAILED",
    channel: "count",
  });
  expect(await runner.session("s")).toEqual(before);
});

test("invoke: a route of START that fails is a RouteError, and creates nothing", async () => {
  const wrong = new StateGraph(channels)
    .addNode("a", says)
    .addConditionalEdges(START, () => "ghost" as "a")
    .addEdge("a", END)
    .compile();
  const runner = new AppRunner(wrong);
  expect(await failureOf(runner.invoke("s"))).toMatchObject({
    code: "ROUTE_UNKNOWN_TARGET",
    origin: START,
    target: "ghost",
  });
  expect(await failureOf(runner.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("P6: an invocation whose START route hangs can be aborted; nothing was created", async () => {
  const app = new StateGraph(channels)
    .addNode("a", says)
    .addConditionalEdges(START, () => new Promise<"a">(() => undefined))
    .addEdge("a", END)
    .compile();
  const runner = new AppRunner(app);
  const controller = new AbortController();
  const running = failureOf(runner.invoke("s", {}, { signal: controller.signal }));
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort("enough");
  expect(await running).toMatchObject({ code: "RUN_ABORTED", cause: "enough" });
  expect(await failureOf(runner.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("resume goes on from a pause; on a session that is not paused it is a NotPausedError", async () => {
  const runner = moody();
  await standings.paused(runner);
  expect(await runner.resume("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
  expect(await failureOf(runner.resume("s"))).toMatchObject({
    code: "NOT_PAUSED",
    sessionId: "s",
    status: "completed",
  });
  await runner.createSession("ready");
  expect(await failureOf(runner.resume("ready"))).toMatchObject({ code: "NOT_PAUSED", status: "ready" });
  const failing = moody();
  await standings.failed(failing);
  expect(await failureOf(failing.resume("s"))).toMatchObject({ code: "NOT_PAUSED", status: "failed" });
});

test("resume takes the same options as a run", async () => {
  const runner = new AppRunner(chain({ a: asks, b: says, c: says }));
  await runner.invoke("s");
  expect(await runner.resume("s", "yes", { interruptBefore: ["c"] })).toMatchObject({
    outcome: "paused",
    reason: { kind: "beforeNode", node: "c" },
    state: { value: "yes", log: ["b"] },
  });
});

test("S1: step counts committed supersteps only, input and failures not; ctx.step is the one being attempted", async () => {
  const seen: number[] = [];
  let trouble = 2;
  const node: TestNode = (_, { step }) => {
    seen.push(step);
    if (trouble-- > 0) throw new TypeError("not yet");
    return { log: `step ${step}` };
  };
  const runner = new AppRunner(chain({ a: says, b: node }));
  await runner.createSession("s", { count: 1 });
  await failureOf(runner.runUntilComplete("s"));
  await failureOf(runner.runUntilComplete("s"));
  expect(await runner.runUntilComplete("s")).toMatchObject({ step: 2, state: { log: ["a", "step 2"] } });
  expect(seen).toEqual([2, 2, 2]);
});

test("S4: maxConcurrency holds within a superstep", async () => {
  const crank = new HandCrank();
  const nodes = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`n${i}`, crank.node]));
  const running = new AppRunner(abreast(nodes), { maxConcurrency: 2 }).invoke("s");
  for (let finished = 0; finished < 6; finished++) {
    const call = await crank.started();
    expect(crank.calls.length - finished).toBeLessThanOrEqual(2);
    call.finish();
  }
  expect((await running).outcome).toBe("completed");
});

test("S5, B1: writes are folded in frontier order, whatever order the nodes finished in", async () => {
  const crank = new HandCrank();
  const running = new AppRunner(abreast({ a: crank.node, b: crank.node, c: crank.node })).invoke("s");
  await crank.started();
  for (const index of [2, 0, 1]) {
    crank.calls[index]?.finish({ log: crank.calls[index]?.ctx.node });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await running).state.log).toEqual(["a", "b", "c"]);
});

test("the summary is of this call alone: steps, tasks that ran, retries, and the time nodes took", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const flaky: TestNode = (_, { attempt }) => {
    if (attempt < 3) throw new TypeError("not yet");
  };
  const app = new StateGraph(channels)
    .addNode("a", crank.node)
    .addNode("b", crank.node)
    .addNode("flaky", flaky, { retry: { maxAttempts: 3, jitter: false } })
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge("a", "flaky")
    .addEdge("flaky", END)
    .compile();
  const runner = new AppRunner(app, { clock });
  const running = runner.invoke("s");
  await crank.started();
  await clock.advance(100);
  crank.calls[0]?.finish();
  await clock.advance(200);
  crank.calls[1]?.finish();
  await clock.advance(0);
  await clock.advance(500);
  await clock.advance(1_000);
  const { summary } = await running;
  const expected: RunSummary = {
    steps: 2,
    tasks: 3,
    retries: 2,
    durationMs: 1_800,
    nodeMs: { a: 100, b: 300, flaky: 1_500 },
    overheadMs: 0,
  };
  expect(summary).toEqual(expected);
  expect((await runner.runUntilComplete("s")).summary).toMatchObject({ steps: 0, tasks: 0, retries: 0, nodeMs: {} });
});

test("the summary counts neither tasks whose results were kept nor questions that stayed open", async () => {
  const runner = new AppRunner(
    abreast({
      a: says,
      first: [(_, ctx) => void ctx.interrupt("1?"), {}],
      second: [(_, ctx) => void ctx.interrupt("2?"), {}],
    }),
  );
  const paused = await runner.invoke("s");
  expect(paused.summary).toMatchObject({ steps: 0, tasks: 3 });
  if (paused.outcome !== "paused" || paused.reason.kind !== "interrupt") throw new TypeError("it did not ask");
  const [first, second] = paused.reason.interrupts;
  expect((await runner.resume("s", { [first?.id ?? ""]: 1 })).summary).toMatchObject({
    steps: 0,
    tasks: 1,
    nodeMs: { first: expect.any(Number) },
  });
  const done = await runner.resume("s", { [second?.id ?? ""]: 2 });
  expect(done.summary).toMatchObject({ steps: 1, tasks: 1 });
  expect(Object.keys(done.summary.nodeMs)).toEqual(["second"]);
});
