import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  AppRunner,
  type Channels,
  END,
  lastValue,
  type RunEvent,
  type RunOptions,
  type RunStream,
  resumeWith,
  START,
  StateGraph,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, channels, failureOf, looping, says, type TestNode } from "./graphs.js";

async function read<C extends Channels>(stream: RunStream<C>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** `"step type node"`, so that an order can be read at a glance. */
function brief(event: RunEvent): string {
  const node = "task" in event ? ` ${event.task.node}` : "";
  return `${event.step} ${event.type}${node}`;
}

const terminal = ["run.completed", "run.paused", "run.failed"];

function terminals(events: readonly RunEvent[]): readonly string[] {
  return events.map(({ type }) => type).filter((type) => terminal.includes(type));
}

async function notingUnhandled(work: () => Promise<void>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    await work();
    await nextTurn();
    await nextTurn();
  } finally {
    process.off("unhandledRejection", note);
  }
  return unhandled;
}

test("P43: the order of events is golden", async () => {
  const flaky: TestNode = (_, ctx) => {
    ctx.emit("token");
    ctx.progress(1, 2);
    if (ctx.attempt < 2) throw new TypeError("once");
    return { log: "flaky" };
  };
  const app = chain({ a: says, flaky: [flaky, { retry: { maxAttempts: 2, initialDelayMs: 0 } }] });
  const stream = new AppRunner(app).stream("s", { count: 1 });
  expect((await read(stream)).map(brief)).toEqual([
    "1 run.started",
    "1 step.started",
    "1 node.started a",
    "1 node.completed a",
    "1 step.completed",
    "2 step.started",
    "2 node.started flaky",
    "2 node.emitted flaky",
    "2 node.progress flaky",
    "2 node.retrying flaky",
    "2 node.started flaky",
    "2 node.emitted flaky",
    "2 node.progress flaky",
    "2 node.completed flaky",
    "2 step.completed",
    "2 run.completed",
  ]);
});

test("events of a pause, a resume and a failure", async () => {
  let trouble = true;
  const fails: TestNode = () => {
    if (trouble) throw new TypeError("broken");
  };
  const runner = new AppRunner(chain({ asks: (_, ctx) => ({ value: ctx.interrupt("?") }), fails }));
  expect((await read(runner.stream("s"))).map(brief)).toEqual([
    "1 run.started",
    "1 step.started",
    "1 node.started asks",
    "1 run.paused",
  ]);
  expect((await read(runner.stream("s", resumeWith("yes")))).map(brief)).toEqual([
    "1 run.started",
    "1 step.started",
    "1 node.started asks",
    "1 node.completed asks",
    "1 step.completed",
    "2 step.started",
    "2 node.started fails",
    "2 node.failed fails",
    "2 run.failed",
  ]);
  trouble = false;
  expect(terminals(await read(runner.stream("s")))).toEqual(["run.completed"]);
});

test("P1: run.paused and run.failed carry the superstep being attempted, and after one the number it committed under", async () => {
  const told = async (options: RunOptions<"a" | "b">) => {
    const stream = new AppRunner(chain({ a: says, b: says })).stream("s", {}, options);
    return (await read(stream)).map(brief).at(-1);
  };
  expect(await told({ interruptBefore: ["a"] })).toBe("1 run.paused");
  expect(await told({ interruptBefore: ["b"] })).toBe("2 run.paused");
  expect(await told({ interruptAfter: ["a"] })).toBe("1 run.paused");
  expect(await told({ interruptEachStep: true })).toBe("1 run.paused");
  expect(await told({ maxSteps: 1 })).toBe("2 run.failed");
  expect(await told({})).toBe("2 run.completed");
  const stalls = new StateGraph(channels)
    .addNode("a", says)
    .addNode("b", says)
    .addNode("c", says)
    .addConditionalEdges(START, () => "a", ["a", "b"])
    .addEdge(["a", "b"], "c")
    .addEdge("c", END)
    .compile();
  expect((await read(new AppRunner(stalls).stream("s"))).map(brief).at(-1)).toBe("1 run.failed");
});

test("events carry a seq from 1, the session, the clock's time when they happened, and what they are about (P34)", async () => {
  const clock = new TestClock(1_000);
  const crank = new HandCrank();
  const stream = new AppRunner(chain({ a: crank.node }), { clock }).stream("s");
  const call = await crank.started();
  await clock.advance(250);
  call.ctx.emit({ token: "x" });
  call.finish({ log: "a" });
  await stream.result;
  const events = await read(stream);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map(({ sessionId }) => sessionId))).toEqual(new Set(["s"]));
  expect(events.map(({ type, at }) => [type, at])).toEqual([
    ["run.started", 1_000],
    ["step.started", 1_000],
    ["node.started", 1_000],
    ["node.emitted", 1_250],
    ["node.completed", 1_250],
    ["step.completed", 1_250],
    ["run.completed", 1_250],
  ]);
  const task = { id: call.ctx.taskId, node: "a" };
  expect(events[1]).toMatchObject({ frontier: [task] });
  expect(events[2]).toMatchObject({ task, attempt: 1 });
  expect(events[3]).toMatchObject({ task, data: { token: "x" } });
  expect(events[4]).toMatchObject({ task, attempt: 1, durationMs: 250 });
  expect(events[5]).toMatchObject({ report: { step: 1, completed: true, durationMs: 250 } });
});

test("node.progress carries what was given, and nothing else", async () => {
  const node: TestNode = (_, { progress }) => {
    progress(1);
    progress(1, 2);
    progress(2, 2, "done");
  };
  const events = await read(new AppRunner(chain({ a: node })).stream("s"));
  const told = events.flatMap((event) =>
    event.type === "node.progress" ? [[event.done, "total" in event, "message" in event]] : [],
  );
  expect(told).toEqual([
    [1, false, false],
    [1, true, false],
    [2, true, true],
  ]);
});

test("the result is the same as invoke's, and settles with the last event", async () => {
  const stream = new AppRunner(chain({ a: says })).stream("s");
  let last = "";
  for await (const { type } of stream) last = type;
  expect(last).toBe("run.completed");
  expect(await stream.result).toMatchObject({ outcome: "completed", state: { log: ["a"] } });
});

test("the run runs whether or not anyone iterates, and events wait for one who comes late", async () => {
  const stream = new AppRunner(chain({ a: says, b: says })).stream("s");
  expect(await stream.result).toMatchObject({ outcome: "completed" });
  const events = await read(stream);
  expect(events).toHaveLength(10);
  expect(terminals(events)).toEqual(["run.completed"]);
});

test("the order of events does not depend on who reads them, and every one of many is told (P18)", async () => {
  const chatty: TestNode = async (_, { emit }) => {
    for (let i = 0; i < 2_000; i++) {
      emit(i);
      if (i % 100 === 0) await nextTurn();
    }
  };
  const events = await read(new AppRunner(chain({ a: chatty })).stream("s"));
  const told = events.flatMap((event) => (event.type === "node.emitted" ? [event.data] : []));
  expect(told).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
});

test("L14: for a reader that does not read, only so many live events wait; all others are kept", async () => {
  const flood: TestNode = (_, { emit }) => {
    for (let i = 0; i < 30_000; i++) emit(i);
  };
  const stream = new AppRunner(chain({ a: flood, b: says })).stream("s");
  await stream.result;
  const events = await read(stream);
  expect(events.length).toBeLessThanOrEqual(10_011);
  const data = events.flatMap((event) => (event.type === "node.emitted" ? [event.data] : []));
  expect(data.at(-1)).toBe(29_999);
  const lasting = events.filter(({ type }) => type !== "node.emitted" && type !== "stream.dropped");
  expect(lasting.map(brief)).toHaveLength(10);
});

test("exactly one terminal event, also when the session does not exist, is busy, is not paused, or the options are invalid", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node }));
  const refused: readonly (readonly [() => RunStream<Channels>, string])[] = [
    [() => runner.stream("ghost", resumeWith(1)) as RunStream<Channels>, "SESSION_NOT_FOUND"],
    [() => runner.stream("s", {}, { maxSteps: 0 }) as RunStream<Channels>, "INVALID_OPTION"],
    [
      () => runner.stream("s", {}, { signal: "stop" as unknown as AbortSignal }) as RunStream<Channels>,
      "INVALID_OPTION",
    ],
    [() => runner.stream("") as RunStream<Channels>, "INVALID_OPTION"],
    [() => runner.stream("s", {}, { interruptBefore: ["ghost" as "a"] }) as RunStream<Channels>, "UNKNOWN_NODE"],
    [() => runner.stream("s", {}, { entry: "ghost" as "a" }) as RunStream<Channels>, "UNKNOWN_NODE"],
    [() => runner.stream("s", { ghost: 1 } as object) as RunStream<Channels>, "UNKNOWN_CHANNEL"],
  ];
  for (const [start, code] of refused) {
    const stream = start();
    const events = await read(stream);
    expect(events).toMatchObject([{ seq: 1, type: "run.failed", error: { code } }]);
    expect(await failureOf(stream.result)).toMatchObject({ code });
  }
  const first = runner.stream("s");
  await crank.started();
  expect(await read(runner.stream("s"))).toMatchObject([{ type: "run.failed", error: { code: "SESSION_BUSY" } }]);
  crank.calls[0]?.finish();
  expect(terminals(await read(first))).toEqual(["run.completed"]);
  expect(await read(runner.stream("s", resumeWith(1)))).toMatchObject([
    { type: "run.failed", error: { code: "NOT_PAUSED" } },
  ]);
});

test("exactly one terminal event however a run ends", async () => {
  const asks: TestNode = (_, ctx) => void ctx.interrupt("?");
  const fails: TestNode = () => {
    throw new TypeError("broken");
  };
  const ends: readonly (readonly [RunStream<Channels>, string])[] = [
    [new AppRunner(chain({ a: says })).stream("s") as RunStream<Channels>, "run.completed"],
    [new AppRunner(chain({ a: asks })).stream("s") as RunStream<Channels>, "run.paused"],
    [new AppRunner(chain({ a: says })).stream("s", {}, { interruptBefore: "*" }) as RunStream<Channels>, "run.paused"],
    [new AppRunner(chain({ a: fails })).stream("s") as RunStream<Channels>, "run.failed"],
    [new AppRunner(looping(9)).stream("s", {}, { maxSteps: 2 }) as RunStream<Channels>, "run.failed"],
    [
      new AppRunner(chain({ a: says })).stream("s", {}, { signal: AbortSignal.abort() }) as RunStream<Channels>,
      "run.failed",
    ],
  ];
  for (const [stream, type] of ends) {
    const events = await read(stream);
    expect(terminals(events)).toEqual([type]);
    expect(events.at(-1)?.type).toBe(type);
  }
});

test("nothing comes after the terminal event, whatever an orphaned node still says", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const stream = new AppRunner(chain({ a: crank.node }), { clock }).stream("s");
  const orphan = await crank.started();
  stream.abort();
  const reading = read(stream);
  await clock.advance(5_000);
  await failureOf(stream.result);
  orphan.ctx.emit("from the grave");
  orphan.ctx.progress(1);
  expect((await reading).at(-1)?.type).toBe("run.failed");
  const talkative = new AppRunner(chain({ a: says }), { hooks: [{ onComplete: () => orphan.ctx.emit("x") }] });
  expect((await read(talkative.stream("t"))).at(-1)?.type).toBe("run.completed");
});

test("breaking off stops the run at the next boundary, and the session can go on", async () => {
  const runner = new AppRunner(looping(50, async () => ({ count: 1 })));
  const stream = runner.stream("s");
  for await (const event of stream) if (event.type === "step.completed" && event.step === 2) break;
  expect(await failureOf(stream.result)).toMatchObject({ code: "RUN_ABORTED" });
  const { step, status } = await runner.session("s");
  expect(step).toBeGreaterThanOrEqual(2);
  expect(step).toBeLessThan(50);
  expect(status).toEqual({ kind: "ready" });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", step: 50, state: { count: 50 } });
});

test("breaking off lets the superstep that runs finish and commit", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node, b: says }));
  const stream = runner.stream("s");
  for await (const { type } of stream) if (type === "node.started") break;
  const call = await crank.started();
  expect(call.ctx.signal.aborted).toBe(false);
  call.finish({ log: "a" });
  await failureOf(stream.result);
  expect(await runner.session("s")).toMatchObject({ step: 1, state: { log: ["a"] }, status: { kind: "ready" } });
});

test("breaking off at the last event changes nothing", async () => {
  const runner = new AppRunner(chain({ a: says }));
  const stream = runner.stream("s");
  for await (const { type } of stream) if (type === "run.completed") break;
  expect(await stream.result).toMatchObject({ outcome: "completed" });
  expect(await runner.invoke("s")).toMatchObject({ outcome: "completed", step: 2 });
});

test("abort ends the run with the reason given", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node }));
  const stream = runner.stream("s");
  const call = await crank.started();
  call.heedSignal();
  stream.abort("enough");
  expect(await failureOf(stream.result)).toMatchObject({ code: "RUN_ABORTED", cause: "enough" });
  expect(call.ctx.signal.reason).toBe("enough");
  expect(terminals(await read(stream))).toEqual(["run.failed"]);
  stream.abort("again");
});

test("abort by the caller's signal ends a stream too", async () => {
  const crank = new HandCrank();
  const controller = new AbortController();
  const stream = new AppRunner(chain({ a: crank.node })).stream("s", {}, { signal: controller.signal });
  (await crank.started()).heedSignal();
  controller.abort("enough");
  expect(await failureOf(stream.result)).toMatchObject({ code: "RUN_ABORTED", cause: "enough" });
});

test("a result that nobody looks at is never an unhandled rejection", async () => {
  const fails: TestNode = async () => {
    throw new TypeError("broken");
  };
  const runner = new AppRunner(chain({ a: fails }));
  const unhandled = await notingUnhandled(async () => {
    await read(runner.stream("s"));
    await read(runner.stream("ghost", resumeWith(1)));
    runner.stream("s", {}, { maxSteps: 0 });
    for await (const _ of runner.stream("s")) break;
  });
  expect(unhandled).toEqual([]);
});

test("P9: emit never throws: without a stream, after the run, and with data that nobody could store", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node }));
  const unstorable = { callback: () => undefined };
  const running = runner.invoke("s");
  const silent = await crank.started();
  expect(() => silent.ctx.emit(unstorable)).not.toThrow();
  silent.finish();
  await running;
  expect(() => silent.ctx.emit("late")).not.toThrow();
  const stream = runner.stream("t");
  const heard = await crank.started();
  heard.ctx.emit(unstorable);
  heard.finish();
  const events = await read(stream);
  expect(events.find(({ type }) => type === "node.emitted")).toMatchObject({ data: unstorable });
});

test("P10: sessions on one runner have streams of their own, one after the other and side by side", async () => {
  const node: TestNode = (_, { emit, sessionId }) => emit(sessionId);
  const runner = new AppRunner(chain({ a: node }));
  await read(runner.stream("first"));
  const streams = ["second", "third"].map((id) => runner.stream(id));
  for (const [index, events] of (await Promise.all(streams.map(read))).entries()) {
    const id = ["second", "third"][index];
    expect(events.every(({ sessionId }) => sessionId === id)).toBe(true);
    expect(events.find(({ type }) => type === "node.emitted")).toMatchObject({ data: id });
  }
});

test("two readers of one stream each have all of its events, and both end", async () => {
  const stream = new AppRunner(looping(10, async () => ({ count: 1 }))).stream("s");
  const [first, second] = await Promise.all([read(stream), read(stream)]);
  expect(first.map(({ seq }) => seq)).toEqual(first.map((_, index) => index + 1));
  expect(second).toEqual(first);
  expect(terminals(first)).toEqual(["run.completed"]);
});

test("P25: a node that fails is told as failed, with its error and attempt", async () => {
  const fails: TestNode = () => {
    throw new TypeError("broken");
  };
  const events = await read(new AppRunner(abreast({ fails, fine: says })).stream("s"));
  expect(events.filter(({ type }) => type.startsWith("node.")).map(brief)).toEqual([
    "1 node.started fails",
    "1 node.started fine",
    "1 node.failed fails",
    "1 node.completed fine",
  ]);
  expect(events.find(({ type }) => type === "node.failed")).toMatchObject({
    attempt: 1,
    error: { name: "TypeError", message: "broken" },
  });
});

test("a task whose result was kept is not told as completed a second time", async () => {
  let trouble = true;
  const fails: TestNode = () => {
    if (trouble) throw new TypeError("broken");
  };
  const runner = new AppRunner(abreast({ fine: says, fails }));
  await failureOf(runner.invoke("s"));
  trouble = false;
  const events = await read(runner.stream("s"));
  expect(events.filter(({ type }) => type.startsWith("node.")).map(brief)).toEqual([
    "1 node.started fails",
    "1 node.completed fails",
  ]);
});

test("a channel may be called `resume` or `answer`: only resumeWith resumes", async () => {
  const app = new StateGraph({ resume: lastValue(""), answer: lastValue("") })
    .addNode("a", () => undefined)
    .addEdge(START, "a")
    .addEdge("a", END)
    .compile();
  const runner = new AppRunner(app);
  expect(await runner.stream("s", { resume: "r", answer: "x" }).result).toMatchObject({
    outcome: "completed",
    state: { resume: "r", answer: "x" },
  });
});

test("L14: a thousand runs that share one signal leave no listener behind, however they end", async () => {
  const { signal } = new AbortController();
  const asks: TestNode = async ({ value }, ctx) => {
    if (value === "ask") ctx.interrupt("?");
    if (value === "fail") throw new TypeError("broken");
    return { log: String(ctx.signal.aborted) };
  };
  const runner = new AppRunner(chain({ a: [asks, { timeoutMs: 1_000 }] }));
  const kinds = ["calm", "ask", "fail"];
  for (let i = 0; i < 1_000; i++) {
    const value = kinds[i % 3];
    if (i % 2 === 0) await runner.invoke(`s${i}`, { value }, { signal }).catch(() => undefined);
    else await runner.stream(`s${i}`, { value }, { signal }).result.catch(() => undefined);
  }
  await runner.stream("s", {}, { signal, maxSteps: 0 }).result.catch(() => undefined);
  await runner.stream("", {}, { signal }).result.catch(() => undefined);
  await runner.stream("s", {}, { signal, entry: "ghost" as "a" }).result.catch(() => undefined);
  await runner.invoke("s", {}, { signal, maxSteps: 0 }).catch(() => undefined);
  await runner.resume("ghost", 1, { signal }).catch(() => undefined);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("L14: while a run runs, it has one listener on its signal, however many supersteps and tasks it has", async () => {
  const { signal } = new AbortController();
  let most = 0;
  const node: TestNode = async () => {
    most = Math.max(most, getEventListeners(signal, "abort").length);
    return { count: 1 };
  };
  await new AppRunner(looping(20, node)).invoke("s", {}, { signal });
  expect(most).toBe(1);
});
