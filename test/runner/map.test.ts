/** `map`: a node that runs once for each item of a list, and what becomes of items that fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import {
  AppRunner,
  type AppRunnerOptions,
  append,
  END,
  InvalidOptionError,
  type ItemPolicy,
  type ItemResult,
  lastValue,
  type MapOptions,
  map,
  type NodeContext,
  NodeError,
  type NodeOptions,
  type RunEvent,
  START,
  StateGraph,
  type StateOf,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { HandCrank } from "../hand-crank.js";
import { failureOf } from "./graphs.js";

const channels = {
  items: lastValue<readonly number[]>([]),
  doubled: append<number>(),
  results: append<ItemResult<number>>(),
  after: append<number>(),
  total: sum(),
};
type TestChannels = typeof channels;
type Run = (item: number, ctx: NodeContext) => number | Promise<number>;
type Options<P extends ItemPolicy> = MapOptions<number, number, P, "doubled" | "results">;

/** items → double → after, which says how many there are by then. */
function doubling<P extends ItemPolicy = "throw">(
  run: Run,
  options: Options<P>,
  nodeOptions: NodeOptions<TestChannels> = {},
) {
  return new StateGraph(channels)
    .addNode(
      "double",
      map<StateOf<TestChannels>, number, number, P, "doubled" | "results">(({ items }) => items, run, options),
      nodeOptions,
    )
    .addNode("after", ({ doubled, results }) => ({ after: doubled.length + results.length }))
    .addEdge(START, "double")
    .addEdge("double", "after")
    .addEdge("after", END)
    .compile();
}

const twice: Run = (item) => item * 2;
const thirdsFail: Run = (item) => {
  if (item % 3 === 0) throw new RangeError(`no ${item}`);
  return item * 2;
};

function items(count: number): readonly number[] {
  return Array.from({ length: count }, (_, item) => item);
}

test("the types of items, results and lists go together", () => {
  const graph = new StateGraph(channels);
  graph.addNode(
    "typed",
    map(
      ({ items }) => items,
      (item) => {
        expectTypeOf(item).toEqualTypeOf<number>();
        return item * 2;
      },
      { into: "doubled" },
    ),
  );
  graph.addNode(
    "collected",
    map(
      ({ items }) => items,
      (item) => item,
      { into: "results", policy: "collect" },
    ),
  );
  graph.addNode(
    "wrong",
    map(
      () => [1],
      (item: number) => item,
      // @ts-expect-error there is no such list
      { into: "redoubled" },
    ),
  );
});

test("one task an item, results in the order of the items, then what follows, once", async () => {
  const ran: NodeContext[] = [];
  const app = doubling(
    (item, ctx) => {
      ran.push(ctx);
      return item * 2;
    },
    { into: "doubled" },
  );
  const { state, step } = await new AppRunner(app).invoke("s", { items: [5, 3, 4] });
  expect(state).toMatchObject({ doubled: [10, 6, 8], after: [3] });
  expect(step).toBe(3);
  expect(new Set(ran.map(({ taskId }) => taskId)).size).toBe(3);
});

test("an empty list goes on at once, and a list that lacks an item is refused", async () => {
  const app = doubling(twice, { into: "doubled" });
  expect(await new AppRunner(app).invoke("s")).toMatchObject({ step: 2, state: { doubled: [], after: [0] } });
  const broken = doubling(twice, { into: "doubled" });
  const error = await failureOf(new AppRunner(broken).invoke("s", { items: [1, undefined as never] }));
  expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "INVALID_OPTION", option: "items" } });
});

test("S5, B1: results stand in the order of the items, whoever is first", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(), { minLength: 1, maxLength: 12 }).chain((list) =>
        fc.record({
          list: fc.constant(list),
          order: fc.shuffledSubarray([...list.keys()], { minLength: list.length }),
          maxConcurrency: fc.integer({ min: list.length, max: 20 }),
        }),
      ),
      async ({ list, order, maxConcurrency }) => {
        const crank = new HandCrank();
        const run: Run = (item, ctx) => crank.node(item, ctx);
        const running = new AppRunner(doubling(run, { into: "doubled" }), { maxConcurrency }).invoke("s", {
          items: list,
        });
        const calls = [];
        for (const _ of list) calls.push(await crank.started());
        for (const place of order) calls[place]?.finish((list[place] ?? 0) * 2);
        expect((await running).state.doubled).toEqual(list.map((item) => item * 2));
      },
    ),
    { numRuns: 60 },
  );
});

test("S6: throw: an item that fails fails the superstep; the next try runs it alone, in another process too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "map-"));
  const open = () => new SqliteCheckpointer(join(folder, "map.db"));
  const ran: number[] = [];
  const trouble = { isMended: false };
  const run: Run = (item) => {
    ran.push(item);
    if (item === 2 && !trouble.isMended) throw new RangeError("two");
    return item * 2;
  };
  const first = open();
  const error = await failureOf(
    new AppRunner(doubling(run, { into: "doubled" }), { checkpointer: first }).invoke("s", { items: items(5) }),
  );
  expect(error).toBeInstanceOf(NodeError);
  await first.close();
  trouble.isMended = true;
  const second = open();
  const { state } = await new AppRunner(doubling(run, { into: "doubled" }), { checkpointer: second }).runUntilComplete(
    "s",
  );
  expect(state.doubled).toEqual([0, 2, 4, 6, 8]);
  expect(ran).toEqual([0, 1, 2, 3, 4, 2]);
  await second.close();
  rmSync(folder, { recursive: true });
});

test("collect: each item that fails carries its own error, in its place", async () => {
  const events: RunEvent[] = [];
  const stream = new AppRunner(doubling(thirdsFail, { into: "results", policy: "collect" })).stream("s", {
    items: items(5),
  });
  for await (const event of stream) events.push(event);
  const { state } = await stream.result;
  expect(state.results).toMatchObject([
    { ok: false, error: { name: "RangeError", message: "no 0" } },
    { ok: true, value: 2 },
    { ok: true, value: 4 },
    { ok: false, error: { message: "no 3" } },
    { ok: true, value: 8 },
  ]);
  expect(events.filter(({ type }) => type === "node.failed")).toHaveLength(2);
});

test("skip: items that fail write nothing", async () => {
  const app = doubling(thirdsFail, { into: "doubled", policy: "skip" });
  expect((await new AppRunner(app).invoke("s", { items: items(7) })).state).toMatchObject({
    doubled: [2, 4, 8, 10],
    after: [4],
  });
});

test("the quorum: a share or a number of items; below it the superstep fails and only failed items run again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
      fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constantFrom(0.25, 0.5, 0.9)),
      fc.constantFrom("collect" as const, "skip" as const),
      fc.constantFrom("drain" as const, "abort" as const),
      async (good, quorum, policy, onFailure) => {
        const ran: number[] = [];
        const trouble = { isMended: false };
        const run: Run = (item) => {
          ran.push(item);
          if (!trouble.isMended && good[item] === false) throw new RangeError(`no ${item}`);
          return item;
        };
        const write = () => ({ total: 1 });
        const runner = new AppRunner(doubling(run, { write, policy, quorum }), { onFailure });
        const done = good.filter((one) => one).length;
        const isEnough = done === good.length || done >= (quorum < 1 ? quorum * good.length : quorum);
        const ended = runner.invoke("s", { items: items(good.length) });
        if (isEnough) return void expect(await ended).toMatchObject({ outcome: "completed" });
        const error = await failureOf(ended);
        expect(error).toBeInstanceOf(NodeError);
        expect((error as NodeError).failures).toHaveLength(good.length - done);
        trouble.isMended = true;
        ran.length = 0;
        expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
        expect(ran).toEqual(items(good.length).filter((item) => good[item] === false));
      },
    ),
    { numRuns: 150 },
  );
});

test("an all-empty outcome is a failure unless it is asked for", async () => {
  const fail: Run = () => {
    throw new RangeError("none");
  };
  for (const policy of ["collect", "skip"] as const) {
    const write = () => ({ total: 1 });
    const error = await failureOf(new AppRunner(doubling(fail, { write, policy })).invoke("s", { items: [1, 2] }));
    expect(error).toMatchObject({ code: "NODE_FAILED", failures: [{}, {}] });
    const app = doubling(fail, { write, policy, quorum: 0 });
    expect(await new AppRunner(app).invoke("s", { items: [1, 2] })).toMatchObject({ outcome: "completed" });
  }
});

test("node options are those of each item: retries, and one that is caught by onError is no failure", async () => {
  const tries: number[] = [];
  const run: Run = (item, { attempt }) => {
    tries.push(item);
    if (attempt < 2) throw new RangeError("again");
    return item;
  };
  const retry = { maxAttempts: 2, initialDelayMs: 0 };
  const retried = await new AppRunner(doubling(run, { into: "doubled" }, { retry })).invoke("s", { items: [7, 8] });
  expect(retried.state.doubled).toEqual([7, 8]);
  expect(tries.toSorted()).toEqual([7, 7, 8, 8]);
  const rescued = doubling(thirdsFail, { into: "doubled" }, { onError: () => ({ doubled: [-1] }) });
  expect((await new AppRunner(rescued).invoke("s", { items: items(4) })).state.doubled).toEqual([-1, 2, 4, -1]);
});

test("an item may ask: the others are kept, and the answer goes to the one that asked", async () => {
  const ran: number[] = [];
  const run: Run = (item, { interrupt }) => {
    ran.push(item);
    return item === 1 ? interrupt<number>("what is one?") : item;
  };
  const runner = new AppRunner(doubling(run, { into: "doubled" }));
  expect(await runner.invoke("s", { items: items(3) })).toMatchObject({ outcome: "paused" });
  expect((await runner.resume("s", 11)).state.doubled).toEqual([0, 11, 2]);
  expect(ran).toEqual([0, 1, 2, 1]);
});

test("a failure of another node is not borne, and neither are failures of items beside it", async () => {
  const trouble = { isMended: false };
  const ran: number[] = [];
  const app = new StateGraph(channels)
    .addNode(
      "double",
      map(
        ({ items }) => items,
        (item, ctx) => {
          ran.push(item);
          return thirdsFail(item, ctx);
        },
        { into: "doubled", policy: "skip" },
      ),
    )
    .addNode("before", () => ({}))
    .addNode("other", () => {
      if (!trouble.isMended) throw new TypeError("broken");
      return { total: 1 };
    })
    .addEdge(START, "double")
    .addEdge(START, "before")
    .addEdge("before", "other")
    .addEdge("double", END)
    .addEdge("other", END)
    .compile();
  const runner = new AppRunner(app);
  const error = await failureOf(runner.invoke("s", { items: items(4) }));
  expect((error as NodeError).failures.map(({ task }) => task.node)).toEqual(["other"]);
  expect(await runner.session("s")).toMatchObject({ step: 1, state: { doubled: [] } });
  trouble.isMended = true;
  expect((await runner.runUntilComplete("s")).state).toMatchObject({ doubled: [2, 4], total: 1 });
  expect(ran).toEqual([0, 1, 2, 3, 0, 3]);
});

test("options that mean nothing are refused when the node is made", () => {
  const wrong: [string, unknown, unknown, unknown][] = [
    ["items", "files", twice, { into: "doubled" }],
    ["run", () => [], undefined, { into: "doubled" }],
    ["into", () => [], twice, {}],
    ["into", () => [], twice, { into: "doubled", write: () => ({}) }],
    ["write", () => [], twice, { write: "doubled" }],
    ["policy", () => [], twice, { into: "doubled", policy: "ignore" }],
    ["quorum", () => [], twice, { into: "doubled", quorum: 1 }],
    ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "half"].map((quorum): [string, unknown, unknown, unknown] => [
      "quorum",
      () => [],
      twice,
      { into: "doubled", policy: "skip", quorum },
    ]),
  ];
  for (const [option, items, run, options] of wrong) {
    const make = () => map(items as never, run as never, options as never);
    expect(make, option).toThrow(InvalidOptionError);
    expect(make, option).toThrow(`"${option}"`);
  }
});

test("S4: ten thousand items in one superstep, never more than 64 in flight", async () => {
  let inFlight = 0;
  let most = 0;
  const run: Run = async (item) => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight--;
    return item * 2;
  };
  const options: AppRunnerOptions = { checkpointer: new SqliteCheckpointer(":memory:") };
  const { state, step } = await new AppRunner(doubling(run, { into: "doubled" }), options).invoke("s", {
    items: items(10_000),
  });
  expect(state.doubled).toEqual(items(10_000).map((item) => item * 2));
  expect([step, most]).toEqual([3, 64]);
});
