/** Breakpoints: kept with the session, hit by a superstep, gone on from like from any pause. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Breakpoint,
  Command,
  END,
  lastValue,
  PredicateError,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { chain, failureOf, looping, says, type TestNode } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

const isOdd = ({ step }: { readonly step: number }) => step % 2 === 1;

async function stopsOf(breakpoints: readonly Breakpoint[], app = looping(5)): Promise<readonly number[]> {
  const runner = new AppRunner(app, { predicates: { isOdd } });
  await runner.createSession("s");
  await runner.setBreakpoints("s", breakpoints as never);
  const steps: number[] = [];
  for (;;) {
    const result = await runner.runUntilComplete("s");
    if (result.outcome === "completed") return steps;
    expect(result.reason).toEqual({
      kind: "breakpoint",
      breakpoint: breakpoints.find((one) => one) && expect.any(Object),
    });
    steps.push(result.step);
  }
}

test("P1: a superstep that hits one pauses with it; completion comes first", async () => {
  expect(await stopsOf([{ kind: "written", channel: "count" }])).toEqual([1, 2, 3, 4]);
  expect(await stopsOf([{ kind: "written", channel: "log" }])).toEqual([]);
  expect(await stopsOf([{ kind: "routed", to: "loop" }])).toEqual([1, 2, 3, 4]);
  expect(await stopsOf([{ kind: "routed", to: END }])).toEqual([]);
  expect(await stopsOf([{ kind: "predicate", name: "isOdd" }])).toEqual([1, 3]);
  expect(await stopsOf([])).toEqual([]);
});

test("a `value` breakpoint is hit when its comparison comes to hold, not while it goes on to", async () => {
  const at = (op: string, value: unknown) => stopsOf([{ kind: "value", channel: "count", op, value } as Breakpoint]);
  expect(await at("equals", 3)).toEqual([3]);
  expect(await at("differs", 0)).toEqual([1]);
  expect(await at("above", 2)).toEqual([3]);
  expect(await at("atLeast", 2)).toEqual([2]);
  expect(await at("below", 9)).toEqual([]);
  expect(await at("atMost", 9)).toEqual([]);
  expect(await at("equals", "3")).toEqual([]);
  expect(await at("above", "")).toEqual([]);
});

test("`path` leads into a value; what is not there is undefined, and nothing inherited counts", async () => {
  const writes =
    (value: unknown): TestNode =>
    () => ({ value });
  const app = chain({
    a: writes({ items: [{ price: 1 }] }),
    b: writes({ items: [{ price: 9 }] }),
    c: writes(null),
    d: says,
  });
  const at = (path: readonly (string | number)[], op: string, value: unknown) =>
    stopsOf([{ kind: "value", channel: "value", path, op, value } as Breakpoint], app as never);
  expect(await at(["items", 0, "price"], "above", 5)).toEqual([2]);
  expect(await at(["items", "0", "price"], "equals", 1)).toEqual([1]);
  expect(await at(["items", 7, "price"], "equals", 1)).toEqual([]);
  expect(await at(["constructor"], "differs", null)).toEqual([]);
  expect(await at([], "equals", null)).toEqual([3]);
});

test("`routed` is hit by a Command and by a conditional edge, not by a plain edge, nor by what a `replace` beats", async () => {
  const channels = { log: append<string>(), n: sum(), last: lastValue(0) };
  const app = (leave: () => Command[]) =>
    new StateGraph(channels)
      .addNode("a", leave)
      .addNode("b", () => ({ log: "b" }))
      .addNode("c", () => ({ log: "c" }))
      .addEdge(START, "a")
      .addEdge("a", "b")
      .addEdge("b", "c")
      .addEdge("c", END)
      .compile() as never;
  const [to, append_] = [{ kind: "routed", to: "c" } as const, { goto: "c", mode: "append" } as const];
  expect(
    await stopsOf(
      [to],
      app(() => []),
    ),
  ).toEqual([]);
  expect(
    await stopsOf(
      [to],
      app(() => [new Command(append_)]),
    ),
  ).toEqual([1]);
  expect(
    await stopsOf(
      [to],
      app(() => [new Command({ goto: "c" })]),
    ),
  ).toEqual([1]);
  expect(
    await stopsOf(
      [to],
      app(() => [new Command(append_), new Command({ goto: "b" })]),
    ),
  ).toEqual([]);
});

test.each(everyStore)(
  "C1: the pause is committed with the superstep, and going on does not stop there again, on %s",
  async (_, open) => {
    const checkpointer = new NotingCheckpointer(open());
    const runner = new AppRunner(looping(3), { checkpointer });
    await runner.createSession("s");
    const breakpoint = { kind: "value", channel: "count", op: "equals", value: 2 } as const;
    await runner.setBreakpoints("s", [breakpoint]);
    const before = checkpointer.annotations.length;
    const paused = await runner.runUntilComplete("s");
    expect(paused).toMatchObject({ outcome: "paused", step: 2, reason: { kind: "breakpoint", breakpoint } });
    expect(checkpointer.annotations.length).toBe(before);
    expect(await runner.at("s", 2)).toMatchObject({
      status: { kind: "paused", reason: { kind: "breakpoint", breakpoint } },
    });
    expect(await runner.resume("s")).toMatchObject({ outcome: "completed", step: 3 });
    await checkpointer.close();
  },
);

test("C5: they stand in the file, for another process, through pauses, failures, updates and invocations; a fork has none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "superstep-breakpoints-"));
  let trouble = true;
  const troubled: TestNode = (_, ctx) => {
    if (trouble && ctx.step === 2) throw new TypeError("broken");
    return { count: 1 };
  };
  const list: readonly Breakpoint[] = [
    { kind: "value", channel: "count", path: [], op: "equals", value: 3 },
    { kind: "predicate", name: "never" },
  ];
  const withRunner = async <R>(work: (runner: AppRunner<never, never>) => Promise<R>): Promise<R> => {
    const checkpointer = new SqliteCheckpointer(join(folder, "sessions.db"));
    try {
      const options = { checkpointer, predicates: { never: () => false } };
      return await work(new AppRunner(looping(5, troubled), options) as never);
    } finally {
      await checkpointer.close();
    }
  };
  try {
    await withRunner((runner) => runner.createSession("s"));
    await withRunner((runner) => runner.setBreakpoints("s", list as never));
    expect(await withRunner((runner) => failureOf(runner.runUntilComplete("s")))).toMatchObject({
      code: "NODE_FAILED",
    });
    trouble = false;
    await withRunner((runner) => runner.updateState("s", { log: "edited" } as never));
    expect(await withRunner((runner) => runner.breakpoints("s"))).toEqual(list);
    expect(await withRunner((runner) => runner.runUntilComplete("s"))).toMatchObject({
      step: 3,
      reason: { breakpoint: list[0] },
    });
    await withRunner((runner) => runner.fork("s", { as: "fork" }));
    expect(await withRunner((runner) => runner.breakpoints("fork"))).toEqual([]);
    expect(await withRunner((runner) => runner.runUntilComplete("s"))).toMatchObject({ outcome: "completed" });
    await withRunner((runner) => runner.updateState("s", { count: -9 } as never, { asNode: "loop" as never }));
    expect(await withRunner((runner) => runner.runUntilComplete("s"))).toMatchObject({
      reason: { breakpoint: list[0] },
    });
    expect(await withRunner((runner) => runner.invoke("s", undefined, { restart: true }))).toMatchObject({
      outcome: "completed",
    });
    expect(await withRunner((runner) => runner.breakpoints("s"))).toEqual(list);
    await withRunner((runner) => runner.setBreakpoints("s", []));
    expect(await withRunner((runner) => runner.breakpoints("s"))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("setting them leaves everything else: an open question, its id, what is kept", async () => {
  const runner = new AppRunner(chain({ asks: (_, ctx) => ({ value: ctx.interrupt("?") }), b: says }));
  const asked = await runner.invoke("s");
  await runner.setBreakpoints("s", [{ kind: "written", channel: "log" }]);
  expect((await runner.session("s")).status).toEqual(asked.status);
  expect(await runner.resume("s", "yes")).toMatchObject({ outcome: "completed" });
});

test("a predicate that throws is a PredicateError by its name; the superstep is committed", async () => {
  const predicates = {
    broken: () => {
      throw new TypeError("broken");
    },
  };
  const runner = new AppRunner(looping(3), { predicates });
  await runner.createSession("s");
  await runner.setBreakpoints("s", [{ kind: "predicate", name: "broken" }]);
  const error = await failureOf(runner.runUntilComplete("s"));
  expect(error).toBeInstanceOf(PredicateError);
  expect(error).toMatchObject({ predicate: "broken", cause: { message: "broken" } });
  expect(await runner.session("s")).toMatchObject({ step: 1, status: { kind: "ready" } });
});

test("a runner that lacks a session's predicate says so before anything runs", async () => {
  const checkpointer = new NotingCheckpointer();
  const first = new AppRunner(looping(3), { checkpointer, predicates: { isOdd } });
  await first.createSession("s");
  await first.setBreakpoints("s", [{ kind: "predicate", name: "isOdd" }]);
  const second = new AppRunner(looping(3), { checkpointer });
  expect(await failureOf(second.invoke("s"))).toMatchObject({ code: "INVALID_OPTION", option: "predicates" });
  expect(await second.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  await second.setBreakpoints("s", []);
  expect(await second.invoke("s")).toMatchObject({ outcome: "completed" });
});

test("breakpoints and predicates that mean nothing are refused by name, and nothing is kept", async () => {
  const runner = new AppRunner(looping(3), { predicates: { isOdd } });
  await runner.createSession("s");
  const set = (list: unknown) => failureOf(runner.setBreakpoints("s", list as never));
  for (const list of [undefined, null, "all", {}]) expect(await set(list)).toMatchObject({ option: "breakpoints" });
  const value = { kind: "value", channel: "count", op: "equals", value: 1 };
  const refused: readonly (readonly [unknown, string])[] = [
    [null, "kind"],
    ["written", "kind"],
    [{ kind: "constructor" }, "kind"],
    [{ kind: Symbol("x") }, "kind"],
    [{ kind: "written" }, "channel"],
    [{ kind: "written", channel: "ghost" }, "channel"],
    [{ ...value, channel: "__proto__" }, "channel"],
    [{ ...value, op: "toString" }, "op"],
    [{ ...value, op: undefined }, "op"],
    [{ ...value, value: {} }, "value"],
    [{ ...value, value: () => 1 }, "value"],
    [{ ...value, path: "items" }, "path"],
    [{ ...value, path: [{}] }, "path"],
    [{ ...value, path: [-1] }, "path"],
    [{ kind: "predicate", name: "isEven" }, "name"],
    [{ kind: "predicate", name: "toString" }, "name"],
  ];
  for (const [one, field] of refused) {
    expect(await set([{ kind: "written", channel: "count" }, one])).toMatchObject({
      code: "INVALID_OPTION",
      option: `breakpoints[1].${field}`,
    });
  }
  expect(await set([{ kind: "routed", to: "ghost" }])).toMatchObject({ code: "UNKNOWN_NODE", node: "ghost" });
  expect(await runner.breakpoints("s")).toEqual([]);
  expect(await failureOf(runner.setBreakpoints("ghost", []))).toMatchObject({ code: "SESSION_NOT_FOUND" });
  for (const predicates of [null, [], "x", { isOdd: true }]) {
    expect(await failureOf(() => new AppRunner(looping(3), { predicates: predicates as never }))).toMatchObject({
      code: "INVALID_OPTION",
    });
  }
});

test("hostile values come back as they were set", async () => {
  const runner = new AppRunner(looping(3), { checkpointer: new SqliteCheckpointer(":memory:") });
  await runner.createSession("s");
  const list = [Number.NaN, -0, Number.POSITIVE_INFINITY, "\ud800", "a\0b", null, true].map((value) => ({
    kind: "value" as const,
    channel: "count" as const,
    path: ["__proto__", 0, "\udfff"],
    op: "equals" as const,
    value,
  }));
  await runner.setBreakpoints("s", list);
  expect(await runner.breakpoints("s")).toEqual(list);
  expect(await runner.invoke("s")).toMatchObject({ outcome: "completed" });
});
