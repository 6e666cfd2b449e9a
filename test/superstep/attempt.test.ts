import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  Command,
  type NodeContext,
  NodeTimeoutError,
  type ScheduledStep,
  type Settled,
  scheduleStep,
  type TaskRef,
} from "../../src/index.js";
import { retryDelay } from "../../src/superstep/retry.js";
import type { TaskListener } from "../../src/superstep/task-context.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { endings, runNow, type StageNode, stage } from "./stage.js";

function staged(nodes: Readonly<Record<string, StageNode>>, clock: TestClock, listener?: TaskListener) {
  const environment = { sessionId: "s", step: 1, clock, stopwatch: () => clock.now(), random: () => 0, listener };
  return stage(nodes, { environment });
}

function only(step: ScheduledStep): Settled | undefined {
  expect(step.settled).toHaveLength(1);
  return step.settled[0];
}

function failingUntil(attempt: number, error: unknown) {
  return (_state: unknown, ctx: NodeContext) => {
    if (ctx.attempt < attempt) throw error;
    return { value: ctx.attempt };
  };
}

test("retry: a node is tried as often as its policy says, and fails with the last error", async () => {
  const clock = new TestClock();
  const errors = [new TypeError("1"), new TypeError("2"), new TypeError("3")];
  const run = (_: unknown, ctx: NodeContext) => {
    throw errors[ctx.attempt - 1];
  };
  const scheduled = scheduleStep(staged({ a: { run, options: { retry: { maxAttempts: 3 } } } }, clock));
  await clock.advance(60_000);
  expect(only(await scheduled)).toMatchObject({ kind: "failed", attempt: 3, error: errors[2] });
});

test("retry: the delays are 500 ms doubled, at most 30 s, jittered between half and all by the runner's random", () => {
  const delays = (policy: Parameters<typeof retryDelay>[0], random: number) =>
    [1, 2, 3, 10].map((attempt) => retryDelay(policy, attempt, () => random));
  expect(delays({ jitter: false }, 0.3)).toEqual([500, 1_000, 2_000, 30_000]);
  expect(delays({}, 0)).toEqual([250, 500, 1_000, 15_000]);
  expect(delays({}, 0.5)).toEqual([375, 750, 1_500, 22_500]);
  expect(delays({ initialDelayMs: 10, backoff: 3, maxDelayMs: 80, jitter: false }, 0)).toEqual([10, 30, 80, 80]);
});

test("retry: between attempts the runner's clock decides, not the system's", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const scheduled = scheduleStep(
    staged(
      { a: { run: crank.node, options: { retry: { maxAttempts: 2, initialDelayMs: 1_000, jitter: false } } } },
      clock,
    ),
  );
  crank.calls[0]?.fail(new TypeError("once"));
  await clock.advance(999);
  expect(crank.calls).toHaveLength(1);
  await clock.advance(1);
  expect(crank.calls).toHaveLength(2);
  expect(crank.calls[1]?.ctx.attempt).toBe(2);
  crank.calls[1]?.finish();
  expect(only(await scheduled)).toMatchObject({ kind: "finished", attempt: 2 });
});

test("retry: a node that timed out waits its delay before the next attempt too", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const options = { timeoutMs: 100, retry: { maxAttempts: 2, initialDelayMs: 1_000, jitter: false } };
  const scheduled = scheduleStep(staged({ a: { run: crank.node, options } }, clock));
  crank.calls[0]?.heedSignal();
  await clock.advance(100);
  await clock.advance(999);
  expect(crank.calls).toHaveLength(1);
  await clock.advance(1);
  expect(crank.calls).toHaveLength(2);
  expect(crank.calls[1]?.ctx.signal.aborted).toBe(false);
  crank.calls[1]?.finish();
  expect(only(await scheduled)).toMatchObject({ kind: "finished", attempt: 2 });
});

test("retry: retryOn decides which errors are final; one that throws makes the error final", () => {
  const clock = new TestClock();
  const retry = (retryOn: (error: unknown) => boolean) => ({ retry: { maxAttempts: 5, retryOn } });
  const error = new TypeError("no");
  const refused = runNow(
    staged({ a: { run: failingUntil(9, error), options: retry((seen) => seen !== error) } }, clock),
  );
  expect(only(refused)).toMatchObject({ kind: "failed", attempt: 1, error });
  const broken = retry(() => {
    throw new RangeError("in retryOn");
  });
  expect(only(runNow(staged({ a: { run: failingUntil(9, error), options: broken } }, clock)))).toMatchObject({
    kind: "failed",
    attempt: 1,
    error,
  });
});

test("retry: an abort ends the wait between attempts", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const input = {
    ...staged({ a: { run: failingUntil(9, "no"), options: { retry: { maxAttempts: 5 } } }, b: crank.node }, clock),
    onFailure: "abort" as const,
  };
  const scheduled = scheduleStep(input);
  await nextTurn();
  expect(clock.sleeping).toBe(1);
  crank.calls[0]?.fail(new TypeError("b broke"));
  expect(endings(await scheduled)).toEqual(["a stopped", "b failed"]);
  expect(clock.sleeping).toBe(0);
});

test("retry: the listener hears every attempt and every failure that is tried again", async () => {
  const clock = new TestClock();
  const heard: string[] = [];
  const listener: TaskListener = {
    started: ({ node }: TaskRef, attempt) => void heard.push(`started ${node} ${attempt}`),
    retrying: ({ node }: TaskRef, attempt, error) => void heard.push(`retrying ${node} ${attempt} ${String(error)}`),
    emitted: () => undefined,
    progressed: () => undefined,
  };
  const scheduled = scheduleStep(
    staged({ a: { run: failingUntil(3, "no"), options: { retry: { maxAttempts: 3 } } } }, clock, listener),
  );
  await clock.advance(10_000);
  await scheduled;
  expect(heard).toEqual(["started a 1", "retrying a 1 no", "started a 2", "retrying a 2 no", "started a 3"]);
});

test("timeout: a node that is late is told to stop, and what it returns within the grace does not count", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const scheduled = scheduleStep(staged({ a: { run: crank.node, options: { timeoutMs: 100 } } }, clock));
  await clock.advance(99);
  expect(crank.calls[0]?.ctx.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(crank.calls[0]?.ctx.signal.reason).toBeInstanceOf(NodeTimeoutError);
  crank.calls[0]?.finish({ value: "late" });
  const settled = only(await scheduled);
  expect(settled).toMatchObject({ kind: "failed", error: { code: "NODE_TIMEOUT", node: "a", timeoutMs: 100 } });
  expect(clock.sleeping).toBe(0);
});

test("timeout: a node that ignores its signal is given up 5 s later", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const scheduled = scheduleStep(staged({ a: { run: crank.node, options: { timeoutMs: 100 } } }, clock));
  await clock.advance(5_099);
  expect(clock.sleeping).toBe(1);
  await clock.advance(1);
  expect(only(await scheduled)).toMatchObject({ kind: "failed", error: { code: "NODE_TIMEOUT" } });
});

test("timeout: a node in time leaves no timer behind, and a synchronous one never makes any", async () => {
  const clock = new TestClock();
  const crank = new HandCrank();
  const options = { timeoutMs: 100 };
  expect(endings(runNow(staged({ a: { run: () => undefined, options } }, clock)))).toEqual(["a finished"]);
  const scheduled = scheduleStep(staged({ a: { run: crank.node, options } }, clock));
  expect(clock.sleeping).toBe(1);
  crank.calls[0]?.finish();
  await scheduled;
  await nextTurn();
  expect(clock.sleeping).toBe(0);
});

test("onError: the final failure becomes an update or a route, with the state the node saw", async () => {
  const clock = new TestClock();
  const seen: unknown[] = [];
  const onError = (error: unknown, state: unknown) => {
    seen.push(error, state);
    return new Command({ update: { value: "mended" }, goto: "a" });
  };
  const input = staged({ a: { run: failingUntil(9, "no"), options: { retry: { maxAttempts: 2 }, onError } } }, clock);
  const scheduled = scheduleStep(input);
  await clock.advance(10_000);
  expect(only(await scheduled)).toMatchObject({
    kind: "finished",
    attempt: 2,
    outcome: { updates: [{ value: "mended" }], routes: [{ mode: "replace", targets: ["a"] }] },
  });
  expect(seen).toEqual(["no", input.state]);
  expect(seen[1]).toBe(input.state);
});

test("onError: one that throws fails the task with what it threw; it is not asked about questions or aborts", () => {
  const clock = new TestClock();
  const second = new RangeError("in onError");
  const onError = () => {
    throw second;
  };
  expect(only(runNow(staged({ a: { run: failingUntil(9, "no"), options: { onError } } }, clock)))).toMatchObject({
    kind: "failed",
    error: second,
  });
  const asks = (_: unknown, ctx: NodeContext) => void ctx.interrupt("?");
  expect(only(runNow(staged({ a: { run: asks, options: { onError } } }, clock)))).toMatchObject({ kind: "asked" });
});

test("S7: whatever onError throws fails the task, however hostile it is", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const onError = () => {
    throw proxy;
  };
  const fails = () => {
    throw new TypeError("first");
  };
  for (const run of [fails, async () => fails()]) {
    const step = await scheduleStep(staged({ a: { run, options: { onError } } }, new TestClock()));
    expect(step.settled.map(({ kind }) => kind)).toEqual(["failed"]);
  }
});

test("T3: a result that cannot be stored is no reason to try again; the error names the path", () => {
  let calls = 0;
  const run = () => {
    calls++;
    return { value: { list: [1, { onClick: () => undefined }] } };
  };
  const settled = only(runNow(staged({ a: { run, options: { retry: { maxAttempts: 3 } } } }, new TestClock())));
  expect(settled).toMatchObject({
    kind: "unstorable",
    error: { code: "NOT_SERIALIZABLE", path: "value.list[1].onClick" },
  });
  expect(calls).toBe(1);
});
