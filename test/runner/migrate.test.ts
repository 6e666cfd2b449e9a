import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type AppRunnerOptions,
  append,
  type Channels,
  type Checkpointer,
  type CommitOptions,
  END,
  lastValue,
  MemoryCheckpointer,
  type Migrate,
  type Migration,
  merge,
  type NodeFn,
  Send,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { intercept } from "../../src/testing.js";
import { failureOf, listOf } from "./graphs.js";
import { everyStore, NotingCheckpointer } from "./stores.js";

type AnyNode = NodeFn<Channels>;
type State = Readonly<Record<string, unknown>>;

const says: AnyNode = (_, { node }) => ({ log: node });
const asks: AnyNode = (_, ctx) => ({ log: `${ctx.node} heard ${ctx.interrupt<string>("sure?")}` });
const LOG = { log: append<string>() };

/** A chain of nodes over these channels. */
function chainOf(nodes: Readonly<Record<string, AnyNode>>, channels: Channels = LOG) {
  const names = Object.keys(nodes);
  let graph = new StateGraph<Channels, string>(channels);
  for (const [name, node] of Object.entries(nodes)) graph = graph.addNode(name, node);
  for (const [index, name] of names.entries()) graph.addEdge(index === 0 ? START : (names[index - 1] ?? START), name);
  return graph.addEdge(names.at(-1) ?? START, END).compile();
}

type App = ReturnType<typeof chainOf>;

/** All nodes side by side. */
function abreastOf(nodes: Readonly<Record<string, AnyNode>>, channels: Channels = LOG): App {
  let graph = new StateGraph<Channels, string>(channels);
  for (const [name, node] of Object.entries(nodes)) graph = graph.addNode(name, node);
  for (const name of Object.keys(nodes)) graph.addEdge(START, name).addEdge(name, END);
  return graph.compile();
}

/** The runner of tomorrow's graph, on what today's left. */
function migrating(checkpointer: Checkpointer, app: App, migrate: Migrate, options: AppRunnerOptions = {}) {
  return new AppRunner(app, { ...options, checkpointer, migrate });
}

const renamed =
  (names: Readonly<Record<string, string>>): Migrate =>
  ({ frontier }) => ({ frontier: frontier.map((task) => ({ ...task, node: names[task.node] ?? task.node })) });

describe.each(everyStore)("migrate on %s", (_, open) => {
  /** A store in which session "s" has done `a` and stops before `b`. */
  async function stoppedBeforeB(channels: Channels = LOG, a: AnyNode = says) {
    const checkpointer = open();
    const runner = new AppRunner(chainOf({ a, b: says }, channels), { checkpointer });
    await runner.invoke("s", {}, { interruptBefore: ["b"] });
    return checkpointer;
  }

  test("T4: it is given what another graph has left, and not asked about what this one has", async () => {
    const checkpointer = await stoppedBeforeB();
    const asked: unknown[] = [];
    const runner = migrating(checkpointer, chainOf({ a: says, c: says }), (checkpoint) => {
      asked.push(checkpoint);
      return { frontier: ["c"] };
    });
    const written = await checkpointer.load("s");
    expect(await runner.resume("s")).toMatchObject({ outcome: "completed", state: { log: ["a", "c"] }, step: 2 });
    const { fingerprint, frontier } = written?.checkpoint ?? {};
    expect(asked).toEqual([
      { sessionId: "s", path: [], step: 1, fingerprint, state: { log: ["a"] }, frontier, deferred: [] },
    ]);
    await runner.invoke("s", {});
    await runner.updateState("s", { log: "x" });
    await runner.fork("s", { as: "f" });
    await runner.createSession("new");
    expect(asked).toHaveLength(1);
  });

  test("L7: a renamed node goes on, with the results, the questions and the effects of its tasks", async () => {
    const checkpointer = open();
    const ran: string[] = [];
    let effects = 0;
    const works: AnyNode = (_state, { node }) => {
      ran.push(node);
      return { log: node };
    };
    const careful: AnyNode = async (_state, ctx) => {
      await ctx.once("charge", () => ++effects);
      return asks(_state, ctx);
    };
    const asked = await new AppRunner(abreastOf({ works, careful }), { checkpointer }).invoke("s");
    const [open0] = asked.outcome === "paused" && asked.reason.kind === "interrupt" ? asked.reason.interrupts : [];
    const app = abreastOf({ labours: works, cautious: careful });
    const runner = migrating(checkpointer, app, renamed({ works: "labours", careful: "cautious" }));
    const question = { ...open0, node: "cautious" };
    expect((await runner.session("s")).status).toEqual({
      kind: "paused",
      reason: { kind: "interrupt", interrupts: [question] },
    });
    expect(await failureOf(runner.resume("s"))).toMatchObject({
      code: "INTERRUPT_ANSWER",
      open: [{ id: open0?.id, node: "cautious" }],
    });
    expect(await runner.resume("s", { [open0?.id ?? ""]: "yes" })).toMatchObject({
      outcome: "completed",
      state: { log: ["works", "cautious heard yes"] },
    });
    expect(ran).toEqual(["works"]);
    expect(effects).toBe(1);
  });

  test("P3: an answer that was stored before the change is heard after it", async () => {
    const checkpointer = open();
    let isBroken = true;
    const breaks: AnyNode = (state, ctx) => {
      const update = asks(state, ctx);
      if (isBroken) throw new TypeError("broken");
      return update;
    };
    const runner = new AppRunner(chainOf({ breaks }), { checkpointer });
    await runner.invoke("s");
    await failureOf(runner.resume("s", "yes"));
    isBroken = false;
    expect(
      await migrating(checkpointer, chainOf({ works: breaks }), renamed({ breaks: "works" })).runUntilComplete("s"),
    ).toMatchObject({
      state: { log: ["works heard yes"] },
    });
  });

  test("P3: a task that is given up takes its question and its result along", async () => {
    const checkpointer = open();
    await new AppRunner(abreastOf({ a: says, asks, alsoAsks: asks }), { checkpointer }).invoke("s");
    const app = abreastOf({ a: says, asks, b: says });
    const keeping =
      (...nodes: readonly string[]): Migrate =>
      ({ frontier }) => ({
        frontier: [...frontier.filter(({ node }) => nodes.includes(node)), "b"],
      });
    const one = migrating(checkpointer, app, keeping("a", "asks"));
    expect(await one.session("s")).toMatchObject({
      status: { kind: "paused", reason: { interrupts: [{ node: "asks" }] } },
    });
    expect(await one.fork("s", { as: "f" })).toMatchObject({
      frontier: [{ node: "a" }, { node: "asks" }, { node: "b" }],
    });
    const none = migrating(checkpointer, app, keeping());
    expect(await none.session("s")).toMatchObject({ status: { kind: "ready" }, frontier: [{ node: "b" }] });
    expect(await failureOf(none.resume("s", "yes"))).toMatchObject({ code: "NOT_PAUSED" });
    await one.updateState("s", { log: "x" });
    expect(await new AppRunner(app, { checkpointer }).resume("s", "yes")).toMatchObject({
      state: { log: ["x", "a", "asks heard yes", "b"] },
    });
  });

  test("T4: a task that is new runs besides the ones that stay, and pauses and resumes like them", async () => {
    const checkpointer = await stoppedBeforeB();
    const app = abreastOf({ b: says, asks, sent: (_s, { input }) => ({ log: `sent ${String(input)}` }) });
    const migrate: Migrate = ({ frontier }) => ({ frontier: [...frontier, "asks", new Send("sent", 7)] });
    expect(await migrating(checkpointer, app, migrate).resume("s")).toMatchObject({
      outcome: "paused",
      reason: { kind: "interrupt" },
    });
    expect(await migrating(checkpointer, app, migrate).resume("s", "yes")).toMatchObject({
      state: { log: ["a", "b", "asks heard yes", "sent 7"] },
    });
  });

  test("T4: a channel that is gone is given up, one that is transformed or new stands, and what follows builds on it", async () => {
    const checkpointer = await stoppedBeforeB(
      { log: append<string>(), old: sum(3), names: append<string>(["x"]), idle: sum(1) },
      () => ({ log: "a", names: ["y", "z"], old: 4 }),
    );
    const channels = {
      log: append<string>(),
      names: append<{ name: string }>(),
      doc: merge<State>({ fresh: true }),
      total: sum(),
      idle: sum(1),
    };
    const b: AnyNode = ({ names }) => ({
      names: { name: `after ${(names as unknown[]).length}` },
      doc: { b: 1 },
      total: 1,
    });
    const app = chainOf({ a: says, b, c: b, d: b }, channels);
    const runner = migrating(checkpointer, app, ({ state: { old, ...state } }) => ({
      state: { ...state, total: old, names: (state.names as string[]).map((name) => ({ name })) },
    }));
    const migrated = {
      log: ["a"],
      names: [{ name: "x" }, { name: "y" }, { name: "z" }],
      doc: { fresh: true },
      total: 7,
      idle: 1,
    };
    const view = await runner.session("s");
    expect(view.state).toEqual(migrated);
    expect(view.versions).toEqual({ log: 1, names: 2, total: 1 });
    await runner.resume("s", undefined, { interruptBefore: ["c"] });
    const later = {
      ...migrated,
      names: [...migrated.names, { name: "after 3" }],
      doc: { fresh: true, b: 1 },
      total: 8,
    };
    for (const reader of [runner, new AppRunner(app, { checkpointer })])
      expect(await reader.session("s")).toMatchObject({
        state: later,
        versions: { log: 1, names: 3, doc: 1, total: 2 },
      });
    const other = new AppRunner(app, { checkpointer });
    expect(await other.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
    expect((await new AppRunner(app, { checkpointer }).session("s")).state).toMatchObject({
      names: [...later.names, { name: "after 4" }, { name: "after 5" }],
      total: 10,
    });
    const line = await listOf(new AppRunner(app, { checkpointer }).history("s"));
    expect(line.map(({ state }) => (state.names as unknown[]).length)).toEqual([6, 5, 4, 3, 1]);
    expect(line[3]?.state).toEqual({ log: ["a"], old: 7, names: ["x", "y", "z"], idle: 1 });
    expect(line[2]?.state).toEqual(later);
  });

  test("T4: a channel that is merely new needs no migration, and is whole in the store", async () => {
    const checkpointer = await stoppedBeforeB();
    const app = chainOf(
      { a: says, b: () => ({ more: "b" }), c: () => ({ more: "c" }) },
      { ...LOG, more: append<string>(["initial"]) },
    );
    await new AppRunner(app, { checkpointer }).resume("s", undefined, { interruptBefore: ["c"] });
    expect(await new AppRunner(app, { checkpointer }).resume("s")).toMatchObject({
      state: { more: ["initial", "b", "c"] },
    });
    expect((await new AppRunner(app, { checkpointer }).session("s")).state).toEqual({
      log: ["a"],
      more: ["initial", "b", "c"],
    });
  });

  test("T4: migrated state stays migrated through an update, a fork and the next invocation", async () => {
    const channels = { log: append<string>(), n: lastValue<unknown>(0) };
    const b: AnyNode = () => ({ log: "b" });
    const app = chainOf({ a: says, b, c: says }, channels);
    const migrate: Migrate = ({ state }) => ({ state: { ...state, n: `was ${String(state.n)}` } });
    const expected = { log: ["a", "x", "b", "c"], n: "was 5" };
    const doors = {
      update: async (checkpointer: Checkpointer) => {
        await migrating(checkpointer, app, migrate).updateState("s", { log: "x" });
        return "s";
      },
      fork: async (checkpointer: Checkpointer) => {
        await migrating(checkpointer, app, migrate).fork("s", { as: "f", update: { log: "x" } });
        return "f";
      },
      "fork of the past": async (checkpointer: Checkpointer) => {
        await migrating(checkpointer, app, migrate).fork("s", { as: "f", step: 1, update: { log: "x" } });
        return "f";
      },
    };
    for (const door of Object.values(doors)) {
      const checkpointer = await stoppedBeforeB(channels, () => ({ log: "a", n: 5 }));
      const id = await door(checkpointer);
      const runner = new AppRunner(app, { checkpointer });
      expect(await runner.runUntilComplete(id)).toMatchObject({ outcome: "completed", state: expected });
      expect((await new AppRunner(app, { checkpointer }).session(id)).state).toEqual(expected);
    }
    const checkpointer = await stoppedBeforeB(channels, () => ({ log: "a", n: 5 }));
    const runner = migrating(checkpointer, app, migrate);
    expect(await runner.invoke("s", { log: "x" }, { restart: true })).toMatchObject({ state: { n: "was 5" }, step: 4 });
    expect((await new AppRunner(app, { checkpointer }).session("s")).state).toMatchObject({
      log: ["a", "x", "a", "b", "c"],
      n: "was 5",
    });
  });

  test("T4: durability exit: what is held back is stored whole when the run stops", async () => {
    const channels = { log: append<string>(), n: append<unknown>([0]) };
    const checkpointer = await stoppedBeforeB(channels, () => ({ log: "a", n: 1 }));
    const writes: AnyNode = (_state, { node }) => ({ n: node });
    const app = chainOf({ a: says, b: writes, c: writes, d: writes }, channels);
    const migrate: Migrate = ({ state }) => ({ state: { ...state, n: ["migrated"] } });
    const runner = migrating(checkpointer, app, migrate, { durability: "exit" });
    await runner.resume("s", undefined, { interruptBefore: ["d"] });
    const reader = new AppRunner(app, { checkpointer });
    expect(await reader.session("s")).toMatchObject({ step: 3, state: { n: ["migrated", "b", "c"] } });
    expect(await reader.resume("s")).toMatchObject({ state: { n: ["migrated", "b", "c", "d"] } });
  });

  test("T4: a commit that fails leaves the session as it was, to be migrated again", async () => {
    const channels = { log: append<string>(), n: lastValue<unknown>(0) };
    const inner = await stoppedBeforeB(channels, () => ({ log: "a", n: 5 }));
    const checkpointer = new NotingCheckpointer(inner);
    const app = chainOf({ a: says, b: says, c: says }, channels);
    const runner = migrating(checkpointer, app, ({ state }) => ({ state: { ...state, n: [state.n] } }));
    checkpointer.before = ({ method }) => {
      if (method === "commit") throw new TypeError("disk full");
    };
    expect(await failureOf(runner.resume("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
    checkpointer.before = () => undefined;
    expect(await runner.runUntilComplete("s")).toMatchObject({ state: { n: [5], log: ["a", "b", "c"] } });
    expect((await new AppRunner(app, { checkpointer }).session("s")).state).toEqual({ n: [5], log: ["a", "b", "c"] });
  });

  test("F4: progress of joins that still are goes on; deferred nodes can be renamed", async () => {
    const graphOf = (last: string, input: Channels = LOG) =>
      new StateGraph<Channels, string>(input)
        .addNode("a", says)
        .addNode("b", says)
        .addNode("meet", says)
        .addNode(last, says, { defer: true })
        .addEdge(START, "a")
        .addEdge("a", "b")
        .addEdge("a", last)
        .addEdge(["a", "b"], "meet")
        .addEdge("meet", END)
        .addEdge(last, END)
        .compile();
    const checkpointer = open();
    await new AppRunner(graphOf("last"), { checkpointer }).invoke("s", {}, { interruptBefore: ["b"] });
    const app = graphOf("finally");
    expect(await failureOf(new AppRunner(app, { checkpointer }).resume("s"))).toMatchObject({ missingNodes: ["last"] });
    const runner = migrating(checkpointer, app, ({ deferred }) => {
      expect(deferred).toEqual(["last"]);
      return { deferred: ["finally", new Send("finally", 1)] };
    });
    expect(await runner.resume("s")).toMatchObject({ state: { log: ["a", "b", "meet", "finally", "finally"] } });
  });

  test("what makes no sense is refused by every call, with its cause, and the session stays as it was", async () => {
    const checkpointer = await stoppedBeforeB();
    const app = chainOf({ a: says, c: says });
    const before = await checkpointer.load("s");
    const [task] = before?.checkpoint.frontier ?? [];
    const twice = { frontier: [1, 2].map(() => ({ ...task, node: "c" })) };
    const refused: readonly (readonly [string, () => unknown])[] = [
      ["a promise", () => Promise.resolve({ frontier: ["c"] })],
      ["a promise that fails", () => Promise.reject(new TypeError("later"))],
      ["null", () => null],
      ["a number", () => 7],
      ["a list", () => ["c"]],
      ["a Map", () => new Map([["frontier", ["c"]]])],
      ["a state that is no record", () => ({ state: 7, frontier: ["c"] })],
      ["a state that is a list", () => ({ state: [], frontier: ["c"] })],
      ["a state that is a Map", () => ({ state: new Map(), frontier: ["c"] })],
      ["a frontier that is no list", () => ({ frontier: "c" })],
      ["a frontier with null in it", () => ({ frontier: [null] })],
      ["a frontier with a number in it", () => ({ frontier: [3] })],
      ["a frontier with a task of no node", () => ({ frontier: [{ id: "x" }] })],
      ["one task twice", () => twice],
      ["deferred nodes that are no list", () => ({ frontier: ["c"], deferred: {} })],
      ["deferred nodes with undefined among them", () => ({ frontier: ["c"], deferred: [undefined] })],
    ];
    for (const [what, answer] of refused) {
      const runner = migrating(checkpointer, app, () => answer() as Migration);
      for (const call of [() => runner.session("s"), () => runner.resume("s"), () => runner.fork("s", { as: "f" })]) {
        expect(await failureOf(call), what).toMatchObject({
          code: "GRAPH_MISMATCH",
          message: expect.stringContaining("could not be migrated"),
          cause: { code: "INVALID_OPTION", option: "migrate" },
        });
      }
    }
    expect(await checkpointer.load("s")).toEqual(before);
  });

  test("what it throws, and what cannot be stored, is told; what is missing still is named", async () => {
    const checkpointer = await stoppedBeforeB();
    const app = chainOf({ a: says, c: says });
    const before = await checkpointer.load("s");
    const broken = new TypeError("no idea");
    const cases: readonly (readonly [Migrate, object])[] = [
      [
        () => {
          throw broken;
        },
        { code: "GRAPH_MISMATCH", cause: broken },
      ],
      [
        ({ state }) => Object.assign(state, { log: [] }) as Migration,
        { code: "GRAPH_MISMATCH", cause: expect.any(TypeError) },
      ],
      [() => ({ state: { log: [() => 1] }, frontier: ["c"] }), { code: "NOT_SERIALIZABLE", path: "log[0]" }],
      [
        () => ({ frontier: [new Send("c", { at: [() => 1] })] }),
        { code: "NOT_SERIALIZABLE", path: "frontier[0].input.at[0]" },
      ],
      [
        () => ({ frontier: ["c"], deferred: [new Send("c", Symbol("x"))] }),
        { code: "NOT_SERIALIZABLE", path: "deferred[0].input" },
      ],
      [() => undefined, { code: "GRAPH_MISMATCH", missingNodes: ["b"] }],
      [() => ({}), { code: "GRAPH_MISMATCH", missingNodes: ["b"] }],
      [() => ({ frontier: ["d", "c", "d"] }), { code: "GRAPH_MISMATCH", missingNodes: ["d"] }],
      [() => ({ frontier: [START] }), { code: "GRAPH_MISMATCH", missingNodes: [START] }],
      [() => ({ frontier: ["c"], deferred: ["e"] }), { code: "GRAPH_MISMATCH", missingNodes: ["e"] }],
      [
        () => ({ frontier: ["c"], state: { log: [], ghost: 1 } }),
        { code: "GRAPH_MISMATCH", missingChannels: ["ghost"] },
      ],
    ];
    for (const [migrate, error] of cases) {
      const runner = migrating(checkpointer, app, migrate);
      expect(await failureOf(runner.resume("s"))).toMatchObject(error);
      expect(await failureOf(runner.updateState("s", { log: "x" }))).toMatchObject(error);
    }
    expect(await checkpointer.load("s")).toEqual(before);
  });

  test("a session of a graph that nobody knows any more can still be read back, replaced and deleted", async () => {
    const checkpointer = await stoppedBeforeB();
    const runner = new AppRunner(chainOf({ c: says }, { other: sum() }), { checkpointer });
    expect(await failureOf(runner.session("s"))).toMatchObject({ code: "GRAPH_MISMATCH" });
    expect(await listOf(runner.history("s"))).toMatchObject([{ state: { log: ["a"] } }, { state: { log: [] } }]);
    expect(await runner.at("s", 1)).toMatchObject({ frontier: [{ node: "b" }], status: { kind: "paused" } });
    expect(await runner.prune({ sessionId: "s", keepLast: 1 })).toMatchObject({ checkpoints: 1 });
    expect(await runner.createSession("s", {}, { ifExists: "replace" })).toMatchObject({ state: { other: 0 } });
    await runner.deleteSession("s");
  });

  test("a fork of an old checkpoint is adopted by its own frontier, whatever has become of the head", async () => {
    const checkpointer = await stoppedBeforeB();
    const runner = new AppRunner(chainOf({ a: says, c: says }), { checkpointer });
    expect(await failureOf(runner.fork("s", { as: "f" }))).toMatchObject({
      code: "GRAPH_MISMATCH",
      missingNodes: ["b"],
    });
    expect(await failureOf(runner.session("f"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
    await runner.fork("s", { as: "f", step: 0 });
    expect(await runner.runUntilComplete("f")).toMatchObject({ state: { log: ["a", "c"] } });
  });
});

test("T4: it is asked for each reading until the next commit, and answers are the same each time", async () => {
  const checkpointer = new MemoryCheckpointer();
  await new AppRunner(chainOf({ a: says, b: says }), { checkpointer }).invoke("s", {}, { interruptBefore: ["b"] });
  const runner = migrating(checkpointer, chainOf({ a: says, c: says }), () => ({ frontier: ["c", new Send("c", 1)] }));
  const ids = (await runner.session("s")).frontier.map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  expect((await runner.session("s")).frontier.map(({ id }) => id)).toEqual(ids);
  expect((await runner.updateState("s", {})).frontier.map(({ id }) => id)).toEqual(ids);
  expect((await runner.session("s")).frontier.map(({ id }) => id)).toEqual(ids);
});

test("T1: a migrated session is stored whole once; what follows costs what changed", async () => {
  const inner = new MemoryCheckpointer();
  await new AppRunner(chainOf({ a: says, b: says }), { checkpointer: inner }).invoke(
    "s",
    {},
    { interruptBefore: ["b"] },
  );
  const whole: unknown[] = [];
  const checkpointer = intercept(inner, ({ method, args, proceed }) => {
    if (method === "commit") whole.push((args[1] as CommitOptions).whole);
    return proceed();
  });
  const app = chainOf({ a: says, b: says, c: says, d: says }, { ...LOG, more: sum() });
  await migrating(checkpointer, app, () => undefined).resume("s");
  expect(whole).toEqual([true, false, false]);
});

test("the value given to a task that stays is checked and frozen like any other", async () => {
  const checkpointer = new MemoryCheckpointer();
  await new AppRunner(chainOf({ a: says, b: says }), { checkpointer }).invoke("s", {}, { interruptBefore: ["b"] });
  const input = { list: [1] };
  const b: AnyNode = (_state, ctx) => {
    (ctx.input as { list: number[] }).list.push(2);
  };
  const app = chainOf({ a: says, b, c: says });
  const runner = migrating(checkpointer, app, ({ frontier }) => ({
    frontier: frontier.map((task) => ({ ...task, input })),
  }));
  expect(await failureOf(runner.resume("s"))).toMatchObject({ code: "NODE_FAILED", cause: expect.any(TypeError) });
  expect(input).toEqual({ list: [1] });
});

test("migrate has to be a function", () => {
  for (const migrate of [7, {}, null] as unknown as Migrate[])
    expect(() => new AppRunner(chainOf({ a: says }), { migrate })).toThrow('option "migrate" is no function');
});
