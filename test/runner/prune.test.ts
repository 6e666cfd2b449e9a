import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type AppRunnerOptions,
  type Channels,
  type PruneOptions,
  SessionBusyError,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { chain, failureOf, listOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("sure?") });

/** Sessions of five supersteps, each a second after the other, by these names. */
async function looped(names: readonly string[], options: AppRunnerOptions = {}) {
  const clock = new TestClock(100_000);
  const runner = new AppRunner(looping(5), { ...options, clock });
  for (const name of names) {
    await runner.createSession(name);
    for (let step = 1; step <= 5; step++) {
      await clock.advance(1_000);
      await runner.runStep(name);
    }
  }
  return { runner, clock };
}

async function stepsOf(runner: Pick<AppRunner<Channels, string>, "history">, sessionId: string) {
  return (await listOf(runner.history(sessionId))).map(({ step }) => step);
}

describe.each(everyStore)("prune on %s", (_, open) => {
  test("T6: keepLast leaves so many of the newest, and says how many are gone", async () => {
    const { runner } = await looped(["s"], { checkpointer: open() });
    expect(await runner.prune({ sessionId: "s", keepLast: 4 })).toMatchObject({ checkpoints: 2 });
    expect(await stepsOf(runner, "s")).toEqual([5, 4, 3, 2]);
    expect(await runner.prune({ sessionId: "s", keepLast: 4 })).toEqual({ checkpoints: 0, bytes: 0, artifacts: 0 });
    expect(await runner.prune({ sessionId: "s", keepLast: 100 })).toEqual({ checkpoints: 0, bytes: 0, artifacts: 0 });
    expect(await runner.prune({ sessionId: "s", keepLast: Number.POSITIVE_INFINITY })).toEqual({
      checkpoints: 0,
      bytes: 0,
      artifacts: 0,
    });
    expect(await runner.prune({ sessionId: "s", keepLast: 1 })).toMatchObject({ checkpoints: 3 });
    expect(await stepsOf(runner, "s")).toEqual([5]);
  });

  test("T6: olderThanMs leaves what is younger on the runner's clock, and always the head", async () => {
    const { runner, clock } = await looped(["s"], { checkpointer: open() });
    expect(await runner.prune({ sessionId: "s", olderThanMs: 60_000 })).toMatchObject({ checkpoints: 0 });
    expect(await runner.prune({ sessionId: "s", olderThanMs: Number.POSITIVE_INFINITY })).toMatchObject({
      checkpoints: 0,
    });
    expect(await runner.prune({ sessionId: "s", olderThanMs: 3_000 })).toMatchObject({ checkpoints: 2 });
    expect(await stepsOf(runner, "s")).toEqual([5, 4, 3, 2]);
    await clock.advance(1);
    expect(await runner.prune({ sessionId: "s", olderThanMs: 3_000 })).toMatchObject({ checkpoints: 1 });
    await clock.advance(1_000_000);
    expect(await runner.prune({ sessionId: "s", olderThanMs: 0 })).toMatchObject({ checkpoints: 2 });
    expect(await stepsOf(runner, "s")).toEqual([5]);
  });

  test("T6: with both limits, what goes is what both let go", async () => {
    const { runner } = await looped(["s", "t"], { checkpointer: open() });
    expect(await runner.prune({ sessionId: "t", keepLast: 2, olderThanMs: 3_500 })).toMatchObject({ checkpoints: 2 });
    expect(await stepsOf(runner, "t")).toEqual([5, 4, 3, 2]);
    expect(await runner.prune({ sessionId: "t", keepLast: 3, olderThanMs: 0 })).toMatchObject({ checkpoints: 1 });
    expect(await stepsOf(runner, "t")).toEqual([5, 4, 3]);
  });

  test("T6: of one session, or of all", async () => {
    const { runner } = await looped(["s", "t", "u"], { checkpointer: open() });
    expect(await runner.prune({ sessionId: "t", keepLast: 2 })).toMatchObject({ checkpoints: 4 });
    expect(await Promise.all(["s", "t", "u"].map((id) => stepsOf(runner, id)))).toEqual([
      [5, 4, 3, 2, 1, 0],
      [5, 4],
      [5, 4, 3, 2, 1, 0],
    ]);
    expect(await runner.prune({ keepLast: 1 })).toMatchObject({ checkpoints: 11 });
    expect(await Promise.all(["s", "t", "u"].map((id) => stepsOf(runner, id)))).toEqual([[5], [5], [5]]);
    expect((await listOf(runner.sessions())).map(({ sessionId }) => sessionId)).toEqual(["s", "t", "u"]);
    expect(await new AppRunner(looping(5), { checkpointer: open() }).prune({ keepLast: 1 })).toEqual({
      checkpoints: 0,
      bytes: 0,
      artifacts: 0,
    });
  });

  test("T5: what is gone is a typed error; what stays is as it was", async () => {
    const { runner } = await looped(["s"], { checkpointer: open() });
    await runner.updateState("s", { log: "x" });
    const before = await listOf(runner.history("s"));
    const view = await runner.session("s");
    await runner.prune({ sessionId: "s", keepLast: 3 });
    expect(await listOf(runner.history("s"))).toEqual(before.slice(0, 3));
    expect(await runner.session("s")).toEqual(view);
    for (const step of [3, 0])
      expect(await failureOf(runner.at("s", step))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    const [, , oldest, gone] = before;
    expect(await runner.at("s", oldest?.checkpointId ?? "")).toEqual(oldest);
    expect(oldest?.parentId).toBe(gone?.checkpointId);
    expect(await failureOf(runner.at("s", gone?.checkpointId ?? ""))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    expect(await failureOf(runner.fork("s", { as: "f", step: 3 }))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    expect(await failureOf(listOf(runner.history("s", { before: gone?.checkpointId ?? "" })))).toMatchObject({
      code: "CHECKPOINT_NOT_FOUND",
    });
    expect(await listOf(runner.history("s", { before: 4 }))).toEqual([]);
    expect(await runner.fork("s", { as: "f", step: 4 })).toMatchObject({ step: 4, state: { count: 4 } });
  });

  test("T6: the run goes on after pruning, in another runner too, and can be pruned again", async () => {
    const checkpointer = open();
    const runner = new AppRunner(looping(12), { checkpointer });
    await runner.createSession("s", { log: ["first"] });
    for (let step = 1; step <= 10; step++) {
      await runner.runStep("s");
      expect(await runner.prune({ keepLast: 2 })).toMatchObject({ checkpoints: step < 2 ? 0 : 1 });
      expect(await stepsOf(runner, "s")).toEqual([step, step - 1]);
    }
    const other = new AppRunner(looping(12), { checkpointer });
    expect(await other.session("s")).toMatchObject({ step: 10, state: { count: 10, log: ["first"] } });
    expect(await other.runUntilComplete("s")).toMatchObject({ step: 12, state: { count: 12, log: ["first"] } });
    expect(await stepsOf(other, "s")).toEqual([12, 11, 10, 9]);
  });

  test("T6: an open pause has all that it needs", async () => {
    let runs = 0;
    const runner = new AppRunner(chain({ a: says, b: () => void runs++, asks, c: says }), { checkpointer: open() });
    await runner.invoke("s");
    const { status } = await runner.session("s");
    expect(await runner.prune({ keepLast: 1 })).toMatchObject({ checkpoints: 2 });
    expect((await runner.session("s")).status).toEqual(status);
    expect(await runner.resume("s", "yes")).toMatchObject({ state: { value: "yes", log: ["a", "c"] } });
    expect(runs).toBe(1);
  });

  test("T6: a failed superstep's kept results are no past", async () => {
    let isBroken = true;
    let runs = 0;
    const counts: TestNode = () => ({ count: ++runs });
    const breaks: TestNode = () => {
      if (isBroken) throw new TypeError("broken");
    };
    const runner = new AppRunner(chain({ a: says, counts, breaks }), { checkpointer: open() });
    await failureOf(runner.invoke("s"));
    await runner.prune({ keepLast: 1 });
    isBroken = false;
    expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { count: 1 } });
    expect(runs).toBe(1);
  });

  test("T6: what a fork shows stays, and forks and their origin are pruned each for itself", async () => {
    const { runner } = await looped(["s"], { checkpointer: open() });
    await runner.fork("s", { as: "f", step: 3 });
    const line = await listOf(runner.history("f"));
    expect(await runner.prune({ sessionId: "s", keepLast: 1 })).toMatchObject({ checkpoints: 1 });
    expect(await stepsOf(runner, "s")).toEqual([5]);
    expect(await listOf(runner.history("f"))).toEqual(line);
    expect(await runner.at("f", 1)).toMatchObject({ state: { count: 1 } });
    expect(await runner.prune({ sessionId: "f", keepLast: 2 })).toMatchObject({ checkpoints: 3 });
    expect(await listOf(runner.history("f"))).toEqual(line.slice(0, 2));
    expect(await runner.runUntilComplete("f")).toMatchObject({ step: 5, state: { count: 5 } });
    expect(await runner.prune({ keepLast: 1 })).toMatchObject({ checkpoints: 3 });
    expect(await runner.session("f")).toMatchObject({ step: 5, state: { count: 5 } });
    expect(await runner.session("s")).toMatchObject({ step: 5, state: { count: 5 } });
  });

  test("T6: what a fork needs stays when its origin is gone, until the fork lets it go", async () => {
    const { runner } = await looped(["s", "t"], { checkpointer: open() });
    await runner.fork("s", { as: "f", step: 3 });
    await runner.deleteSession("s");
    expect(await stepsOf(runner, "f")).toEqual([3, 3, 2, 1, 0]);
    expect(await runner.prune({ keepLast: 4 })).toMatchObject({ checkpoints: 3 });
    expect(await stepsOf(runner, "f")).toEqual([3, 3, 2, 1]);
    expect(await runner.runUntilComplete("f")).toMatchObject({ state: { count: 5 } });
  });

  test("a session that is being driven can be pruned, and commits on", async () => {
    const crank = new HandCrank();
    const runner = new AppRunner(chain({ a: says, b: says, c: crank.node, d: says }), { checkpointer: open() });
    const running = runner.invoke("s");
    const call = await crank.started();
    expect(await runner.prune({ sessionId: "s", keepLast: 1 })).toMatchObject({ checkpoints: 2 });
    call.finish({ log: "c" });
    expect(await running).toMatchObject({ state: { log: ["a", "b", "c", "d"] } });
    expect(await stepsOf(runner, "s")).toEqual([4, 3, 2]);
  });

  test("a policy that means nothing is refused, and takes nothing away", async () => {
    const { runner } = await looped(["s"], { checkpointer: open() });
    const refused: readonly (readonly [unknown, object])[] = [
      [{}, { option: "policy" }],
      [{ sessionId: "s" }, { option: "policy" }],
      [undefined, { option: "policy" }],
      [null, { option: "policy" }],
      [3, { option: "policy" }],
      ...[0, -1, 1.5, Number.NaN, "2", null].map((keepLast) => [{ keepLast }, { option: "keepLast" }] as const),
      ...[-1, Number.NaN, "2", null].map((olderThanMs) => [{ olderThanMs }, { option: "olderThanMs" }] as const),
      [{ sessionId: "", keepLast: 1 }, { option: "sessionId" }],
      [{ sessionId: 7, keepLast: 1 }, { option: "sessionId" }],
      [{ sessionId: null, keepLast: 1 }, { option: "sessionId" }],
    ];
    for (const [policy, error] of refused)
      expect(await failureOf(runner.prune(policy as PruneOptions))).toMatchObject({ code: "INVALID_OPTION", ...error });
    expect(await failureOf(runner.prune({ sessionId: "ghost", keepLast: 1 }))).toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
    expect(await stepsOf(runner, "s")).toHaveLength(6);
  });
});

describe.each(everyStore)("deleteSession on %s", (_, open) => {
  test("P3, T5: a deleted session is gone from everywhere, and only that one", async () => {
    const runner = new AppRunner(chain({ a: says, asks, b: says }), { checkpointer: open() });
    for (const id of ["s", "t", "s2"]) await runner.invoke(id);
    const { checkpointId } = await runner.at("s", 1);
    await runner.deleteSession("s");
    for (const call of [
      () => runner.session("s"),
      () => runner.at("s", 1),
      () => runner.at("s", checkpointId),
      () => listOf(runner.history("s")),
      () => runner.resume("s", "yes"),
      () => runner.fork("s", { as: "f" }),
      () => runner.updateState("s", {}),
      () => runner.prune({ sessionId: "s", keepLast: 1 }),
      () => runner.deleteSession("s"),
    ])
      expect(await failureOf(call)).toMatchObject({ code: "SESSION_NOT_FOUND", sessionId: "s" });
    expect((await listOf(runner.sessions())).map(({ sessionId }) => sessionId)).toEqual(["s2", "t"]);
    for (const id of ["t", "s2"]) expect(await runner.resume(id, id)).toMatchObject({ state: { value: id } });
  });

  test("a session that is made anew has nothing of the old one", async () => {
    const checkpointer = open();
    const runner = new AppRunner(chain({ a: says, asks }), { checkpointer });
    const asked = await runner.invoke("s", { count: 5 });
    const id =
      asked.outcome === "paused" && asked.reason.kind === "interrupt" ? (asked.reason.interrupts[0]?.id ?? "") : "";
    const { checkpointId } = await runner.at("s", 1);
    await runner.deleteSession("s");
    expect(await runner.createSession("s", { count: 1 })).toMatchObject({
      step: 0,
      versions: { count: 1 },
      state: { count: 1 },
    });
    expect(await failureOf(runner.at("s", checkpointId))).toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
    await runner.runUntilComplete("s");
    expect(await runner.resume("s", { [id]: "stale" })).toMatchObject({ state: { value: { [id]: "stale" } } });
    expect(await listOf(runner.history("s"))).toHaveLength(3);
  });

  test("C4: a session that is being driven is not deleted, nor replaced", async () => {
    const crank = new HandCrank();
    const checkpointer = open();
    const app = chain({ a: crank.node });
    const [ours, theirs] = [new AppRunner(app, { checkpointer }), new AppRunner(app, { checkpointer })];
    const running = ours.invoke("s");
    const call = await crank.started();
    for (const runner of [ours, theirs]) {
      expect(await failureOf(runner.deleteSession("s"))).toBeInstanceOf(SessionBusyError);
      expect(await failureOf(runner.createSession("s", {}, { ifExists: "replace" }))).toBeInstanceOf(SessionBusyError);
    }
    call.finish({ log: "a" });
    expect(await running).toMatchObject({ state: { log: ["a"] } });
    await theirs.deleteSession("s");
    expect(await failureOf(ours.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  });

  test("what a store cannot delete is still there", async () => {
    const checkpointer = new NotingCheckpointer(open());
    const runner = new AppRunner(chain({ a: says }), { checkpointer });
    await runner.invoke("s");
    checkpointer.before = ({ method }) => {
      if (method === "delete") throw new TypeError("disk full");
    };
    expect(await failureOf(runner.deleteSession("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
    expect(await runner.session("s")).toMatchObject({ step: 1 });
  });
});
