/** A runner that is closed: what runs ends at its next boundary, or is aborted when it takes too long. */
import { expect, test } from "vitest";
import { AppRunner, END, MemoryCheckpointer, type NodeExecutor, START, StateGraph, sum } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";

function graphOf({ node }: HandCrank) {
  return new StateGraph({ n: sum() })
    .addNode("one", node)
    .addNode("other", () => ({ n: 10 }))
    .addNode("last", () => ({ n: 100 }))
    .addEdge(START, "one")
    .addEdge(START, "other")
    .addEdge("one", "last")
    .addEdge("last", END)
    .addEdge("other", END)
    .compile();
}

test("without a limit it waits for the boundary, however long that takes", async () => {
  const crank = new HandCrank();
  const checkpointer = new MemoryCheckpointer();
  const runner = new AppRunner(graphOf(crank), { checkpointer });
  const run = runner.invoke("s").catch((error: unknown) => error);
  const call = await crank.started();
  const closed = runner.close();
  call.finish({ n: 1 });
  await closed;
  expect(await run).toMatchObject({ code: "RUN_ABORTED" });
  expect((await checkpointer.load("s"))?.checkpoint).toMatchObject({ step: 1, state: { n: 11 } });
});

test("after `timeoutMs` what runs is aborted; what had finished is kept", async () => {
  const [crank, clock] = [new HandCrank(), new TestClock()];
  const checkpointer = new MemoryCheckpointer();
  const runner = new AppRunner(graphOf(crank), { checkpointer, clock });
  const run = runner.invoke("s").catch((error: unknown) => error);
  const call = await crank.started();
  call.heedSignal();
  const closed = runner.close({ timeoutMs: 1_000 });
  await clock.advance(999);
  expect(call.ctx.signal.aborted).toBe(false);
  await clock.advance(1);
  await closed;
  expect(await run).toMatchObject({ code: "RUN_ABORTED" });
  const stored = await checkpointer.load("s");
  expect(stored?.note.status.kind).toBe("ready");
  expect(stored?.records.map(({ kind }) => kind)).toEqual(["result"]);
});

test("a node that never ends holds `close` no longer than its grace", async () => {
  const [crank, clock] = [new HandCrank(), new TestClock()];
  const runner = new AppRunner(graphOf(crank), { clock });
  const run = runner.invoke("s").catch((error: unknown) => error);
  await crank.started();
  const closed = runner.close({ timeoutMs: 10 });
  await clock.advance(10);
  await clock.advance(5_000);
  await closed;
  expect(await run).toMatchObject({ code: "RUN_ABORTED" });
});

test("executors are opened with the runner and closed once what runs has ended", async () => {
  const crank = new HandCrank();
  const heard: string[] = [];
  const executor: NodeExecutor = {
    execute: () => Promise.resolve(),
    open: () => void heard.push("open"),
    close: async ({ timeoutMs }) => void heard.push(`close ${timeoutMs}`),
  };
  const runner = new AppRunner(graphOf(crank), { executors: { a: executor, b: executor } });
  const run = runner.invoke("s").catch(() => undefined);
  const call = await crank.started();
  const closed = runner.close({ timeoutMs: 60_000 });
  expect(heard).toEqual(["open"]);
  call.finish({});
  await Promise.all([closed, run]);
  expect(heard).toEqual(["open", "close 60000"]);
});

test.each([-1, Number.NaN, "soon", 2 ** 31])("`timeoutMs` %s is refused, and nothing is closed", async (timeoutMs) => {
  const runner = new AppRunner(graphOf(new HandCrank()));
  const refused = runner.close({ timeoutMs: timeoutMs as number });
  await expect(refused).rejects.toMatchObject({ code: "INVALID_OPTION", option: "timeoutMs" });
  expect(await runner.createSession("s")).toMatchObject({ step: 0 });
  await runner.close();
});
