/** Names of options that there are not: refused where they are given, by name, with those that there are. */
import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  Command,
  END,
  type GraphValidationError,
  lastValue,
  map,
  merge,
  type NodeContext,
  type RunOptions,
  reducer,
  START,
  StateGraph,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { chain, failureOf, listOf, says } from "./graphs.js";
import { everyStore } from "./stores.js";

type Give = (options: never) => unknown;

const app = chain({ a: says, b: says });

async function twoSteps() {
  const runner = new AppRunner(app);
  await runner.createSession("s");
  return runner;
}

/** Every place that takes options in code, and some that are right there. */
const takers: readonly (readonly [place: string, give: Give, right: object])[] = [
  ["new AppRunner", (options) => new AppRunner(app, options), { maxConcurrency: 2, onFailure: "abort" }],
  ["createSession", async (options) => (await twoSteps()).createSession("t", {}, options), { ifExists: "resume" }],
  ["runStep", async (options) => (await twoSteps()).runStep("s", options), { interruptEachStep: true, maxSteps: 3 }],
  ["runUntilComplete", async (options) => (await twoSteps()).runUntilComplete("s", options), { maxSteps: 3 }],
  ["runUntil", async (options) => (await twoSteps()).runUntil("s", { step: 1 }, options), { config: { a: 1 } }],
  [
    "resume",
    async (options) => {
      const runner = await twoSteps();
      await runner.runUntil("s", { step: 1 });
      return runner.resume("s", undefined, options);
    },
    { maxSteps: 2 },
  ],
  ["invoke", async (options) => (await twoSteps()).invoke("t", {}, options), { entry: "b", maxSteps: 2 }],
  ["stream", async (options) => (await twoSteps()).stream("t", {}, options).result, { buffer: 2, entry: "b" }],
  ["events", async (options) => (await twoSteps()).stream("t").events(options), { after: 0 }],
  ["sessions", async (options) => listOf((await twoSteps()).sessions(options)), { status: "ready", limit: 1 }],
  ["history", async (options) => listOf((await twoSteps()).history("s", options)), { limit: 1 }],
  ["fork", async (options) => (await twoSteps()).fork("s", { as: "f", ...(options as object) }), { update: {} }],
  ["updateState", async (options) => (await twoSteps()).updateState("s", {}, options), { asNode: "a" }],
  ["prune", async (options) => (await twoSteps()).prune(options), { keepLast: 1, olderThanMs: undefined }],
  ["drain", async (options) => (await twoSteps()).drain(options), { reason: "deploy", timeoutMs: 10 }],
  ["new StateGraph", (options) => new StateGraph({}, options), { name: "g" }],
  ["append", (options) => append([], options), { label: "l" }],
  ["lastValue", (options) => lastValue(0, options), { label: "l" }],
  ["merge", (options) => merge({}, options), { label: "l" }],
  ["reducer", (options) => reducer(0, (_, write: number) => write, options), { label: "l" }],
  [
    "map",
    (options) =>
      map(
        () => [],
        () => 0,
        { into: "log", ...(options as object) },
      ),
    { policy: "skip", quorum: 0 },
  ],
  ["new Command", (init) => new Command(init), { goto: "a", update: {} }],
  ["Command.parent", (init) => Command.parent(init), { mode: "append" }],
  ["new SqliteCheckpointer", (options) => new SqliteCheckpointer(":memory:", options), { synchronous: "normal" }],
];

test.each(takers)("%s refuses a name that it does not know, and says which there are", async (_, give, right) => {
  await give(right as never);
  await give({ ...right, interupBefore: undefined } as never);
  for (const name of ["interupBefore", "constructor", "toString", "0"]) {
    const failure = await failureOf(async () => give({ ...right, [name]: ["a"] } as never));
    expect(failure).toMatchObject({ code: "INVALID_OPTION", option: name });
    for (const known of Object.keys(right)) expect((failure as { help: string }).help).toContain(known);
  }
});

test.each(takers.filter(([place]) => place !== "fork" && place !== "map"))(
  "%s refuses options that are no object",
  async (_, give) => {
    for (const options of [null, 1, "options", true, ["a"], () => ({})])
      expect(await failureOf(async () => give(options as never))).toMatchObject({ code: "INVALID_OPTION" });
  },
);

test("options within options are named with their place: a lease's, a breakpoint's", async () => {
  expect(await failureOf(() => new AppRunner(app, { lease: { ttl: 1 } as never }))).toMatchObject({
    option: "lease.ttl",
  });
  const runner = await twoSteps();
  for (const breakpoint of [
    { kind: "written", channel: "log", paht: ["a"] },
    { kind: "routed", to: "a", from: "b" },
    { kind: "value", channel: "count", op: "above", value: 1, paht: ["a"] },
  ]) {
    expect(await failureOf(runner.setBreakpoints("s", [breakpoint as never]))).toMatchObject({
      code: "INVALID_OPTION",
      option: expect.stringMatching(/^breakpoints\[0\]\.(paht|from)$/),
    });
  }
  expect(await runner.breakpoints("s")).toEqual([]);
});

test("options of a node are named with their place, all that are wrong at once", async () => {
  const graph = new StateGraph({ value: lastValue(0) })
    .addNode("a", () => undefined, {
      retries: 3,
      timeoutMs: undefined,
      retry: { maxAttempts: 2, maxAtempts: 3 },
      cache: { key: () => 1, ttl: 5 },
      timeoutMS: 5,
    } as never)
    .addEdge(START, "a")
    .addEdge("a", END);
  const failure = (await failureOf(() => graph.compile())) as GraphValidationError;
  expect(failure.issues.map(({ message }) => message)).toEqual([
    'option "retries" of node "a" is unknown',
    'option "timeoutMS" of node "a" is unknown',
    'option "retry.maxAtempts" of node "a" is unknown',
    'option "cache.ttl" of node "a" is unknown',
  ]);
  expect(failure.issues[0]?.help).toContain("retry, timeoutMs");
  for (const options of [null, 5, "a", ["a"]])
    expect(await failureOf(() => new StateGraph({}).addNode("a", () => undefined, options as never))).toMatchObject({
      code: "INVALID_OPTION",
      option: "options",
    });
});

test("values that mean nothing are refused by the option's name, whatever they are", async () => {
  const nothing = Object.create(null) as object;
  const runners: readonly (readonly [option: string, values: readonly unknown[]])[] = [
    ["hooks", [[null], [1], ["a"], {}, null, nothing]],
    ["limits", [null, 5, "a"]],
    ["limits.a", [{ a: 0 }, { a: nothing }, { a: 1n }, { a: Symbol("x") }]],
    ["freeConfig", [[1], [null], "a", nothing]],
    ["onFailure", [5n, nothing, Symbol("x"), null]],
    ["durability", [nothing, { toJSON: () => 1 }]],
    ["maxConcurrency", [nothing, 1n, "5"]],
  ];
  for (const [option, values] of runners) {
    const [name = ""] = option.split(".");
    for (const value of values)
      expect(await failureOf(() => new AppRunner(app, { [name]: value }))).toMatchObject({
        code: "INVALID_OPTION",
        option,
      });
  }
  for (const hooks of [null, undefined, 5])
    expect(await failureOf(() => new AppRunner(app).addHooks(hooks as never))).toMatchObject({ option: "hooks" });
  for (const after of [5, {}, null])
    expect(await failureOf(listOf(new AppRunner(app).sessions({ after: after as never })))).toMatchObject({
      option: "after",
    });
  for (const name of ["", 5, null, nothing])
    expect(await failureOf(() => new StateGraph({}, { name: name as never }))).toMatchObject({ option: "name" });
});

test("what is on or off is true or false: the text of either is refused, and gives nothing up", async () => {
  for (const flag of ["interruptEachStep", "discardPending", "allowConfigChange", "restart"]) {
    const runner = new AppRunner(app);
    await runner.invoke("s", {}, { interruptAfter: ["a"] });
    for (const value of ["false", "true", 0, 1, null]) {
      const failure = await failureOf(runner.invoke("s", undefined, { [flag]: value }));
      expect(failure).toMatchObject({ code: "INVALID_OPTION", option: flag });
    }
    expect(await runner.session("s")).toMatchObject({ step: 1, status: { kind: "paused" } });
  }
});

test("a runner of what is no compiled graph is refused", async () => {
  for (const graph of [undefined, null, {}, 5, new StateGraph({}), () => 1, { plan: {}, fingerprint: "x" }])
    expect(await failureOf(() => new AppRunner(graph as never))).toMatchObject({
      code: "INVALID_OPTION",
      option: "app",
    });
});

test.each(everyStore)(
  "what a caller changes in its options while a call runs changes no call, on %s",
  async (_, open) => {
    const tells = (ctx: NodeContext) => ({ log: String(ctx.config.tone) });
    const freeConfig = ["tone"];
    const runner = new AppRunner(chain({ a: (_, ctx) => tells(ctx), b: (_, ctx) => tells(ctx), c: says }), {
      checkpointer: open(),
      freeConfig,
    });
    freeConfig.length = 0;
    const options: { config: object; interruptAfter?: readonly ("a" | "b")[] } = { config: {} };
    const running = ["a", "b"].map((node) => {
      options.config = { tone: node };
      options.interruptAfter = [node as "a"];
      return runner.invoke(node, {}, options as RunOptions<"a">);
    });
    const streaming = runner.stream("stream", {}, options as RunOptions<"a">);
    options.config = { tone: "late" };
    options.interruptAfter = [];
    expect((await Promise.all([...running, streaming.result])).map(({ state }) => state.log)).toEqual([
      ["a"],
      ["b", "b"],
      ["b", "b"],
    ]);
    const inherited = Object.create({ interruptAfter: ["b"] }) as RunOptions<"a">;
    expect(await runner.runUntilComplete("a", inherited)).toMatchObject({ outcome: "paused" });
  },
);
