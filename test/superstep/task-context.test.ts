import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type NodeContext, scheduleStep, type TaskRecord } from "../../src/index.js";
import type { TaskMemory } from "../../src/superstep/record.js";
import type { StepEnvironment } from "../../src/superstep/task-context.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { runNow, sent, stage } from "./stage.js";

interface Heard {
  readonly records: TaskRecord[];
  readonly events: unknown[][];
}

function environmentThatHears(clock = new TestClock()): {
  readonly environment: StepEnvironment;
  readonly heard: Heard;
} {
  const heard: Heard = { records: [], events: [] };
  const environment: StepEnvironment = {
    sessionId: "s",
    step: 3,
    clock,
    stopwatch: () => clock.now(),
    random: () => 0.25,
    remember: (record) => void heard.records.push(record),
    listener: {
      started: () => undefined,
      retrying: () => undefined,
      emitted: (task, data) => void heard.events.push([task.node, data]),
      progressed: (task, ...rest) => void heard.events.push([task.node, ...rest]),
    },
  };
  return { environment, heard };
}

function memory(parts: Partial<TaskMemory>): ReadonlyMap<string, TaskMemory> {
  return new Map([["t.0", { interrupts: [], memos: new Map(), ...parts }]]);
}

test("a node is told where it stands", () => {
  let seen: unknown;
  const look = ({ sessionId, node, step, taskId, attempt, input }: NodeContext) => {
    seen = { sessionId, node, step, taskId, attempt, input };
  };
  const { environment } = environmentThatHears();
  const input = stage({ a: (_, ctx) => look(ctx) }, { environment });
  runNow({ ...input, tasks: [sent("a", { x: 1 }, "t.7")] });
  expect(seen).toEqual({ sessionId: "s", node: "a", step: 3, taskId: "t.7", attempt: 1, input: { x: 1 } });
});

test("members work when destructured (P44: there is no name magic)", async () => {
  const { environment, heard } = environmentThatHears(new TestClock(1_000));
  const made: unknown[] = [];
  const run = async (_: unknown, { emit, progress, now, random, once, id }: NodeContext) => {
    emit("token");
    progress(1, 2, "half");
    made.push(now(), random(), await once("k", () => 5), typeof id());
  };
  await scheduleStep(stage({ a: run }, { environment }));
  expect(made).toEqual([1_000, 0.25, 5, "string"]);
  expect(heard.events).toEqual([
    ["a", "token"],
    ["a", 1, 2, "half"],
  ]);
});

test("P9: emit and progress never throw, and need nobody who listens", () => {
  const { environment } = environmentThatHears();
  const { listener: _nobody, ...deaf } = environment;
  const run = (_: unknown, ctx: NodeContext) => {
    ctx.emit(() => undefined);
    ctx.progress(1);
  };
  const { settled } = runNow(stage({ a: run }, { environment: deaf }));
  expect(settled[0]).toMatchObject({ kind: "finished" });
});

test("ids are fresh within a session, and the same when the run is repeated with the same random", () => {
  const idsOf = () => {
    const ids: string[] = [];
    runNow(stage({ a: (_, ctx) => void ids.push(ctx.id(), ctx.id()), b: (_, ctx) => void ids.push(ctx.id()) }));
    return ids;
  };
  const ids = idsOf();
  expect(new Set(ids).size).toBe(3);
  expect(idsOf()).toEqual(ids);
});

test("signal: one looked at late knows of an abort that came before", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const { environment } = environmentThatHears(clock);
  const scheduled = scheduleStep(stage({ a: { run: crank.node, options: { timeoutMs: 10 } } }, { environment }));
  await clock.advance(10);
  expect(crank.calls[0]?.ctx.signal.aborted).toBe(true);
  expect(crank.calls[0]?.ctx.signal).toBe(crank.calls[0]?.ctx.signal);
  crank.calls[0]?.finish();
  await scheduled;
});

test("P3: interrupt leaves the node with its question; what was asked and answered before returns in order", () => {
  const asked: unknown[] = [];
  const run = (_: unknown, ctx: NodeContext) => {
    asked.push(ctx.interrupt("first?"), ctx.interrupt("second?"), ctx.interrupt("third?"));
  };
  const answered = (index: number, value: unknown) =>
    ({ kind: "interrupt", taskId: "t.0", node: "a", index, id: `i${index}`, payload: "?", answer: { value } }) as const;
  const first = runNow(stage({ a: run }));
  expect(first.settled[0]).toMatchObject({ kind: "asked", asks: [{ index: 0, payload: "first?" }] });
  const second = runNow(stage({ a: run }, { memories: memory({ interrupts: [answered(0, "one")] }) }));
  expect(second.settled[0]).toMatchObject({ kind: "asked", asks: [{ index: 1, payload: "second?" }] });
  const all = [answered(0, "one"), answered(1, null), answered(2, false)];
  expect(runNow(stage({ a: run }, { memories: memory({ interrupts: all }) })).settled[0]).toMatchObject({
    kind: "finished",
  });
  expect(asked).toEqual(["one", null, false]);
});

test("P3: a node that catches the signal is paused all the same, whatever it does then (L3)", async () => {
  const afterwards: readonly ((ctx: NodeContext) => unknown)[] = [
    () => ({ value: "pretends" }),
    () => Promise.resolve({ value: "pretends" }),
    () => Promise.reject(new TypeError("fails later")),
    (ctx) => ctx.interrupt("another?"),
    () => {
      throw new TypeError("fails");
    },
  ];
  for (const after of afterwards) {
    const run = (_: unknown, ctx: NodeContext) => {
      try {
        ctx.interrupt("?");
      } catch {
        return after(ctx) as undefined;
      }
    };
    const { settled } = await scheduleStep(stage({ a: run }));
    expect(settled[0]).toMatchObject({ kind: "asked", asks: [{ index: 0, payload: "?" }] });
  }
});

test("P3: a question asked after an await pauses too", async () => {
  const run = async (_: unknown, ctx: NodeContext) => {
    await nextTurn();
    ctx.interrupt({ deep: [1, 2] });
  };
  const { settled } = await scheduleStep(stage({ a: run }));
  expect(settled[0]).toMatchObject({ kind: "asked", asks: [{ index: 0, payload: { deep: [1, 2] } }] });
});

test("T3: a payload that cannot be stored fails the node and names the path", () => {
  const { settled } = runNow(stage({ a: (_, ctx) => void ctx.interrupt({ callback: () => undefined }) }));
  expect(settled[0]).toMatchObject({ kind: "failed", error: { code: "NOT_SERIALIZABLE", path: "payload.callback" } });
});

test("once: what is remembered is not run again", async () => {
  const { environment, heard } = environmentThatHears();
  let effects = 0;
  const results: unknown[] = [];
  const run = async (_: unknown, ctx: NodeContext) => {
    results.push(await ctx.once("charge", () => ++effects));
  };
  await scheduleStep(stage({ a: run }, { environment }));
  await scheduleStep(stage({ a: run }, { environment, memories: memory({ memos: new Map([["charge", undefined]]) }) }));
  expect(results).toEqual([1, undefined]);
  expect(heard.records).toEqual([{ kind: "once", taskId: "t.0", key: "charge", value: 1 }]);
});

test("once: an effect is not repeated by a retry of the node", async () => {
  const clock = new TestClock();
  const { environment, heard } = environmentThatHears(clock);
  let effects = 0;
  const run = async (_: unknown, ctx: NodeContext) => {
    const value = await ctx.once("charge", () => ++effects);
    if (ctx.attempt < 3) throw new TypeError("after the effect");
    return { value };
  };
  const scheduled = scheduleStep(stage({ a: { run, options: { retry: { maxAttempts: 3 } } } }, { environment }));
  await clock.advance(10_000);
  expect((await scheduled).settled[0]).toMatchObject({
    kind: "finished",
    attempt: 3,
    outcome: { updates: [{ value: 1 }] },
  });
  expect(effects).toBe(1);
  expect(heard.records.map(({ kind }) => kind)).toEqual(["once", "attempt", "attempt"]);
});

test("once: an effect whose result could not be kept is not repeated by a retry, and its result is kept then", async () => {
  const clock = new TestClock();
  const { environment, heard } = environmentThatHears(clock);
  let broken = true;
  const remember = (record: TaskRecord): void => {
    if (broken && record.kind === "once") throw new TypeError("the store is down");
    if (record.kind === "once") heard.records.push(record);
  };
  let effects = 0;
  const run = async (_: unknown, ctx: NodeContext) => ({ value: await ctx.once("charge", () => ++effects) });
  const scheduled = scheduleStep(
    stage({ a: { run, options: { retry: { maxAttempts: 2 } } } }, { environment: { ...environment, remember } }),
  );
  await nextTurn();
  broken = false;
  await clock.advance(10_000);
  expect((await scheduled).settled[0]).toMatchObject({ kind: "finished", attempt: 2 });
  expect(effects).toBe(1);
  expect(heard.records).toEqual([{ kind: "once", taskId: "t.0", key: "charge", value: 1 }]);
});

test("once: an effect that fails is remembered as nothing, and run again", async () => {
  const clock = new TestClock();
  const { environment, heard } = environmentThatHears(clock);
  let effects = 0;
  const effect = () => {
    if (++effects < 2) throw new TypeError("the card was refused");
    return effects;
  };
  const run = async (_: unknown, ctx: NodeContext) => ({ value: await ctx.once("charge", effect) });
  const scheduled = scheduleStep(stage({ a: { run, options: { retry: { maxAttempts: 2 } } } }, { environment }));
  await clock.advance(10_000);
  expect((await scheduled).settled[0]).toMatchObject({ kind: "finished", outcome: { updates: [{ value: 2 }] } });
  expect(heard.records.map(({ kind }) => kind)).toEqual(["attempt", "once"]);
});

test("once: the node waits until the result is durable", async () => {
  const { environment } = environmentThatHears();
  const order: string[] = [];
  let durable = (): void => undefined;
  const remember = () =>
    new Promise<void>((resolve) => {
      durable = () => {
        order.push("durable");
        resolve();
      };
    });
  const run = async (_: unknown, ctx: NodeContext) => {
    await ctx.once("k", () => void order.push("effect"));
    order.push("node goes on");
  };
  const scheduled = scheduleStep(stage({ a: run }, { environment: { ...environment, remember } }));
  await nextTurn();
  expect(order).toEqual(["effect"]);
  durable();
  await scheduled;
  expect(order).toEqual(["effect", "durable", "node goes on"]);
});

test("once: a key twice in one try, or one that is no name, is a typed error; a result that cannot be stored names its path", async () => {
  const uses: readonly ((ctx: NodeContext) => Promise<unknown>)[] = [
    async (ctx) => {
      await ctx.once("k", () => 1);
      await ctx.once("k", () => 2);
    },
    (ctx) => ctx.once("", () => 1),
    (ctx) => ctx.once("k", () => ({ f: () => undefined })),
  ];
  const codes = ["INVALID_OPTION", "INVALID_OPTION", "NOT_SERIALIZABLE"];
  for (const [index, use] of uses.entries()) {
    const { settled } = await scheduleStep(stage({ a: async (_, ctx) => void (await use(ctx)) }));
    expect(settled[0]).toMatchObject({ kind: "failed", error: { code: codes[index] } });
  }
});
