/** S7: a node's time limits count from when its turn has come elsewhere. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AppRunner,
  type AppRunnerOptions,
  END,
  type ExecutorCall,
  lastValue,
  MemoryCheckpointer,
  type NodeExecutor,
  type NodeOptions,
  START,
  StateGraph,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { nodeModule } from "../../src/workers.js";

const fn = nodeModule(import.meta.url, "nothing", () => ({ n: 1 }));

/** A run of one node on an executor that does as told. */
function run(execute: NodeExecutor["execute"], options: NodeOptions<never>, more: Partial<AppRunnerOptions> = {}) {
  const clock = new TestClock();
  const graph = new StateGraph({ n: lastValue(0) })
    .addNode("node", fn, { executor: "there", ...(options as object) })
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile();
  const runner = new AppRunner(graph, {
    checkpointer: new MemoryCheckpointer(),
    clock,
    executors: { there: { execute } },
    ...more,
  });
  const ended = runner.invoke("s", {}).then(
    ({ state }) => state.n,
    (error: { readonly cause: unknown }) => error.cause,
  );
  return { clock, ended };
}

/** Waits, then works, on a clock. Heeds its signal. */
function waitThenWork(clock: () => TestClock, waitMs: number, workMs: number): NodeExecutor["execute"] {
  return async ({ ctx: { signal }, waitsFor }) => {
    const turn = Promise.resolve().then(() => clock().sleep(waitMs, signal));
    waitsFor(turn);
    await turn;
    await clock().sleep(workMs, signal);
    return { n: 1 };
  };
}

test.each(["timeoutMs", "idleTimeoutMs"] as const)(
  "%s: a node is late by its own time, however long it has waited",
  async (option) => {
    const limits = fc.record({ waitMs: fc.nat(200), workMs: fc.nat(200), limitMs: fc.integer({ min: 1, max: 200 }) });
    const law = fc.asyncProperty(limits, async ({ waitMs, workMs, limitMs }) => {
      fc.pre(workMs !== limitMs);
      const { clock, ended } = run(
        waitThenWork(() => clock, waitMs, workMs),
        { [option]: limitMs },
      );
      await clock.advance(1_000);
      const came = await ended;
      if (workMs < limitMs) expect(came).toBe(1);
      else expect(came).toMatchObject({ code: "NODE_TIMEOUT", option, timeoutMs: limitMs });
      expect(clock.sleeping).toBe(0);
    });
    await fc.assert(law);
  },
);

test("a turn that never comes ends with the call's own error, and leaves no timer behind", async () => {
  const failure = new RangeError("no turn");
  const { clock, ended } = run(
    ({ waitsFor }) => {
      const turn = Promise.reject(failure);
      waitsFor(turn);
      return turn;
    },
    { timeoutMs: 100, idleTimeoutMs: 50 },
  );
  await clock.advance(0);
  expect(await ended).toBe(failure);
  expect(clock.sleeping).toBe(0);
});

test("who does not wait says nothing, and its node's time counts from the beginning", async () => {
  const { clock, ended } = run(
    ({ ctx: { signal } }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    { timeoutMs: 100 },
  );
  await clock.advance(100);
  expect(await ended).toMatchObject({ code: "NODE_TIMEOUT" });
});

test("a middleware that takes its time before the node counts; the wait after it does not", async () => {
  const slow = async (_: unknown, next: () => unknown): Promise<unknown> => {
    await clock.sleep(90);
    return next();
  };
  const heard: ExecutorCall[] = [];
  const { clock, ended } = run(
    (call) => {
      heard.push(call);
      return waitThenWork(() => clock, 500, 99)(call);
    },
    { timeoutMs: 100 },
    { middleware: [slow as never] },
  );
  await clock.advance(90);
  expect(heard).toHaveLength(1);
  await clock.advance(1_000);
  expect(await ended).toBe(1);
});
