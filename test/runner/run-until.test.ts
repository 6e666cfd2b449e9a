/** How far a run goes: up to a node, through a node, up to a step, until a condition holds. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AppRunner, InvalidOptionError, PredicateError, UnknownNodeError } from "../../src/index.js";
import { chain, failureOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

const asks: TestNode = (_, ctx) => ({ value: ctx.interrupt("?") });

test("P1: a node stops the run before the superstep that runs it, `after` behind it, a step once it is committed", async () => {
  const until = async (target: Parameters<AppRunner<never, never>["runUntil"]>[1]) => {
    const runner = new AppRunner(chain({ a: says, b: says, c: says }));
    await runner.createSession("s");
    const { state, step, status, outcome } = await runner.runUntil("s", target as { readonly node: "a" });
    expect((await runner.session("s")).status).toEqual(status);
    return { log: state.log.join(), step, outcome, reason: status.kind === "paused" ? status.reason : undefined };
  };
  const paused = (log: string, step: number, target: object) => ({
    log,
    step,
    outcome: "paused",
    reason: { kind: "until", target },
  });
  for (const [log, step, target] of [
    ["", 0, { node: "a" }],
    ["a", 1, { node: "b" }],
    ["a", 1, { after: "a" }],
    ["a,b", 2, { after: "b" }],
    ["", 0, { step: 0 }],
    ["a,b", 2, { step: 2 }],
  ] as const) {
    const others = { node: undefined, after: undefined, step: undefined, when: undefined };
    expect(await until(target as never)).toEqual(paused(log, step, target));
    expect(await until({ ...others, ...target } as never)).toEqual(paused(log, step, target));
  }
  expect(await until({ when: ({ step }: { readonly step: number }) => step === 2 } as never)).toEqual(
    paused("a,b", 2, { when: true }),
  );
});

test("P1: completion comes before the target, and the other options of a boundary do", async () => {
  const app = chain({ a: says, b: says });
  const runner = new AppRunner(app);
  await runner.createSession("s");
  expect(await runner.runUntil("s", { after: "b" })).toMatchObject({ outcome: "completed" });
  expect(await runner.runUntil("s", { step: 0 })).toMatchObject({ outcome: "completed", step: 2 });
  await runner.createSession("t");
  const first = await runner.runUntil("t", { node: "a" }, { interruptBefore: ["a"] });
  expect(first).toMatchObject({ reason: { kind: "beforeNode" } });
  const second = await runner.runUntil("t", { after: "a" }, { interruptAfter: ["a"] });
  expect(second).toMatchObject({ reason: { kind: "afterNode" }, step: 1 });
});

test.each(everyStore)(
  "P2: going on consumes the pause; asked again, a node is the next time it is reached, on %s",
  async (_, open) => {
    const checkpointer = open();
    const runner = () => new AppRunner(looping(3), { checkpointer });
    await runner().createSession("s");
    for (const step of [0, 1, 2]) {
      expect(await runner().runUntil("s", { node: "loop" })).toMatchObject({ outcome: "paused", step });
    }
    expect(await runner().runUntil("s", { node: "loop" })).toMatchObject({ outcome: "completed", step: 3 });
    await checkpointer.close();
  },
);

test("a step that is reached already runs nothing, however often it is asked for", async () => {
  const runner = new AppRunner(looping(5));
  await runner.createSession("s");
  for (const step of [3, 3, 2])
    expect(await runner.runUntil("s", { step })).toMatchObject({ step: 3, outcome: "paused" });
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", step: 5 });
});

test("the target is not kept beyond the call", async () => {
  const runner = new AppRunner(chain({ a: says, asks, b: says, c: says }));
  await runner.createSession("s");
  expect(await runner.runUntil("s", { after: "b" })).toMatchObject({ reason: { kind: "interrupt" } });
  expect(await runner.resume("s", "yes")).toMatchObject({ outcome: "completed" });
});

test("`when` sees the session as it will stand, is asked after each commit of the call, and its pause comes with the superstep (C1)", async () => {
  const runner = new AppRunner(looping(9));
  await runner.createSession("s", { count: 1 });
  const seen: unknown[] = [];
  const paused = await runner.runUntil("s", {
    when: (session) => {
      seen.push([session.step, session.state.count, session.frontier[0]?.node, session.status.kind]);
      return session.state.count === 3;
    },
  });
  expect(seen).toEqual([
    [1, 2, "loop", "ready"],
    [2, 3, "loop", "ready"],
  ]);
  const { frontier } = await runner.session("s");
  expect(paused.frontier).toEqual(frontier);
  expect(await runner.at("s", 2)).toMatchObject({ status: { kind: "paused", reason: { kind: "until" } } });
});

test("a `when` that throws, or answers with neither true nor false, is a PredicateError; the superstep is committed and the session goes on", async () => {
  const broken = new TypeError("broken");
  const answers: readonly (readonly [() => unknown, unknown])[] = [
    [
      () => {
        throw broken;
      },
      broken,
    ],
    [() => Promise.reject(broken), expect.any(TypeError)],
    [() => 1, expect.any(TypeError)],
    [() => undefined, expect.any(TypeError)],
  ];
  for (const durability of ["step", "exit"] as const) {
    for (const [when, cause] of answers) {
      const runner = new AppRunner(chain({ a: says, b: says }), { durability });
      await runner.createSession("s");
      const error = await failureOf(runner.runUntil("s", { when: when as () => boolean }));
      expect(error).toBeInstanceOf(PredicateError);
      expect(error).toMatchObject({ code: "PREDICATE_FAILED", predicate: "when", cause, at: { sessionId: "s" } });
      expect(await runner.session("s")).toMatchObject({ step: 1, status: { kind: "ready" }, state: { log: ["a"] } });
      expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "b"] } });
    }
  }
});

test("a target that means nothing is refused by name before anything runs", async () => {
  const runner = new AppRunner(chain({ a: says }));
  await runner.createSession("s");
  const until = (target: unknown) => failureOf(runner.runUntil("s", target as { readonly node: "a" }));
  for (const target of [undefined, null, "a", 3, {}, [], { node: "a", step: 1 }, { nod: "a" }, { node: "a", x: 1 }]) {
    expect(await until(target)).toMatchObject({ code: "INVALID_OPTION", option: "target" });
  }
  for (const step of [-1, 0.5, Number.NaN, "1", null]) {
    expect(await until({ step })).toMatchObject({ code: "INVALID_OPTION", option: "target.step" });
  }
  expect(await until({ when: "always" })).toBeInstanceOf(InvalidOptionError);
  for (const node of ["ghost", "__end__", 1, Symbol("a")])
    expect(await until({ node })).toBeInstanceOf(UnknownNodeError);
  expect(await until({ after: "ghost" })).toBeInstanceOf(UnknownNodeError);
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
});

test("P2: whatever targets a session is run to, one after the other, it ends as one that ran through", async () => {
  const target = fc.oneof(
    fc.constant({ node: "loop" as const }),
    fc.constant({ after: "loop" as const }),
    fc.record({ step: fc.nat(12) }),
    fc.nat(10).map((count) => ({ when: (session: { readonly step: number }) => session.step % 3 === count % 3 })),
  );
  const through = await new AppRunner(looping(10)).invoke("s");
  await fc.assert(
    fc.asyncProperty(fc.array(target, { maxLength: 12 }), async (targets) => {
      const runner = new AppRunner(looping(10));
      await runner.createSession("s");
      let step = 0;
      for (const one of targets) {
        const result = await runner.runUntil("s", one);
        expect(result.step).toBeGreaterThanOrEqual(step);
        step = result.step;
      }
      const { state, step: last } = await runner.runUntilComplete("s");
      expect({ state, last }).toEqual({ state: through.state, last: 10 });
    }),
    { numRuns: 100 },
  );
});
