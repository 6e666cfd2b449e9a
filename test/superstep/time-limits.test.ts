import { describe, expect, test } from "vitest";
import { type Clock, type NodeContext, type NodeOptions, NodeTimeoutError, scheduleStep } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { endings, runNow, type StageNode, stage } from "./stage.js";

function staged(node: StageNode, clock: Clock) {
  return stage({ a: node }, { environment: { sessionId: "s", step: 1, clock, stopwatch: () => 0, random: () => 0 } });
}

function cranked(options: NodeOptions<never>) {
  const clock = new TestClock();
  const crank = new HandCrank();
  const scheduled = Promise.resolve(scheduleStep(staged({ run: crank.node, options: options as object }, clock)));
  const call = crank.calls[0];
  if (call === undefined) throw new TypeError("the node was not run");
  return { clock, crank, scheduled, call };
}

test("idle: a node that gives no sign of life for so long is told to stop, with an error that names the limit", async () => {
  const { clock, call, scheduled } = cranked({ idleTimeoutMs: 100 });
  call.heedSignal();
  await clock.advance(99);
  expect(call.ctx.signal.aborted).toBe(false);
  await clock.advance(1);
  expect((await scheduled).settled[0]).toMatchObject({
    kind: "failed",
    error: { code: "NODE_TIMEOUT", option: "idleTimeoutMs", timeoutMs: 100, node: "a" },
  });
  expect(String(call.ctx.signal.reason)).toContain("gave no sign of life for 100 ms");
  expect(clock.sleeping).toBe(0);
});

describe.each([
  ["progress", (ctx: NodeContext) => ctx.progress(1)],
  ["emit", (ctx: NodeContext) => ctx.emit("token")],
])("idle: ctx.%s", (_name, sign) => {
  test("refreshes the limit, also when nobody listens, and whenever it comes", async () => {
    const { clock, call, scheduled } = cranked({ idleTimeoutMs: 100 });
    for (const ms of [99, 1, 50, 99, 99, 30]) {
      await clock.advance(ms);
      sign(call.ctx);
    }
    await clock.advance(99);
    expect(call.ctx.signal.aborted).toBe(false);
    call.finish({ value: "in time" });
    expect((await scheduled).settled[0]).toMatchObject({ kind: "finished" });
    expect(clock.sleeping).toBe(0);
  });
});

test("idle: ten thousand signs cost one timer at a time", async () => {
  const clock = new TestClock();
  let sleeps = 0;
  const counting: Clock = {
    now: () => clock.now(),
    sleep: (ms, signal) => {
      sleeps++;
      return clock.sleep(ms, signal);
    },
  };
  const crank = new HandCrank();
  const scheduled = scheduleStep(staged({ run: crank.node, options: { idleTimeoutMs: 100 } }, counting));
  for (let turn = 0; turn < 10; turn++) {
    await clock.advance(50);
    for (let sign = 0; sign < 1_000; sign++) crank.calls[0]?.ctx.emit(sign);
    expect(clock.sleeping).toBe(1);
  }
  crank.calls[0]?.finish();
  await scheduled;
  expect(sleeps).toBeLessThanOrEqual(10);
});

test("both limits hold side by side: whichever is reached first is named", async () => {
  const first = cranked({ idleTimeoutMs: 100, timeoutMs: 250 });
  first.call.heedSignal();
  for (let turn = 0; turn < 5; turn++) {
    await first.clock.advance(50);
    first.call.ctx.progress(turn);
  }
  expect((await first.scheduled).settled[0]).toMatchObject({ error: { option: "timeoutMs", timeoutMs: 250 } });
  const second = cranked({ idleTimeoutMs: 100, timeoutMs: 250 });
  second.call.heedSignal();
  await second.clock.advance(100);
  expect((await second.scheduled).settled[0]).toMatchObject({ error: { option: "idleTimeoutMs" } });
  expect([first.clock.sleeping, second.clock.sleeping]).toEqual([0, 0]);
});

test("idle: each attempt has its own", async () => {
  const { clock, crank, scheduled } = cranked({
    idleTimeoutMs: 100,
    retry: { maxAttempts: 2, initialDelayMs: 500, jitter: false },
  });
  crank.calls[0]?.heedSignal();
  await clock.advance(600);
  await clock.advance(99);
  expect(crank.calls).toHaveLength(2);
  crank.calls[0]?.ctx.progress(1);
  crank.calls[1]?.heedSignal();
  await clock.advance(1);
  expect((await scheduled).settled[0]).toMatchObject({ kind: "failed", attempt: 2, error: { code: "NODE_TIMEOUT" } });
});

test("idle: a synchronous node makes no timer", () => {
  const clock = new TestClock();
  expect(endings(runNow(staged({ run: () => undefined, options: { idleTimeoutMs: 1 } }, clock)))).toEqual([
    "a finished",
  ]);
  expect(clock.sleeping).toBe(0);
});

test.each([
  ["stands still and does not sleep", { now: () => 0, sleep: () => Promise.resolve() }],
  ["says no number", { now: () => Number.NaN, sleep: () => Promise.resolve() }],
])("idle: a clock that %s ends the attempt, not the process", async (_what, clock) => {
  const run = (_: unknown, ctx: NodeContext) =>
    new Promise<never>((_resolve, reject) => {
      ctx.emit("alive");
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason), { once: true });
    });
  const { settled } = await scheduleStep(staged({ run, options: { idleTimeoutMs: 50 } }, clock));
  expect(settled[0]).toMatchObject({ kind: "failed", error: expect.any(NodeTimeoutError) as Error });
});
