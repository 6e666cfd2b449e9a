/** What a call hands to its nodes: a context that nobody stores, and a configuration that is held to. */
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  AppRunner,
  append,
  type Checkpointer,
  ConfigMismatchError,
  END,
  InvalidOptionError,
  MemoryCheckpointer,
  type NodeContext,
  runContext,
  START,
  StateGraph,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { failureOf } from "./graphs.js";

const user = runContext<{ readonly name: string }>("user");
const locale = runContext<string>("locale");

/** Two nodes that look at what they are given. */
function looking(look: (ctx: NodeContext) => unknown) {
  return new StateGraph({ seen: append<unknown>() })
    .addNode("one", (_, ctx) => ({ seen: [look(ctx)] }))
    .addNode("two", async (_, ctx) => ({ seen: [look(ctx)] }))
    .addEdge(START, "one")
    .addEdge("one", "two")
    .addEdge("two", END)
    .compile();
}

const asked = { interruptAfter: ["one"] } as const;
const stores: [string, () => Checkpointer][] = [
  ["in memory", () => new MemoryCheckpointer()],
  ["on SQLite", () => new SqliteCheckpointer(":memory:")],
];

test("the context of a call reaches every node, by its key, and is not stored", async () => {
  const runner = new AppRunner(looking((ctx) => [user.of(ctx).name, locale.of(ctx)].join(" ")));
  const context = [user({ name: "Ada" }), locale("de"), locale("en")];
  const { state } = await runner.invoke("s", undefined, { context });
  expect(state.seen).toEqual(["Ada en", "Ada en"]);
  const other = await runner.invoke("s", undefined, { context: [user({ name: "Bo" }), locale("fr")] });
  expect(other.state.seen).toEqual(["Ada en", "Ada en", "Bo fr", "Bo fr"]);
  expectTypeOf(user.of).returns.toEqualTypeOf<{ readonly name: string }>();
  // @ts-expect-error a user has a name
  user({});
});

test("a context that was not handed on is a typed error of the node that looks for it", async () => {
  const runner = new AppRunner(looking((ctx) => user.of(ctx).name));
  const error = await failureOf(runner.invoke("s"));
  expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "INVALID_OPTION", option: "context" } });
  expect(await runner.runUntilComplete("s", { context: [user({ name: "Ada" })] })).toMatchObject({
    outcome: "completed",
  });
  expect(await failureOf(runner.runUntilComplete("s", { context: ["Ada"] as never }))).toBeInstanceOf(
    InvalidOptionError,
  );
});

describe.each(stores)("%s:", (_, open) => {
  test("a session goes on with the configuration that it began with, whatever the order of its keys", async () => {
    const checkpointer = open();
    const app = looking((ctx) => ctx.config.model);
    const first = { model: "small", limits: { a: 1, b: [{ x: 1, y: 2 }] } };
    expect(
      await new AppRunner(app, { checkpointer }).invoke("s", undefined, { ...asked, config: first }),
    ).toMatchObject({
      outcome: "paused",
    });
    const again = { limits: { b: [{ y: 2, x: 1 }], a: 1 }, model: "small" };
    const { state } = await new AppRunner(app, { checkpointer }).runUntilComplete("s", { config: again });
    expect(state.seen).toEqual(["small", "small"]);
  });

  test("another configuration is refused by name, nothing is run, and the session stands", async () => {
    const checkpointer = open();
    const runner = () =>
      new AppRunner(
        looking((ctx) => ctx.config.model),
        { checkpointer },
      );
    await runner().invoke("s", undefined, { ...asked, config: { model: "small", depth: 1 } });
    for (const [config, fields] of [
      [{ model: "big", depth: 1 }, ["model"]],
      [{ model: "small" }, ["depth"]],
      [{ model: "small", depth: 1, more: true }, ["more"]],
      [undefined, ["depth", "model"]],
    ] as const) {
      const error = await failureOf(runner().runUntilComplete("s", config && { config }));
      expect(error).toBeInstanceOf(ConfigMismatchError);
      expect(error).toMatchObject({ code: "CONFIG_MISMATCH", fields });
    }
    expect(await runner().session("s")).toMatchObject({ step: 1, status: { kind: "paused" } });
    const allowed = await runner().runUntilComplete("s", { config: { model: "big" }, allowConfigChange: true });
    expect(allowed.state.seen).toEqual(["small", "big"]);
  });

  test("fields that may change do, and a completed session begins anew with any configuration", async () => {
    const options = { checkpointer: open(), freeConfig: ["threads"] };
    const runner = new AppRunner(
      looking((ctx) => ctx.config.threads),
      options,
    );
    await runner.invoke("s", undefined, { ...asked, config: { threads: 1, model: "small" } });
    await runner.runUntilComplete("s", { config: { threads: 8, model: "small" } });
    const { state } = await runner.invoke("s", undefined, { config: { model: "big" } });
    expect(state.seen).toEqual([1, 8, undefined, undefined]);
    await runner.invoke("s");
  });

  test("a failed superstep keeps what the session was configured with", async () => {
    const checkpointer = open();
    const trouble = { isMended: false };
    const app = looking(() => {
      if (!trouble.isMended) throw new TypeError("broken");
      return 1;
    });
    await failureOf(new AppRunner(app, { checkpointer }).invoke("s", undefined, { config: { model: "small" } }));
    trouble.isMended = true;
    const runner = new AppRunner(app, { checkpointer });
    expect(await failureOf(runner.runUntilComplete("s", { config: { model: "big" } }))).toMatchObject({
      fields: ["model"],
    });
    expect(await runner.runUntilComplete("s", { config: { model: "small" } })).toMatchObject({ outcome: "completed" });
  });

  test("an update as a node keeps it, a fork has none", async () => {
    const runner = new AppRunner(
      looking((ctx) => ctx.config.model),
      { checkpointer: open() },
    );
    await runner.invoke("s", undefined, { ...asked, config: { model: "small" } });
    await runner.updateState("s", { seen: ["by hand"] }, { asNode: "one" });
    expect(await failureOf(runner.runUntilComplete("s"))).toBeInstanceOf(ConfigMismatchError);
    await runner.fork("s", { as: "fork" });
    expect((await runner.runUntilComplete("fork")).state.seen).toEqual(["small", "by hand", undefined]);
  });
});

test("a configuration may lead back to itself", async () => {
  const runner = new AppRunner(looking(() => 1));
  const round = (depth: number) => {
    const config: Record<string, unknown> = { depth, list: [] };
    config.self = config;
    (config.list as unknown[]).push(config);
    return config;
  };
  await runner.invoke("s", undefined, { ...asked, config: round(1) });
  expect(await failureOf(runner.runUntilComplete("s", { config: round(2) }))).toBeInstanceOf(ConfigMismatchError);
  expect(await runner.runUntilComplete("s", { config: round(1) })).toMatchObject({ outcome: "completed" });
});

test("a configuration whose equal parts were one object is held to what it says", async () => {
  const runner = new AppRunner(looking(() => 1));
  const model = { name: "small" };
  await runner.invoke("s", undefined, { ...asked, config: { models: { draft: model, final: model } } });
  const read = JSON.parse('{ "models": { "final": { "name": "small" }, "draft": { "name": "small" } } }');
  expect(await runner.runUntilComplete("s", { config: read })).toMatchObject({ outcome: "completed" });
});

test("what cannot be looked at is no configuration and no context", async () => {
  const runner = new AppRunner(looking(() => 1));
  const explode = (): never => {
    throw new RangeError("you looked at it");
  };
  const bomb = new Proxy({}, { get: explode, getPrototypeOf: explode, ownKeys: explode });
  for (const options of [{ config: bomb }, { context: [bomb] }, { context: bomb }])
    expect(await failureOf(runner.invoke("s", undefined, options as never))).toMatchObject({ code: "INVALID_OPTION" });
});

test("a configuration that cannot be stored, or is no record, is refused", async () => {
  const runner = new AppRunner(looking(() => 1));
  await runner.createSession("s");
  for (const config of [[], "model", 1, null, new Date()])
    expect(await failureOf(runner.runUntilComplete("s", { config: config as never }))).toMatchObject({
      option: "config",
    });
  const error = await failureOf(runner.runUntilComplete("s", { config: { call: () => 1 } }));
  expect(error).toMatchObject({ code: "NOT_SERIALIZABLE", path: "config.call" });
  expect(
    () =>
      new AppRunner(
        looking(() => 1),
        { freeConfig: "threads" as never },
      ),
  ).toThrow(InvalidOptionError);
});

test("a subgraph gets the context and the configuration of the call, and follows where its session was let go on with others", async () => {
  const inner = new StateGraph({ seen: append<unknown>() })
    .addNode("ask", (_, ctx) => ({ seen: [[ctx.interrupt("go on?"), user.of(ctx).name, ctx.config.model]] }))
    .addEdge(START, "ask")
    .addEdge("ask", END)
    .compile();
  const app = new StateGraph({ seen: append<unknown>() })
    .addNode("inner", inner)
    .addEdge(START, "inner")
    .addEdge("inner", END)
    .compile();
  const runner = new AppRunner(app);
  const context = [user({ name: "Ada" })];
  await runner.invoke("s", undefined, { context, config: { model: "small" } });
  await runner.runUntilComplete("s", { context, config: { model: "big" }, allowConfigChange: true });
  const { state } = await runner.resume("s", "yes", { context, config: { model: "big" } });
  expect(state.seen).toEqual([["yes", "Ada", "big"]]);
});
