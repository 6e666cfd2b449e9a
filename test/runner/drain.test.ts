/** Draining: what runs finishes its superstep and pauses; nothing new begins; nothing is lost. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AppRunner, DrainTimeoutError, MemoryCheckpointer, RunnerDrainingError } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, failureOf, listOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";
import { asleep } from "./time.js";

test.each(everyStore)(
  "a drained run commits the superstep in flight and pauses, and goes on elsewhere, on %s",
  async (_, open) => {
    const checkpointer = open();
    const crank = new HandCrank();
    const app = chain({ a: crank.node, b: says });
    const runner = new AppRunner(app, { checkpointer });
    const running = runner.invoke("s");
    const call = await crank.started();
    const draining = runner.drain({ reason: "deploy" });
    expect(call.ctx.signal.aborted).toBe(false);
    call.finish({ log: "a" });
    const reason = { kind: "drained", reason: "deploy" };
    expect(await running).toMatchObject({ outcome: "paused", step: 1, reason, state: { log: ["a"] } });
    await draining;
    const other = new AppRunner(app, { checkpointer });
    expect((await other.session("s")).status).toEqual({ kind: "paused", reason });
    expect((await listOf(other.sessions({ status: "paused" }))).map(({ sessionId }) => sessionId)).toEqual(["s"]);
    expect(await other.resume("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
    await checkpointer.close();
  },
);

test("siblings that fail, ask or finish in the superstep in flight are what they are; only what would begin is paused", async () => {
  const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("?") });
  const outcomes: readonly (readonly [TestNode, object])[] = [
    [asks, { kind: "paused", reason: { kind: "interrupt" } }],
    [
      () => {
        throw new TypeError("broken");
      },
      { kind: "failed" },
    ],
    [says, { kind: "completed" }],
  ];
  for (const [node, status] of outcomes) {
    const crank = new HandCrank();
    const runner = new AppRunner(abreast({ crank: crank.node, node }));
    const running = runner.invoke("s").catch(() => undefined);
    const call = await crank.started();
    const draining = runner.drain();
    call.finish({ log: "crank" });
    await Promise.all([running, draining]);
    expect(await runner.session("s")).toMatchObject({ status });
  }
});

test("a stream and a single step end as paused or as they would; the stream has one terminal event", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node, b: says }));
  const stream = runner.stream("s");
  await runner.createSession("t");
  const stepping = runner.runStep("t");
  const calls = [await crank.started(), await crank.started()];
  const draining = runner.drain();
  for (const call of calls) call.finish({ log: "a" });
  await draining;
  const types: string[] = [];
  for await (const { type } of stream) types.push(type);
  expect(types.filter((type) => type.startsWith("run."))).toEqual(["run.started", "run.paused"]);
  expect(await stream.result).toMatchObject({ reason: { kind: "drained" } });
  expect(await stepping).toMatchObject({ status: "completed", report: { step: 1 } });
  expect((await runner.session("t")).status).toEqual({ kind: "ready" });
});

test("while it drains a runner takes no session, reads all, and drains once; `undrain` opens it again", async () => {
  const runner = new AppRunner(chain({ a: says }));
  await runner.createSession("s");
  await runner.drain({ reason: "first" });
  await runner.drain({ reason: "second" });
  for (const call of [
    () => runner.invoke("s"),
    () => runner.runStep("s"),
    () => runner.resume("s", 1),
    () => runner.createSession("t"),
    () => runner.updateState("s", {}),
    () => runner.stream("s").result,
  ]) {
    const error = await failureOf(call());
    expect(error).toBeInstanceOf(RunnerDrainingError);
    expect(error).toMatchObject({
      code: "RUNNER_DRAINING",
      sessionId: expect.stringMatching(/^[st]$/),
    });
  }
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  runner.undrain();
  expect(await runner.invoke("s")).toMatchObject({ outcome: "completed" });
});

test.each(everyStore)(
  "draining that takes too long says which sessions still run, goes on, and may be waited for again, on %s",
  async (_, open) => {
    const clock = new TestClock();
    const crank = new HandCrank();
    const checkpointer = open();
    const runner = new AppRunner(chain({ a: crank.node, b: says }), { checkpointer, clock });
    const running = [runner.invoke("s"), runner.invoke("t")];
    const calls = [await crank.started(), await crank.started()];
    const draining = failureOf(runner.drain({ reason: "deploy", timeoutMs: 1_000 }));
    await asleep(clock);
    calls[0]?.finish({ log: "a" });
    await Promise.race(running);
    await clock.advance(1_000);
    const failure = await draining;
    expect(failure).toBeInstanceOf(DrainTimeoutError);
    const still = (failure as DrainTimeoutError).sessions;
    expect(failure).toMatchObject({ code: "DRAIN_TIMEOUT", timeoutMs: 1_000 });
    expect(still).toHaveLength(1);
    expect(await failureOf(runner.invoke("u"))).toBeInstanceOf(RunnerDrainingError);
    const again = runner.drain({ timeoutMs: 1_000 });
    calls[1]?.finish({ log: "a" });
    await again;
    expect(clock.sleeping).toBe(0);
    const reason = { kind: "drained", reason: "deploy" };
    expect(await Promise.all(running)).toMatchObject([
      { outcome: "paused", reason },
      { outcome: "paused", reason },
    ]);
    await checkpointer.close();
  },
);

test("draining in no time at all is fine when nothing runs, also for a clock whose sleep is over at once", async () => {
  const clock = { now: () => 0, sleep: async () => undefined };
  const runner = new AppRunner(chain({ a: says }), { clock });
  await runner.invoke("s");
  await runner.drain({ timeoutMs: 0 });
  runner.undrain();
  expect(await runner.invoke("t")).toMatchObject({ outcome: "completed" });
});

test("what still runs when draining took too long can be cancelled, and goes on elsewhere from its last commit", async () => {
  const crank = new HandCrank();
  const app = chain({ a: says, b: crank.node });
  const runner = new AppRunner(app, { checkpointer: new MemoryCheckpointer() });
  const running = failureOf(runner.invoke("s"));
  (await crank.started()).heedSignal();
  const failure = await failureOf(runner.drain({ timeoutMs: 0 }));
  for (const sessionId of (failure as DrainTimeoutError).sessions) expect(await runner.cancel(sessionId)).toBe("here");
  expect(await running).toMatchObject({ code: "RUN_ABORTED" });
  await runner.drain();
  expect(await runner.session("s")).toMatchObject({ step: 1, status: { kind: "ready" }, state: { log: ["a"] } });
});

test("options of draining that mean nothing are refused by name", async () => {
  const app = chain({ a: says });
  const runner = new AppRunner(app);
  for (const reason of [1, null, {}]) {
    expect(await failureOf(runner.drain({ reason: reason as string }))).toMatchObject({
      code: "INVALID_OPTION",
      option: "reason",
    });
  }
  for (const timeoutMs of [-1, Number.NaN, "5", null, 2 ** 31, Number.POSITIVE_INFINITY]) {
    expect(await failureOf(runner.drain({ timeoutMs: timeoutMs as number }))).toMatchObject({
      code: "INVALID_OPTION",
      option: "timeoutMs",
    });
  }
  expect(await failureOf(runner.drain(null as never))).toMatchObject({ code: "INVALID_OPTION" });
  expect(await runner.invoke("s")).toMatchObject({ outcome: "completed" });
  for (const drainOn of ["SIGTERM", null, ["SIGKILL"], ["SIGSTOP"], ["SIGNAL"], ["toString"], [15], [Symbol("x")]]) {
    expect(await failureOf(() => new AppRunner(app, { drainOn: drainOn as never }))).toMatchObject({
      code: "INVALID_OPTION",
      option: "drainOn",
    });
  }
});

test("signals are listened to by one listener for all runners that ask, and by none after they are closed", async () => {
  const counts = () => [process.listenerCount("SIGUSR2"), process.listenerCount("SIGHUP")];
  expect(counts()).toEqual([0, 0]);
  const app = chain({ a: says });
  const runners = Array.from({ length: 20 }, () => new AppRunner(app, { drainOn: ["SIGUSR2", "SIGHUP", "SIGHUP"] }));
  expect(counts()).toEqual([1, 1]);
  process.emit("SIGUSR2", "SIGUSR2");
  for (const runner of runners) expect(await failureOf(runner.invoke("s"))).toBeInstanceOf(RunnerDrainingError);
  for (const runner of runners.slice(1)) await runner.close();
  expect(counts()).toEqual([1, 1]);
  for (const runner of runners) await runner.close();
  expect(counts()).toEqual([0, 0]);
});

test.each(["step", "exit"] as const)(
  "S1, C5: drained at any superstep, with durability %s, a session ends as one that ran through and runs none twice",
  async (durability) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), async (at) => {
        const ran: number[] = [];
        let runner: AppRunner<never, never>;
        const node: TestNode = async (_, { step }) => {
          ran.push(step);
          if (step === at) void runner.drain();
          return { count: 1 };
        };
        runner = new AppRunner(looping(6, node), { durability }) as never;
        const first = await runner.invoke("s");
        expect(first).toMatchObject(
          at < 6 ? { outcome: "paused", step: at, reason: { kind: "drained" } } : { outcome: "completed" },
        );
        await runner.drain();
        expect(await runner.session("s")).toMatchObject({ step: at });
        runner.undrain();
        expect(await runner.invoke("s", undefined, { maxSteps: 10 }).then(({ state }) => state)).toMatchObject({
          count: at < 6 ? 6 : 7,
        });
        expect(ran.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
      }),
      { numRuns: 20 },
    );
  },
);

test("a run within a subgraph pauses at the boundary that is next for it; what finished beside it is kept", async () => {
  const crank = new HandCrank();
  const ran: string[] = [];
  const marks: TestNode = (_, { node }) => {
    ran.push(node);
    return { log: node };
  };
  const inner = chain({ x: crank.node, y: marks });
  const app = abreast({ sub: inner as never, beside: marks });
  const runner = new AppRunner(app);
  const running = runner.invoke("s");
  const call = await crank.started();
  const draining = runner.drain();
  call.finish({ log: "x" });
  expect(await running).toMatchObject({ outcome: "paused", step: 0, reason: { kind: "drained" } });
  await draining;
  runner.undrain();
  const { state } = await runner.resume("s");
  expect(state.log).toEqual(["x", "y", "beside"]);
  expect(ran).toEqual(["beside", "y"]);
  expect(crank.calls).toHaveLength(1);
});
