import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  Command,
  END,
  type ErrorRecord,
  type FrontierContext,
  lastValue,
  MemoryCheckpointer,
  NodeError,
  pause,
  reducer,
  Send,
  START,
  StateGraph,
  SuperstepError,
  sum,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, looping, says, type TestNode } from "./graphs.js";

/** Fails until it is mended, and counts its calls. */
function troubled() {
  return throwing(new TypeError("broken"));
}

function throwing(error: unknown) {
  const trouble = { isMended: false, calls: 0 };
  const node: TestNode = (_, ctx) => {
    trouble.calls++;
    if (!trouble.isMended) throw error;
    return { log: ctx.node };
  };
  return { node, trouble };
}

function counting(counts: Record<string, number>): TestNode {
  return (_, { node }) => {
    counts[node] = (counts[node] ?? 0) + 1;
    return { log: node };
  };
}

async function located(work: Promise<unknown>): Promise<FrontierContext> {
  const error = await failureOf(work);
  if (!SuperstepError.is(error) || error.at === undefined) throw new TypeError(`no place in ${String(error)}`);
  return error.at;
}

test("P7: a node that throws fails the session and nothing else: it stands where it stood, and can go on", async () => {
  const { node, trouble } = troubled();
  const runner = new AppRunner(chain({ a: says, b: node }));
  const error = await failureOf(runner.invoke("s", { count: 1 }));
  expect(error).toBeInstanceOf(NodeError);
  expect(error).toMatchObject({ code: "NODE_FAILED", node: "b", cause: expect.any(TypeError) });
  expect(await runner.session("s")).toMatchObject({
    step: 1,
    state: { log: ["a"], count: 1 },
    frontier: [{ node: "b" }],
    status: { kind: "failed", error: { code: "NODE_FAILED", cause: { name: "TypeError", message: "broken" } } },
  });
  trouble.isMended = true;
  expect(await runner.runUntilComplete("s")).toMatchObject({
    outcome: "completed",
    step: 2,
    state: { log: ["a", "b"] },
  });
});

test("S6, P14, L10: results of finished siblings are kept and not run again; the step is not used up", async () => {
  const counts: Record<string, number> = {};
  const { node, trouble } = troubled();
  const runner = new AppRunner(abreast({ a: counting(counts), b: node, c: counting(counts) }));
  const { finished, step } = await located(runner.invoke("s"));
  expect({ step, finished: finished.map((task) => task.node) }).toEqual({ step: 1, finished: ["a", "c"] });
  await failureOf(runner.runUntilComplete("s"));
  trouble.isMended = true;
  expect(await runner.runUntilComplete("s")).toMatchObject({
    outcome: "completed",
    step: 1,
    state: { log: ["a", "b", "c"] },
  });
  expect({ ...counts, b: trouble.calls }).toEqual({ a: 1, b: 3, c: 1 });
});

test("S6: kept results are in the store: another runner does not run those nodes either", async () => {
  const counts: Record<string, number> = {};
  const { node, trouble } = troubled();
  const checkpointer = new MemoryCheckpointer();
  const app = abreast({ a: counting(counts), b: node });
  await failureOf(new AppRunner(app, { checkpointer }).invoke("s"));
  trouble.isMended = true;
  await new AppRunner(app, { checkpointer }).runStep("s");
  expect(counts).toEqual({ a: 1 });
});

test("discardPending runs all tasks of the failed superstep afresh", async () => {
  const counts: Record<string, number> = {};
  const { node, trouble } = troubled();
  const runner = new AppRunner(abreast({ a: counting(counts), b: node }));
  await failureOf(runner.invoke("s"));
  await failureOf(runner.runUntilComplete("s", { discardPending: true }));
  expect(counts).toEqual({ a: 2 });
  trouble.isMended = true;
  expect(await runner.runUntilComplete("s", { discardPending: true })).toMatchObject({ state: { log: ["a", "b"] } });
  expect(counts).toEqual({ a: 3 });
});

test("P2: discardPending runs nothing while questions wait for answers, and gives up no sibling's result", async () => {
  const counts: Record<string, number> = {};
  const runner = new AppRunner(abreast({ a: counting(counts), asks: (_, ctx) => ({ log: ctx.interrupt("?") }) }));
  await runner.invoke("s");
  expect(await runner.runUntilComplete("s", { discardPending: true })).toMatchObject({ outcome: "paused" });
  expect(counts).toEqual({ a: 1 });
  expect(await runner.resume("s", "yes")).toMatchObject({ state: { log: ["a", "yes"] } });
  expect(counts).toEqual({ a: 1 });
});

test("discardPending gives up no effect that ran once, and nothing where nothing is kept", async () => {
  let effects = 0;
  let trouble = true;
  const node: TestNode = async (_, ctx) => {
    await ctx.once("charge", () => ++effects);
    if (trouble) throw new TypeError("after the effect");
  };
  const runner = new AppRunner(abreast({ a: node, b: says }));
  await failureOf(runner.invoke("s"));
  trouble = false;
  expect(await runner.runUntilComplete("s", { discardPending: true })).toMatchObject({ outcome: "completed" });
  expect(effects).toBe(1);
});

test("S6: abort stops siblings of a failed task; those that finish all the same are kept", async () => {
  const crank = new HandCrank();
  const { node } = troubled();
  const late: TestNode = async (state, ctx) => {
    const ended = crank.node(state, ctx);
    return ended;
  };
  const runner = new AppRunner(abreast({ heeds: late, ignores: late, fails: async (state, ctx) => node(state, ctx) }), {
    onFailure: "abort",
  });
  const running = failureOf(runner.invoke("s"));
  const [heeds, ignores] = [await crank.started(), await crank.started()];
  heeds.heedSignal();
  await nextTurn();
  expect(ignores.ctx.signal.aborted).toBe(true);
  ignores.finish({ log: "whole" });
  expect(await running).toMatchObject({ code: "NODE_FAILED", node: "fails", at: { finished: [{ node: "ignores" }] } });
});

test("S6: under abort too, failures that had nothing to do with the abort are all listed", async () => {
  const fails = (text: string) => async () => Promise.reject(new TypeError(text));
  const heeds: TestNode = async (_, { signal }) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(new TypeError("stopped"))));
  const app = abreast({ heeds, one: fails("one"), two: fails("two") });
  const error = await failureOf(new AppRunner(app, { onFailure: "abort" }).invoke("s"));
  expect(error).toMatchObject({ node: "one", failures: [{ task: { node: "one" } }, { task: { node: "two" } }] });
});

test("L9: the second of two parallel failures is not lost", async () => {
  const runner = new AppRunner(
    abreast({ a: throwing(new TypeError("first")).node, b: throwing("second").node, c: says }),
  );
  const error = (await failureOf(runner.invoke("s"))) as NodeError;
  expect(error.message).toContain("(and 1 more)");
  expect(error.failures.map(({ task, error }) => [task.node, error])).toEqual([
    ["a", expect.any(TypeError)],
    ["b", "second"],
  ]);
});

test("L9: text, undefined and frozen errors thrown by nodes become NodeErrors that name node and step", async () => {
  for (const thrown of [
    "text",
    undefined,
    null,
    Object.freeze(new TypeError("frozen")),
    { code: 7 },
    Object.create(null) as object,
  ]) {
    const runner = new AppRunner(chain({ a: throwing(thrown).node }));
    const error = await failureOf(runner.invoke("s"));
    expect(error).toMatchObject({ code: "NODE_FAILED", node: "a", at: { step: 1, node: "a", attempt: 1 } });
    expect((error as NodeError).cause).toBe(thrown);
    expect((await runner.session("s")).status).toMatchObject({
      kind: "failed",
      error: { code: "NODE_FAILED", message: expect.stringContaining('node "a" failed on attempt 1') },
    });
  }
});

test("`at` says where the run stood, and survives JSON", async () => {
  const { node } = troubled();
  const app = new StateGraph(channels)
    .addNode("a", () => new Command({ update: { count: 1 }, goto: ["b", new Send("b", { deep: 1n }), "c"] }), {
      ends: ["b", "c"],
    })
    .addNode("b", node)
    .addNode("c", says)
    .addEdge(START, "a")
    .addEdge("b", END)
    .addEdge("c", END)
    .compile();
  const runner = new AppRunner(app);
  const at = await located(runner.invoke("s"));
  const { frontier, versions } = await runner.session("s");
  expect(at).toEqual({
    sessionId: "s",
    step: 2,
    frontier: frontier.map(({ id, node }) => ({ id, node })),
    versions: { count: 1 },
    checkpointId: expect.any(String),
    node: "b",
    taskId: frontier[0]?.id,
    attempt: 1,
    finished: [{ id: frontier[2]?.id, node: "c" }],
  });
  expect(versions).toEqual({ count: 1 });
  expect(JSON.parse(JSON.stringify(at))).toEqual(at);
});

test("a failure as JSON is whole, and the stored status holds the same record (P61)", async () => {
  const runner = new AppRunner(chain({ a: throwing(new TypeError("broken", { cause: "deeper" })).node }));
  const error = (await failureOf(runner.invoke("s"))) as NodeError;
  const { status } = await runner.session("s");
  if (status.kind !== "failed") throw new TypeError("it is not failed");
  expect(JSON.parse(JSON.stringify(error))).toEqual(status.error);
  expect(JSON.parse(JSON.stringify(status.error))).toEqual(status.error);
  const record: ErrorRecord = status.error;
  expect(record).toMatchObject({
    name: "NodeError",
    code: "NODE_FAILED",
    at: { step: 1, node: "a" },
    cause: { name: "TypeError", code: "THROWN", message: "broken", cause: { name: "Thrown", message: "deeper" } },
  });
});

test("a failed barrier or route keeps all results: repaired code goes on without running nodes again (L8)", async () => {
  let runs = 0;
  const graph = (isMended: boolean) =>
    new StateGraph({
      log: append<string>(),
      folded: reducer<number, number>(
        0,
        (draft, write) => {
          if (!isMended) throw new TypeError("bad reducer");
          return draft + write;
        },
        { label: "adds" },
      ),
    })
      .addNode("a", () => {
        runs++;
        return { folded: 5, log: "a" };
      })
      .addNode("b", () => void runs++)
      .addEdge(START, "a")
      .addEdge(START, "b")
      .addEdge("a", END)
      .compile();
  const checkpointer = new MemoryCheckpointer();
  const broken = new AppRunner(graph(false), { checkpointer });
  const error = await failureOf(broken.invoke("s"));
  expect(error).toMatchObject({
    code: "REDUCER_FAILED",
    channel: "folded",
    at: { step: 1, finished: [{ node: "a" }, { node: "b" }] },
  });
  expect(await broken.session("s")).toMatchObject({
    step: 0,
    state: { log: [], folded: 0 },
    versions: {},
    status: { kind: "failed" },
  });
  expect(await failureOf(broken.runUntilComplete("s"))).toMatchObject({ code: "REDUCER_FAILED" });
  expect(await new AppRunner(graph(true), { checkpointer }).runUntilComplete("s")).toMatchObject({
    step: 1,
    state: { folded: 5, log: ["a"] },
  });
  expect(runs).toBe(2);
});

test("a failed route keeps all results; discardPending runs the nodes afresh", async () => {
  let runs = 0;
  let isMended = false;
  const app = new StateGraph(channels)
    .addNode("a", () => {
      runs++;
      return { log: "a" };
    })
    .addEdge(START, "a")
    .addConditionalEdges("a", async () => {
      if (!isMended) throw new TypeError("bad route");
      return END as typeof END;
    })
    .compile();
  const runner = new AppRunner(app);
  expect(await failureOf(runner.invoke("s"))).toMatchObject({
    code: "ROUTE_FAILED",
    origin: "a",
    at: { finished: [{ node: "a" }] },
  });
  expect(await failureOf(runner.runUntilComplete("s", { discardPending: true }))).toMatchObject({
    code: "ROUTE_FAILED",
  });
  expect(runs).toBe(2);
  isMended = true;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", step: 1, state: { log: ["a"] } });
  expect(runs).toBe(2);
});

test("P6: a wish to pause that a hook has at once is heard, also after an abort: the superstep is committed", async () => {
  const abort = new AbortController();
  const stops: TestNode = () => {
    abort.abort();
    return { log: "a" };
  };
  const hooks = [{ afterStep: () => pause("look") }];
  const runner = new AppRunner(chain({ a: stops, b: says }), { hooks });
  expect(await runner.invoke("s", {}, { signal: abort.signal })).toMatchObject({ outcome: "paused", step: 1 });
});

test.each(["beforeStep", "afterStep"] as const)(
  "P6: a %s hook that never answers keeps no run that is aborted, cancelled or drained in vain",
  async (hook) => {
    const asked: (() => void)[] = [];
    let hangs = true;
    const hooks = [
      {
        [hook]: () => {
          for (const tell of asked.splice(0)) tell();
          return hangs ? new Promise<void>(() => undefined) : undefined;
        },
      },
    ];
    const runner = new AppRunner(chain({ a: says, b: says, c: says }), { hooks });
    const hung = () => new Promise<void>((resolve) => asked.push(resolve));
    const [waiting, abort] = [hung(), new AbortController()];
    const aborted = failureOf(runner.invoke("s", {}, { signal: abort.signal }));
    await waiting;
    expect(await failureOf(runner.drain({ timeoutMs: 0 }))).toMatchObject({ code: "DRAIN_TIMEOUT", sessions: ["s"] });
    runner.undrain();
    abort.abort();
    expect(await aborted).toMatchObject({ code: "RUN_ABORTED" });
    const again = hung();
    const cancelled = failureOf(runner.runUntilComplete("s"));
    await again;
    expect(await runner.cancel("s")).toBe("here");
    expect(await cancelled).toMatchObject({ code: "RUN_ABORTED" });
    expect((await runner.session("s")).status).toEqual({ kind: "ready" });
    hangs = false;
    expect((await runner.runUntilComplete("s")).state.log).toEqual(["a", "b", "c"]);
  },
);

test("P6: a route that never answers can be aborted; what the nodes did is kept", async () => {
  let runs = 0;
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  let hangs = true;
  const app = new StateGraph(channels)
    .addNode("a", () => void runs++)
    .addEdge(START, "a")
    .addConditionalEdges("a", () => {
      asked();
      return hangs ? new Promise<typeof END>(() => undefined) : END;
    })
    .compile();
  const runner = new AppRunner(app);
  const controller = new AbortController();
  const running = failureOf(runner.invoke("s", {}, { signal: controller.signal }));
  await isAsked;
  controller.abort();
  expect(await running).toMatchObject({ code: "RUN_ABORTED", at: { finished: [{ node: "a" }] } });
  hangs = false;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
  expect(runs).toBe(1);
});

test("L5, F3: a Command that leads to an unknown node is a RouteError, and what was run is kept", async () => {
  let target = "ghost";
  let runs = 0;
  const app = chain({
    a: () => {
      runs++;
      return new Command({ update: { log: "a" }, goto: target });
    },
    b: says,
  });
  const runner = new AppRunner(app);
  expect(await failureOf(runner.invoke("s"))).toMatchObject({
    code: "ROUTE_UNKNOWN_TARGET",
    origin: "a",
    target: "ghost",
  });
  target = "b";
  expect(await failureOf(runner.runUntilComplete("s"))).toMatchObject({ code: "ROUTE_UNKNOWN_TARGET" });
  expect(runs).toBe(1);
  expect(await runner.runUntilComplete("s", { discardPending: true })).toMatchObject({
    outcome: "completed",
    state: { log: ["a", "b"] },
  });
});

test("B4, B5, P6 of the pitfalls: unknown channels and two writers fail the superstep, and leave the session as it was", async () => {
  const unknown = new AppRunner(chain({ a: () => ({ ghost: 1 }) as object }));
  expect(await failureOf(unknown.invoke("s", { count: 1 }))).toMatchObject({
    code: "UNKNOWN_CHANNEL",
    channel: "ghost",
    at: { step: 1 },
  });
  expect(await unknown.session("s")).toMatchObject({ step: 0, state: { count: 1 }, status: { kind: "failed" } });
  const twoWriters = new AppRunner(abreast({ a: () => ({ value: 1, log: "a" }), b: () => ({ value: 2 }) }));
  expect(await failureOf(twoWriters.invoke("s"))).toMatchObject({
    code: "CONCURRENT_WRITE",
    channel: "value",
    nodes: ["a", "b"],
  });
  expect(await twoWriters.session("s")).toMatchObject({ step: 0, state: { log: [], value: undefined } });
});

test("T3: a result that cannot be stored is refused, names its path, and the node runs again when mended", async () => {
  let value: unknown = { messages: [{}, { onClick: () => undefined }] };
  const counts: Record<string, number> = {};
  const runner = new AppRunner(abreast({ a: () => ({ value }), b: counting(counts) }));
  expect(await failureOf(runner.invoke("s"))).toMatchObject({
    code: "NOT_SERIALIZABLE",
    path: "value.messages[1].onClick",
    at: { node: "a", finished: [{ node: "b" }] },
  });
  value = { messages: [] };
  expect(await runner.runUntilComplete("s")).toMatchObject({
    outcome: "completed",
    state: { value: { messages: [] } },
  });
  expect(counts).toEqual({ b: 1 });
});

test("onError turns a final failure into a route, and the session goes on", async () => {
  const app = new StateGraph(channels)
    .addNode(
      "risky",
      () => {
        throw new TypeError("broken");
      },
      {
        onError: (error, { count }) =>
          new Command({ update: { log: `${(error as Error).message} at ${count}` }, goto: "rescue" }),
        ends: ["rescue"],
      },
    )
    .addNode("rescue", says)
    .addEdge(START, "risky")
    .addEdge("rescue", END)
    .compile();
  expect(await new AppRunner(app).invoke("s", { count: 3 })).toMatchObject({
    outcome: "completed",
    step: 2,
    state: { log: ["broken at 3", "rescue"] },
  });
});

test("retry: attempts and delays go by the runner's clock and random", async () => {
  const clock = new TestClock();
  const attempts: [number, number][] = [];
  const node: TestNode = (_, ctx) => {
    attempts.push([ctx.attempt, ctx.now()]);
    if (ctx.attempt < 4) throw new TypeError("not yet");
    return { log: "done" };
  };
  const runner = new AppRunner(chain({ a: [node, { retry: { maxAttempts: 4 } }] }), { clock, random: () => 0 });
  const running = runner.invoke("s");
  await clock.advance(60_000);
  expect(await running).toMatchObject({ outcome: "completed", step: 1, summary: { retries: 3, tasks: 1 } });
  expect(attempts).toEqual([
    [1, 0],
    [2, 250],
    [3, 750],
    [4, 1_750],
  ]);
});

test("retry: when every attempt failed, `at` says on which one it gave up", async () => {
  const clock = new TestClock();
  const { node } = troubled();
  const runner = new AppRunner(chain({ a: [node, { retry: { maxAttempts: 3 } }] }), { clock });
  const running = located(runner.invoke("s"));
  await clock.advance(60_000);
  expect((await running).attempt).toBe(3);
});

test("S7: a timeout is a NodeError caused by a NodeTimeoutError, by the runner's clock; the session can go on", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: [crank.node, { timeoutMs: 100 }] }), { clock });
  const running = failureOf(runner.invoke("s"));
  (await crank.started()).heedSignal();
  await clock.advance(100);
  expect(await running).toMatchObject({
    code: "NODE_FAILED",
    node: "a",
    cause: { code: "NODE_TIMEOUT", timeoutMs: 100 },
  });
  const again = runner.runUntilComplete("s");
  (await crank.started()).finish({ log: "in time" });
  expect(await again).toMatchObject({ outcome: "completed", state: { log: ["in time"] } });
});

test("S7: a node that never settles after an abort ends in a RunAbortedError after the grace; the session can go on", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const runner = new AppRunner(abreast({ stuck: crank.node, fine: says }), { clock });
  const controller = new AbortController();
  const running = failureOf(runner.invoke("s", {}, { signal: controller.signal }));
  const stuck = await crank.started();
  controller.abort("enough");
  await clock.advance(5_000);
  expect(await running).toMatchObject({ code: "RUN_ABORTED", cause: "enough", at: { finished: [{ node: "fine" }] } });
  expect((await runner.session("s")).status).toEqual({ kind: "ready" });
  const again = runner.runUntilComplete("s");
  stuck.finish({ log: "a ghost of the former try" });
  (await crank.started()).finish({ log: "stuck" });
  expect(await again).toMatchObject({ state: { log: ["stuck", "fine"] } });
});

test("L11: the step limit is exact, says where it stood, and the session goes on with what is left", async () => {
  const runner = new AppRunner(looping(10));
  const error = await failureOf(runner.invoke("s", {}, { maxSteps: 4 }));
  expect(error).toMatchObject({
    code: "STEP_LIMIT",
    maxSteps: 4,
    at: { sessionId: "s", step: 5, frontier: [{ node: "loop" }], versions: { count: 4 }, finished: [] },
  });
  expect(await runner.session("s")).toMatchObject({ step: 4, state: { count: 4 }, status: { kind: "ready" } });
  expect(await runner.runUntilComplete("s", { maxSteps: 6 })).toMatchObject({ outcome: "completed", step: 10 });
});

test("L11: a session that completes with the last superstep allowed completes", async () => {
  expect(await new AppRunner(looping(4)).invoke("s", {}, { maxSteps: 4 })).toMatchObject({
    outcome: "completed",
    step: 4,
  });
  expect(await failureOf(new AppRunner(looping(5)).invoke("s", {}, { maxSteps: 4 }))).toMatchObject({
    code: "STEP_LIMIT",
  });
});

test("the default step limit is 100, for each call anew", async () => {
  const runner = new AppRunner(looping(150));
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "STEP_LIMIT", maxSteps: 100 });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", step: 150, summary: { steps: 50 } });
});

test("L8: a failed superstep poisons nothing: the session is read, retried and restarted as before", async () => {
  const app = new StateGraph({ total: sum(), last: lastValue("") })
    .addNode("a", ({ total }) => ({ total: total === 0 ? ("x" as unknown as number) : 1 }))
    .addEdge(START, "a")
    .addEdge("a", END)
    .compile();
  const runner = new AppRunner(app);
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(await failureOf(attempt === 0 ? runner.invoke("s") : runner.runUntilComplete("s"))).toMatchObject({
      code: "REDUCER_FAILED",
      channel: "total",
    });
    expect(await runner.session("s")).toMatchObject({ step: 0, state: { total: 0 }, versions: {} });
  }
  expect(await runner.invoke("s", { total: 1 }, { restart: true })).toMatchObject({
    outcome: "completed",
    state: { total: 2 },
  });
});

test("onError hooks hear of every failure, with where it happened", async () => {
  const heard: [string, number | undefined][] = [];
  const runner = new AppRunner(chain({ a: troubled().node }), {
    hooks: [{ onError: ({ code, at }) => void heard.push([code, at?.step]) }],
  });
  await failureOf(runner.invoke("s"));
  await failureOf(runner.runUntilComplete("s", { signal: AbortSignal.abort() }));
  expect(heard).toEqual([
    ["NODE_FAILED", 1],
    ["RUN_ABORTED", 1],
  ]);
});
