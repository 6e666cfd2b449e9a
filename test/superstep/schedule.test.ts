import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { NodeStuckError, RouteError, type Settled, scheduleStep } from "../../src/index.js";
import type { Cancellation } from "../../src/superstep/schedule.js";
import { Semaphore } from "../../src/superstep/semaphore.js";
import { verdictOf } from "../../src/superstep/verdict.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { thenable } from "../thenable.js";
import { endings, runNow, sent, stage } from "./stage.js";

/** A caller who may wish to stop. */
class Wish implements Cancellation {
  aborted = false;
  reason: unknown;
  readonly listeners = new Set<() => void>();
  onAbort(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  stop(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.listeners]) listener();
  }
}

function errorOf(settled: Settled | undefined): unknown {
  return settled !== undefined && "error" in settled ? settled.error : undefined;
}

function environmentWith(clock: TestClock) {
  return { sessionId: "s", step: 1, clock, stopwatch: () => clock.now(), random: () => 0.5 };
}

test("S1: attempt counts retries, the step stays the one being attempted", async () => {
  const seen: (readonly [number, number])[] = [];
  const clock = new TestClock();
  const flaky = (_state: unknown, ctx: { step: number; attempt: number }) => {
    seen.push([ctx.step, ctx.attempt]);
    if (ctx.attempt < 3) throw new TypeError("not yet");
  };
  const input = stage(
    { a: { run: flaky, options: { retry: { maxAttempts: 3, jitter: false } } } },
    { environment: { ...environmentWith(clock), step: 7 } },
  );
  const scheduled = scheduleStep(input);
  await clock.advance(500);
  await clock.advance(1_000);
  const { settled } = await scheduled;
  expect(seen).toEqual([
    [7, 1],
    [7, 2],
    [7, 3],
  ]);
  expect(settled[0]).toMatchObject({ kind: "finished", attempt: 3 });
});

test("S2: a frontier with an unknown node is a RouteError, and nothing was run", () => {
  let ran = 0;
  const input = stage({ a: () => void ran++ });
  const tasks = [...input.tasks, { id: "t.9", node: "ghost" }];
  const attempt = () => scheduleStep({ ...input, tasks });
  expect(attempt).toThrow(RouteError);
  expect(attempt).toThrow(
    expect.objectContaining({ code: "ROUTE_UNKNOWN_TARGET", origin: "frontier", target: "ghost" }),
  );
  expect(ran).toBe(0);
});

test("S3: every task sees the one snapshot, by reference", () => {
  const seen: unknown[] = [];
  const look = (state: unknown) => void seen.push(state);
  const input = stage({ a: look, b: look });
  runNow(input);
  expect(seen).toHaveLength(2);
  for (const state of seen) expect(state).toBe(input.state);
});

test("S3: a node that changes the snapshot gets a TypeError, and its sibling sees nothing of it (L12, P52)", () => {
  const input = stage({
    vandal: (state) => {
      (state as { value: unknown }).value = "changed";
    },
    sibling: (state) => ({ value: state.value }),
  });
  const { settled } = runNow(input);
  expect(errorOf(settled[0])).toBeInstanceOf(TypeError);
  expect(settled[1]).toMatchObject({ kind: "finished", outcome: { updates: [{ value: 0 }] } });
  expect(input.state.value).toBe(0);
});

test("S4: never more than maxConcurrency tasks are in flight, and a place that gets free is taken at once", async () => {
  const crank = new HandCrank();
  const nodes = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`n${i}`, crank.node]));
  const scheduled = scheduleStep(stage(nodes, { maxConcurrency: 2 }));
  for (let finished = 0; finished < 5; finished++) {
    await nextTurn();
    expect(crank.calls.length).toBe(Math.min(finished + 2, 5));
    crank.calls[finished]?.finish();
  }
  expect(endings(await scheduled)).toEqual(["n0 finished", "n1 finished", "n2 finished", "n3 finished", "n4 finished"]);
});

test("S4: synchronous nodes between asynchronous ones do not use up places", async () => {
  const crank = new HandCrank();
  const ran: string[] = [];
  const quick = (_: unknown, ctx: { node: string }) => void ran.push(ctx.node);
  const scheduled = scheduleStep(
    stage({ a: crank.node, b: quick, c: quick, d: crank.node, e: quick }, { maxConcurrency: 2 }),
  );
  expect(ran).toEqual(["b", "c"]);
  for (const call of crank.calls) call.finish();
  expect(endings(await scheduled)).toEqual(["a finished", "b finished", "c finished", "d finished", "e finished"]);
});

test("S4: a named limit holds across supersteps of different sessions, first come, first served", async () => {
  const limits = new Map([["model", new Semaphore(1)]]);
  const crank = new HandCrank();
  const limited = { run: crank.node, options: { limit: "model" } };
  const first = scheduleStep(stage({ a: limited }, { limits }));
  const second = scheduleStep(stage({ b: limited, free: () => undefined }, { limits }));
  await nextTurn();
  expect(crank.calls.map(({ ctx }) => ctx.node)).toEqual(["a"]);
  crank.calls[0]?.finish();
  await first;
  await nextTurn();
  expect(crank.calls.map(({ ctx }) => ctx.node)).toEqual(["a", "b"]);
  crank.calls[1]?.finish();
  expect(endings(await second)).toEqual(["b finished", "free finished"]);
});

test("S4: a task that waits for its limit does not use up a place of the superstep", async () => {
  const limits = new Map([["model", new Semaphore(1)]]);
  const crank = new HandCrank();
  const limited = { run: crank.node, options: { limit: "model" } };
  const scheduled = scheduleStep(stage({ a: limited, b: limited, c: crank.node }, { limits, maxConcurrency: 2 }));
  await nextTurn();
  expect(crank.calls.map(({ ctx }) => ctx.node)).toEqual(["a", "c"]);
  for (let i = 0; i < 3; i++) {
    crank.calls[i]?.finish();
    await nextTurn();
  }
  expect(endings(await scheduled)).toEqual(["a finished", "b finished", "c finished"]);
});

test("S4: a limit is free again after tasks that failed, asked, were stopped or given up", async () => {
  const semaphore = new Semaphore(1);
  const limits = new Map([["model", semaphore]]);
  const options = { limit: "model" };
  const clock = new TestClock();
  const thrower = () => {
    throw new TypeError("no");
  };
  runNow(stage({ a: { run: thrower, options }, b: { run: (_, ctx) => void ctx.interrupt("?"), options } }, { limits }));
  const wish = new Wish();
  const stuck = new HandCrank();
  const stopped = scheduleStep(
    stage(
      { stuck: { run: stuck.node, options }, waiting: { run: stuck.node, options } },
      { limits, cancellation: wish, environment: environmentWith(clock) },
    ),
  );
  wish.stop("enough");
  await clock.advance(5_000);
  expect(endings(await stopped)).toEqual(["stuck failed", "waiting stopped"]);
  await nextTurn();
  expect(semaphore.acquire()).toBeUndefined();
  stuck.calls[0]?.finish();
  await nextTurn();
  expect(semaphore.acquire()).toBeInstanceOf(Promise);
});

test("S5: results stand in frontier order, whatever order they finished in", async () => {
  const crank = new HandCrank();
  const scheduled = scheduleStep(stage({ a: crank.node, b: crank.node, c: crank.node }));
  for (const index of [2, 0, 1]) {
    crank.calls[index]?.finish({ value: index });
    await nextTurn();
  }
  const { settled } = await scheduled;
  expect(settled.map((one) => (one.kind === "finished" ? one.outcome.updates : one.kind))).toEqual([
    [{ value: 0 }],
    [{ value: 1 }],
    [{ value: 2 }],
  ]);
});

test("S6: drain lets siblings of a failed task finish, also those that had not started", async () => {
  const crank = new HandCrank();
  const scheduled = scheduleStep(stage({ a: crank.node, b: crank.node, c: crank.node }, { maxConcurrency: 2 }));
  crank.calls[0]?.fail(new TypeError("a broke"));
  await nextTurn();
  expect(crank.calls.map(({ ctx }) => ctx.signal.aborted)).toEqual([false, false, false]);
  crank.calls[1]?.finish();
  crank.calls[2]?.finish();
  expect(endings(await scheduled)).toEqual(["a failed", "b finished", "c finished"]);
});

test("S6: abort tells siblings to stop, waits for them, keeps what finishes all the same, and starts nobody else", async () => {
  const crank = new HandCrank();
  const clock = new TestClock();
  const failure = new TypeError("a broke");
  const input = stage(
    { a: crank.node, b: crank.node, c: crank.node, d: crank.node },
    { maxConcurrency: 3, onFailure: "abort", environment: environmentWith(clock) },
  );
  const scheduled = scheduleStep(input);
  const [a, b, c] = crank.calls;
  b?.heedSignal();
  a?.fail(failure);
  await nextTurn();
  expect(c?.ctx.signal.reason).toBe(failure);
  c?.finish({ value: "late but whole" });
  const step = await scheduled;
  expect(endings(step)).toEqual(["a failed", "b stopped", "c finished", "d stopped"]);
  expect(crank.calls).toHaveLength(3);
  expect(clock.sleeping).toBe(0);
});

test("S6: a synchronous failure under abort starts nobody else", () => {
  let ran = 0;
  const input = stage(
    {
      a: () => {
        throw new TypeError("a broke");
      },
      b: () => void ran++,
    },
    { onFailure: "abort" },
  );
  expect(endings(runNow(input))).toEqual(["a failed", "b stopped"]);
  expect(ran).toBe(0);
});

test("S6: NodeError names the first failure in frontier order, not in time, and lists all of them (L9)", async () => {
  const crank = new HandCrank();
  const scheduled = scheduleStep(stage({ a: crank.node, b: crank.node, c: crank.node }));
  const late = new TypeError("late");
  crank.calls[2]?.fail(new RangeError("early"));
  await nextTurn();
  crank.calls[0]?.fail(late);
  crank.calls[1]?.finish();
  const verdict = verdictOf(await scheduled, false);
  expect(verdict.kind).toBe("failed");
  if (verdict.kind !== "failed") return;
  expect(verdict.error).toMatchObject({ code: "NODE_FAILED", node: "a", cause: late });
  expect(verdict.error).toHaveProperty("failures", [
    expect.objectContaining({ task: { id: "t.0", node: "a" }, attempt: 1, error: late }),
    expect.objectContaining({ task: { id: "t.2", node: "c" }, attempt: 1, error: expect.any(RangeError) }),
  ]);
});

test("S6: a failure beats a question of the same superstep, an abort beats both", () => {
  const step = runNow(
    stage({
      asks: (_, ctx) => void ctx.interrupt("?"),
      fails: () => {
        throw new TypeError("no");
      },
    }),
  );
  expect(verdictOf(step, false)).toMatchObject({ kind: "failed", task: { node: "fails" } });
  expect(verdictOf(step, true)).toEqual({ kind: "aborted" });
});

test("S6: a task whose result is kept is not run again, one whose question is open is not asked again", () => {
  let ran = 0;
  const input = stage({ a: () => void ran++, b: () => void ran++ });
  const outcome = { updates: [{ value: "kept" }], routes: [] };
  const question = { kind: "interrupt", taskId: "t.1", node: "b", index: 0, id: "i1", payload: "?" } as const;
  const memories = new Map([
    ["t.0", { outcome, interrupts: [], memos: new Map() }],
    ["t.1", { interrupts: [question], memos: new Map() }],
  ]);
  const { settled } = runNow({ ...input, memories });
  expect(settled).toMatchObject([
    { kind: "finished", outcome, kept: true },
    { kind: "asked", asks: [{ index: 0, payload: "?" }] },
  ]);
  expect(ran).toBe(0);
});

test("S8: a superstep of synchronous nodes gives no promise, however it ends", () => {
  const input = stage({
    nothing: () => undefined,
    update: () => ({ value: 1 }),
    fails: () => {
      throw new TypeError("no");
    },
    asks: (_, ctx) => void ctx.interrupt("?"),
    unstorable: () => ({ value: () => undefined }),
  });
  expect(endings(runNow(input))).toEqual([
    "nothing finished",
    "update finished",
    "fails failed",
    "asks asked",
    "unstorable unstorable",
  ]);
});

test("S8: a superstep of synchronous nodes reports nothing by and by, and makes no abort signal", () => {
  const heard: Settled[] = [];
  const wish = new Wish();
  runNow(
    stage({ a: () => undefined, b: () => undefined }, { onSettled: (one) => heard.push(one), cancellation: wish }),
  );
  expect(heard).toEqual([]);
  expect(wish.listeners.size).toBe(0);
});

test("onSettled hears of each task once, in order of settling, while somebody has to be waited for", async () => {
  const heard: string[] = [];
  const crank = new HandCrank();
  const scheduled = scheduleStep(
    stage({ a: crank.node, b: () => undefined, c: crank.node }, { onSettled: ({ task }) => heard.push(task.node) }),
  );
  expect(heard).toEqual(["b"]);
  crank.calls[1]?.finish();
  await nextTurn();
  expect(heard).toEqual(["b", "c"]);
  crank.calls[0]?.finish();
  await scheduled;
  expect(heard).toEqual(["b", "c"]);
});

test("Sends to one node are tasks of their own, each with its input", () => {
  const input = stage({ a: (_, ctx) => ({ value: ctx.input }) });
  const tasks = [sent("a", "x", "t.1"), sent("a", "y", "t.2"), { id: "t.3", node: "a" }];
  const { settled } = runNow({ ...input, tasks });
  expect(settled.map((one) => one.kind === "finished" && one.outcome.updates[0]?.value)).toEqual(["x", "y", undefined]);
});

test("abort: tasks are told to stop, with the caller's reason", async () => {
  const crank = new HandCrank();
  const wish = new Wish();
  const scheduled = scheduleStep(stage({ a: crank.node, b: crank.node }, { cancellation: wish }));
  for (const call of crank.calls) call.heedSignal();
  wish.stop("enough");
  const step = await scheduled;
  expect(endings(step)).toEqual(["a stopped", "b stopped"]);
  expect(crank.calls[0]?.ctx.signal.reason).toBe("enough");
  expect(verdictOf(step, true)).toEqual({ kind: "aborted" });
  expect(wish.listeners.size).toBe(0);
});

test("abort: a caller who stops while the first tasks are being started is heard", async () => {
  const crank = new HandCrank();
  const wish = new Wish();
  const clock = new TestClock();
  const heed = (state: unknown, ctx: Parameters<typeof crank.node>[1]) => {
    const ended = crank.node(state, ctx);
    crank.calls.at(-1)?.heedSignal();
    return ended;
  };
  const input = stage(
    { a: heed, stops: () => wish.stop("from inside"), b: heed },
    { cancellation: wish, environment: environmentWith(clock) },
  );
  const step = await scheduleStep(input);
  expect(endings(step)).toEqual(["a stopped", "stops finished", "b stopped"]);
  expect(clock.sleeping).toBe(0);
});

test("abort: a caller who stops while the last limited task waits is heard", async () => {
  const limits = new Map([["model", new Semaphore(1)]]);
  void limits.get("model")?.acquire();
  const wish = new Wish();
  const limited = { run: () => undefined, options: { limit: "model" } };
  const step = await scheduleStep(
    stage({ waits: limited, stops: () => wish.stop("from inside") }, { limits, cancellation: wish }),
  );
  expect(endings(step)).toEqual(["waits stopped", "stops finished"]);
});

test("abort: a task that stops the run while it starts, after others have finished, is told to stop too", async () => {
  const crank = new HandCrank();
  const wish = new Wish();
  const clock = new TestClock();
  const suicidal = (state: unknown, ctx: Parameters<typeof crank.node>[1]) => {
    wish.stop("from inside");
    const ended = crank.node(state, ctx);
    if (ctx.signal.aborted) crank.calls.at(-1)?.fail(ctx.signal.reason);
    return ended;
  };
  const scheduled = scheduleStep(
    stage(
      { a: crank.node, b: suicidal },
      { maxConcurrency: 1, cancellation: wish, environment: environmentWith(clock) },
    ),
  );
  crank.calls[0]?.finish();
  expect(endings(await scheduled)).toEqual(["a finished", "b stopped"]);
});

test("abort: nothing starts when the caller had stopped before", () => {
  let ran = 0;
  const wish = new Wish();
  wish.stop("early");
  const step = runNow(stage({ a: () => void ran++ }, { cancellation: wish }));
  expect(endings(step)).toEqual(["a stopped"]);
  expect(ran).toBe(0);
});

test("S7: a node that never settles after an abort is given up after 5 s on the runner's clock; what it does later is ignored", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const wish = new Wish();
  const scheduled = scheduleStep(
    stage({ stuck: crank.node, fine: crank.node }, { cancellation: wish, environment: environmentWith(clock) }),
  );
  crank.calls[1]?.heedSignal();
  wish.stop("enough");
  await clock.advance(4_999);
  let isDone = false;
  void Promise.resolve(scheduled).then(() => {
    isDone = true;
  });
  await nextTurn();
  expect(isDone).toBe(false);
  await clock.advance(1);
  const step = await scheduled;
  expect(endings(step)).toEqual(["stuck failed", "fine stopped"]);
  expect(errorOf(step.settled[0])).toBeInstanceOf(NodeStuckError);
  expect(errorOf(step.settled[0])).toMatchObject({
    code: "NODE_STUCK",
    node: "stuck",
    graceMs: 5_000,
    cause: "enough",
  });
  crank.calls[0]?.finish({ value: "too late" });
  await nextTurn();
  expect(endings(step)).toEqual(["stuck failed", "fine stopped"]);
});

/** Each does its worst; the value is what must come out as the error's cause. */
const thrown: readonly (readonly [string, unknown])[] = [
  ["an Error", new TypeError("broken")],
  ["a text", "text"],
  ["undefined", undefined],
  ["null", null],
  ["a frozen error", Object.freeze(new TypeError("frozen"))],
  ["an object without a prototype", Object.create(null)],
  ["a symbol", Symbol("odd")],
];

test.each(thrown)("S7: %s, thrown or rejected, becomes a NodeError with that cause (L9, P7)", async (_name, value) => {
  const throws = () => {
    throw value;
  };
  const rejects = () => Promise.reject(value);
  for (const run of [throws, rejects]) {
    const verdict = verdictOf(await scheduleStep(stage({ a: run })), false);
    expect(verdict).toMatchObject({ kind: "failed", error: { code: "NODE_FAILED", node: "a" } });
    if (verdict.kind === "failed") expect(verdict.error.cause).toBe(value);
    expect(() => JSON.stringify(verdict)).not.toThrow();
  }
});

interface Hostile {
  readonly name: string;
  readonly thenable: () => unknown;
  readonly ending: string;
}

function throwHostile(): never {
  throw new TypeError("hostile");
}

const hostiles: readonly Hostile[] = [
  {
    name: "resolves twice",
    ending: "a finished",
    thenable: () =>
      thenable((resolve) => {
        resolve({ value: 1 });
        resolve({ value: 2 });
      }),
  },
  {
    name: "resolves, then rejects",
    ending: "a finished",
    thenable: () =>
      thenable((resolve, reject) => {
        resolve();
        reject("no");
      }),
  },
  {
    name: "rejects, then resolves",
    ending: "a failed",
    thenable: () =>
      thenable((resolve, reject) => {
        reject("no");
        resolve();
      }),
  },
  { name: "throws in then", ending: "a failed", thenable: () => thenable(throwHostile) },
  {
    name: "resolves, then throws in then",
    ending: "a finished",
    thenable: () =>
      thenable((resolve) => {
        resolve();
        throwHostile();
      }),
  },
  {
    name: "throws when then is looked at",
    ending: "a failed",
    thenable: () => new Proxy({}, { get: throwHostile }),
  },
  {
    name: "is a promise whose constructor throws",
    ending: "a failed",
    thenable: () => Object.defineProperty(Promise.resolve(undefined), "constructor", { get: throwHostile }),
  },
  {
    name: "resolves with another thenable",
    ending: "a finished",
    thenable: () => thenable((resolve) => resolve(Promise.resolve({ value: 1 }))),
  },
];

test.each(hostiles)("S7: a thenable that $name settles its task once", async ({ thenable, ending }) => {
  const heard: Settled[] = [];
  const crank = new HandCrank();
  const scheduled = scheduleStep(
    stage({ a: () => thenable() as undefined, b: crank.node }, { onSettled: (one) => heard.push(one) }),
  );
  await nextTurn();
  crank.calls[0]?.finish();
  expect(endings(await scheduled)).toEqual([ending, "b finished"]);
  expect(heard).toHaveLength(1);
});

test("S7: a thenable that never settles is only ever waited for until the abort's grace is over", async () => {
  const clock = new TestClock();
  const wish = new Wish();
  const never = () => thenable(() => undefined) as Promise<never>;
  const scheduled = scheduleStep(stage({ a: never }, { cancellation: wish, environment: environmentWith(clock) }));
  wish.stop("enough");
  await clock.advance(5_000);
  expect(endings(await scheduled)).toEqual(["a failed"]);
});

test("S7: what a node must not return is a NodeError whose cause says what it was", () => {
  const wrong: readonly unknown[] = [null, 1, "text", [{}], new Map(), new Date(), Symbol("x"), () => undefined, true];
  for (const value of wrong) {
    const verdict = verdictOf(runNow(stage({ a: () => value as undefined })), false);
    expect(verdict).toMatchObject({
      kind: "failed",
      error: { code: "NODE_FAILED", cause: { code: "NODE_RESULT_INVALID", node: "a" } },
    });
  }
});
