/** Cancelling a session: whoever drives it is aborted, in this runner or another one. */
import { expect, test } from "vitest";
import { AppRunner, type Checkpointer, RunAbortedError, SessionCancelledError } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, failureOf, looping, says } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

test("P6: a call of this runner is aborted at once; what finished is kept, the session is ready and goes on", async () => {
  const crank = new HandCrank();
  const ran: string[] = [];
  const app = abreast({ fine: () => void ran.push("fine"), crank: crank.node });
  const runner = new AppRunner(app);
  const running = runner.invoke("s");
  const call = await crank.started();
  call.heedSignal();
  expect(await runner.cancel("s", "too dear")).toBe("here");
  const error = await failureOf(running);
  expect(error).toBeInstanceOf(RunAbortedError);
  expect((error as Error).cause).toBe(call.ctx.signal.reason);
  expect(call.ctx.signal.reason).toBeInstanceOf(SessionCancelledError);
  expect((error as Error).cause).toMatchObject({ code: "SESSION_CANCELLED", sessionId: "s", reason: "too dear" });
  expect((await runner.session("s")).status).toEqual({ kind: "ready" });
  const again = runner.runUntilComplete("s");
  (await crank.started()).finish({ log: "crank" });
  expect(await again).toMatchObject({ outcome: "completed", state: { log: ["crank"] } });
  expect(ran).toEqual(["fine"]);
});

test.each(everyStore)("P6, C4: another runner hears of it when it renews its lease, on %s", async (_, open) => {
  const checkpointer = open();
  const clock = new TestClock(1_000);
  const crank = new HandCrank();
  const app = chain({ a: crank.node, b: says });
  const owner = new AppRunner(app, { checkpointer, lease: { clock } });
  const other = new AppRunner(app, { checkpointer, lease: { clock } });
  const failing = failureOf(owner.invoke("s"));
  const call = await crank.started();
  call.heedSignal();
  expect(await other.cancel("s", "from elsewhere")).toBe("elsewhere");
  expect(await other.cancel("s", "a second time")).toBe("elsewhere");
  expect(call.ctx.signal.aborted).toBe(false);
  await clock.advance(1_250);
  const error = await failing;
  expect(error).toMatchObject({ code: "RUN_ABORTED", cause: { code: "SESSION_CANCELLED", reason: "from elsewhere" } });
  expect(await other.cancel("s")).toBe("idle");
  expect((await other.session("s")).status).toEqual({ kind: "ready" });
  const again = other.runUntilComplete("s");
  (await crank.started()).finish({ log: "a" });
  await clock.advance(5_000);
  expect(await again).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
  await checkpointer.close();
});

test("a session that nobody drives is idle, and nothing is kept for its next run; one that does not exist is an error (T5)", async () => {
  const runner = new AppRunner(looping(3));
  expect(await failureOf(runner.cancel("ghost"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  await runner.createSession("s");
  expect(await runner.cancel("s", "early")).toBe("idle");
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
  expect(await runner.cancel("s")).toBe("idle");
});

test("what means nothing is refused by name", async () => {
  const runner = new AppRunner(looping(3));
  await runner.createSession("s");
  for (const reason of [1, null, {}, "\ud800"]) {
    expect(await failureOf(runner.cancel("s", reason as string))).toMatchObject({ option: "reason" });
  }
  for (const id of ["", 1, null]) {
    expect(await failureOf(runner.cancel(id as string))).toMatchObject({ option: "sessionId" });
  }
});

test("a store that cannot be asked still runs sessions and cancels those of this runner; for others it is a typed error", async () => {
  const checkpointer: Checkpointer = new NotingCheckpointer();
  expect(checkpointer.askToStop).toBeUndefined();
  const crank = new HandCrank();
  const runner = new AppRunner(chain({ a: crank.node }), { checkpointer });
  const running = runner.invoke("s");
  (await crank.started()).heedSignal();
  const other = new AppRunner(chain({ a: says }), { checkpointer });
  expect(await failureOf(other.cancel("s"))).toMatchObject({ code: "INVALID_OPTION", option: "checkpointer" });
  expect(await runner.cancel("s")).toBe("here");
  expect(await failureOf(running)).toMatchObject({ code: "RUN_ABORTED" });
});
