import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type Checkpointer,
  END,
  lastValue,
  MemoryCheckpointer,
  map,
  type NodeMiddleware,
  type NodeOptions,
  Send,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { intercept, TestClock } from "../../src/testing.js";
import { abreast, chain, channels, failureOf, listOf, type TestChannels, type TestNode } from "./graphs.js";
import { everyStore } from "./stores.js";

type Cache = NonNullable<NodeOptions<TestChannels>["cache"]>;
const BY_COUNT: Cache = { key: ({ count }) => count };

/** Doubles the count into the log, and notes when it runs. */
function doubling() {
  const ran: number[] = [];
  const node: TestNode = ({ count }) => {
    ran.push(count);
    return { log: `twice ${count} is ${2 * count}` };
  };
  return { node, ran };
}

function cachedOnce(node: TestNode, cache: Cache = BY_COUNT, options: NodeOptions<TestChannels> = {}) {
  return chain({ node: [node, { ...options, cache }] });
}

describe.each(everyStore)("on %s:", (_name, open) => {
  test("of a map, outcomes of items are kept, and never which items there are", async () => {
    const runs: number[] = [];
    let items = [1, 2, 2];
    const each = (item: number) => {
      runs.push(item);
      return `item ${item}`;
    };
    const key = (_: unknown, item: unknown) => (item as number).toFixed();
    const node = map(() => items, each, { into: "log" }) as TestNode;
    const runner = new AppRunner(chain({ node: [node, { cache: { key } }] }), { checkpointer: open() });
    const logs = [(await runner.invoke("a")).state.log];
    items = [2, 3];
    logs.push((await runner.invoke("b")).state.log);
    expect(logs).toEqual([
      ["item 1", "item 2", "item 2"],
      ["item 2", "item 3"],
    ]);
    expect(runs.filter((item) => item !== 2)).toEqual([1, 3]);
  });

  test("a key that names no item does not make one list of items stand in for another", async () => {
    let items = ["a", "b"];
    const node = map(
      () => items,
      (item) => item,
      { into: "log" },
    ) as TestNode;
    const key = (_: unknown, item: unknown) => String(item);
    const runner = new AppRunner(chain({ node: [node, { cache: { key } }] }), { checkpointer: open() });
    await runner.invoke("a");
    items = ["c"];
    expect((await runner.invoke("b")).state.log).toEqual(["c"]);
  });

  test("a known outcome stands in for running the node, in every session and runner of the store", async () => {
    const checkpointer = open();
    const { node, ran } = doubling();
    for (const [session, count] of [
      ["a", 1],
      ["b", 1],
      ["c", 2],
      ["d", 1],
    ] as const) {
      const result = await new AppRunner(cachedOnce(node), { checkpointer }).invoke(session, { count });
      expect(result.state.log).toEqual([`twice ${count} is ${2 * count}`]);
    }
    expect(ran).toEqual([1, 2]);
  });

  test("a key is what it says, in whatever order; graphs of different names have outcomes of their own", async () => {
    const checkpointer = open();
    const { node, ran } = doubling();
    const run = (name: string, session: string, key: () => unknown) => {
      const graph = new StateGraph(channels, { name }).addNode("node", node, { cache: { key } });
      const app = graph.addEdge(START, "node").addEdge("node", END).compile();
      return new AppRunner(app, { checkpointer }).invoke(session, { count: 1 });
    };
    await run("one", "a", () => ({ model: "m", at: { x: 1, y: 2 } }));
    await run("one", "b", () => ({ at: { y: 2, x: 1 }, model: "m" }));
    expect(ran).toHaveLength(1);
    await run("other", "c", () => ({ model: "m", at: { x: 1, y: 2 } }));
    expect(ran).toHaveLength(2);
  });

  test("an outcome with routes and values of every kind comes back as it was", async () => {
    const checkpointer = open();
    const channels = { seen: lastValue<unknown>(undefined), count: sum() };
    let runs = 0;
    const app = new StateGraph(channels)
      .addNode(
        "plan",
        () => {
          runs++;
          return { seen: { at: new Date(5), big: 2n ** 65n, both: new Map([[1, new Set(["x"])]]), gone: undefined } };
        },
        { cache: { key: () => "plan" } },
      )
      .addNode("work", (_, ctx) => ({ count: ctx.input as number }), { cache: { key: (_, input) => input } })
      .addEdge(START, "plan")
      .addConditionalEdges("plan", () => [new Send("work", 3), new Send("work", 4)], ["work"])
      .addEdge("work", END)
      .compile();
    const [one, other] = [
      await new AppRunner(app, { checkpointer }).invoke("one"),
      await new AppRunner(app, { checkpointer }).invoke("other"),
    ];
    expect(other.state).toEqual(one.state);
    expect([runs, other.state.count]).toEqual([1, 7]);
  });

  test("failures are never kept, nor what rescued them, nor what took an answer", async () => {
    const checkpointer = open();
    let calls = 0;
    const fails: TestNode = () => {
      calls++;
      throw new TypeError("no");
    };
    const asks: TestNode = (_, ctx) => {
      calls++;
      return { log: ctx.interrupt<string>("?") };
    };
    for (const session of ["a", "b"]) {
      const failed = new AppRunner(cachedOnce(fails), { checkpointer }).invoke(session);
      expect(await failureOf(failed)).toMatchObject({ code: "NODE_FAILED" });
      const rescued = cachedOnce(fails, BY_COUNT, { onError: () => ({ log: session }) });
      expect((await new AppRunner(rescued, { checkpointer }).invoke(`${session}2`)).state.log).toEqual([session]);
      const runner = new AppRunner(cachedOnce(asks), { checkpointer });
      expect((await runner.invoke(`${session}3`)).outcome).toBe("paused");
      expect((await runner.resume(`${session}3`, session)).state.log).toEqual([session]);
    }
    expect(calls).toBe(8);
  });

  test("an outcome counts for its ttl on the runner's clock, and is made afresh then", async () => {
    const checkpointer = open();
    const clock = new TestClock(1_000);
    const { node, ran } = doubling();
    const app = cachedOnce(node, { ...BY_COUNT, ttlMs: 500 });
    for (const [session, ms] of [
      ["a", 499],
      ["b", 1],
      ["c", 499],
      ["d", 0],
    ] as const) {
      await new AppRunner(app, { checkpointer, clock }).invoke(session, { count: 1 });
      await clock.advance(ms);
    }
    expect(ran).toHaveLength(2);
  });

  test("a node, its version and its key tell outcomes apart", async () => {
    const checkpointer = open();
    const { node, ran } = doubling();
    const versions = [undefined, "1", "2"].map((version) =>
      version === undefined ? BY_COUNT : { ...BY_COUNT, version },
    );
    let session = 0;
    for (const cache of [...versions, ...versions, { key: () => "0" }, { key: () => [0] }, { key: () => -0 }])
      await new AppRunner(cachedOnce(node, cache), { checkpointer }).invoke(`s${session++}`);
    const other = chain({ other: [node, { cache: BY_COUNT }] });
    await new AppRunner(other, { checkpointer }).invoke("other");
    expect(ran).toHaveLength(7);
  });

  test("C5: an outcome is kept before its superstep commits: one that does not commit runs no node again", async () => {
    const checkpointer = open();
    const { node, ran } = doubling();
    const app = abreast({
      node: [node, { cache: BY_COUNT }],
      fails: () => {
        throw new TypeError("no");
      },
    });
    await failureOf(new AppRunner(app, { checkpointer }).invoke("a"));
    await failureOf(new AppRunner(app, { checkpointer }).invoke("b"));
    expect(ran).toHaveLength(1);
  });
});

test("a hit is told in the event and in the report, starts no node, counts no retry, and goes through no middleware", async () => {
  const { node } = doubling();
  const passed: string[] = [];
  const noting: NodeMiddleware = (ctx, next) => {
    passed.push(ctx.sessionId);
    return next();
  };
  const runner = new AppRunner(cachedOnce(node), { middleware: [noting] });
  const told = async (session: string) =>
    (await listOf(runner.stream(session, { count: 1 }))).flatMap((event): readonly unknown[] => {
      if (event.type === "node.started") return ["started"];
      if (event.type === "node.completed") return [["completed", event.cached]];
      return event.type === "step.completed" ? [event.report.cached] : [];
    });
  expect(await told("miss")).toEqual(["started", ["completed", undefined], []]);
  const [completed, cached] = await told("hit");
  expect(completed).toEqual(["completed", true]);
  expect(cached).toEqual([expect.stringMatching(/-1\.0$/)]);
  expect(passed).toEqual(["miss"]);
});

test.each([
  [
    "throws",
    () => {
      throw new RangeError("in the key");
    },
    "in the key",
  ],
  ["gives nothing", () => undefined, "the key is undefined"],
  ["is the input of a task that has none", "input" as const, "the task has no input"],
  ["gives a promise", () => Promise.resolve(1), "key"],
  ["gives a function", () => ({ deep: [() => 1] }), "key.deep[0]"],
  [
    "throws a revoked proxy",
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy;
    },
    "described",
  ],
])("a key function that %s fails its task with an error that says so, and runs nothing", async (_what, key, words) => {
  const { node, ran } = doubling();
  const error = await failureOf(new AppRunner(cachedOnce(node, { key }, { retry: { maxAttempts: 3 } })).invoke("s"));
  expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "CACHE_KEY_FAILED", node: "node" } });
  expect(String((error as Error).cause)).toContain(words);
  expect(ran).toEqual([]);
});

test("a store without a cache is refused when the runner is made, where a node asks for one", () => {
  const { cached: _cached, cache: _cache, ...bare } = intercept(new MemoryCheckpointer(), ({ proceed }) => proceed());
  const checkpointer: Checkpointer = bare;
  const { node } = doubling();
  expect(() => new AppRunner(cachedOnce(node), { checkpointer })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", option: "checkpointer" }),
  );
  expect(() => new AppRunner(chain({ node }), { checkpointer })).not.toThrow();
});

test("C3: an outcome that cannot be kept fails the superstep, and the node's result is kept all the same", async () => {
  let isDown = true;
  const checkpointer = intercept(new MemoryCheckpointer(), ({ method, proceed }) => {
    if (method === "cache" && isDown) throw new TypeError("no room");
    return proceed();
  });
  const { node, ran } = doubling();
  const runner = new AppRunner(cachedOnce(node), { checkpointer });
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ code: "CHECKPOINT_FAILED" });
  isDown = false;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
  expect(ran).toHaveLength(1);
});

test("C3: a cache that cannot be read fails the task, and the next try reads it again", async () => {
  let isDown = true;
  const checkpointer = intercept(new MemoryCheckpointer(), async ({ method, proceed }) => {
    if (method === "cached" && isDown) throw new TypeError("no answer");
    return proceed();
  });
  const { node } = doubling();
  const runner = new AppRunner(cachedOnce(node), { checkpointer });
  expect(await failureOf(runner.invoke("s"))).toMatchObject({ cause: { code: "CHECKPOINT_FAILED" } });
  isDown = false;
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed" });
});

test("an abort while the cache is being read runs no node", async () => {
  let answer = (): void => undefined;
  const waiting = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const checkpointer = intercept(new MemoryCheckpointer(), ({ method, proceed }) =>
    method === "cached" ? waiting.then(proceed) : proceed(),
  );
  const { node, ran } = doubling();
  const abort = new AbortController();
  const running = failureOf(
    new AppRunner(cachedOnce(node), { checkpointer }).invoke("s", {}, { signal: abort.signal }),
  );
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  answer();
  expect(await running).toMatchObject({ code: "RUN_ABORTED" });
  expect(ran).toEqual([]);
});

describe("in a file,", () => {
  async function inFile(work: (path: string) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "superstep-cache-"));
    try {
      await work(join(folder, "sessions.db"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async function invokeOn(path: string, session: string, node: TestNode): Promise<unknown> {
    const checkpointer = new SqliteCheckpointer(path);
    const { state } = await new AppRunner(cachedOnce(node), { checkpointer }).invoke(session, { count: 1 });
    await checkpointer.close();
    return state.log;
  }

  test("outcomes outlive the process that made them", () =>
    inFile(async (path) => {
      const { node, ran } = doubling();
      for (const session of ["a", "b"]) expect(await invokeOn(path, session, node)).toEqual(["twice 1 is 2"]);
      expect(ran).toHaveLength(1);
    }));

  test.each([
    ["body", "UPDATE cache SET body = replace(body, 'twice', 'thrice')"],
    ["checksum", "UPDATE cache SET crc = crc + 1"],
    ["expiry", "UPDATE cache SET expires_at = 1e300"],
    ["text", "UPDATE cache SET body = '{'"],
  ])("T1: an outcome whose %s is damaged is none: the node runs, and its outcome is kept anew", (_what, damage) =>
    inFile(async (path) => {
      const { node, ran } = doubling();
      await invokeOn(path, "a", node);
      const database = new Database(path);
      expect(database.prepare(damage).run().changes).toBe(1);
      database.close();
      for (const session of ["b", "c"]) expect(await invokeOn(path, session, node)).toEqual(["twice 1 is 2"]);
      expect(ran).toHaveLength(2);
    }),
  );

  test("what has expired leaves the file with the next outcome", () =>
    inFile(async (path) => {
      const checkpointer = new SqliteCheckpointer(path);
      const clock = new TestClock();
      const { node } = doubling();
      for (let count = 0; count < 5; count++) {
        await new AppRunner(cachedOnce(node, { ...BY_COUNT, ttlMs: 10 }), { checkpointer, clock }).invoke(`s${count}`, {
          count,
        });
        await clock.advance(10);
      }
      const database = new Database(path);
      expect(database.prepare("SELECT count(*) AS n FROM cache").get()).toEqual({ n: 1 });
      database.close();
      await checkpointer.close();
    }));
});

test("a cache changes no result of nodes whose outcomes follow from their keys: states, frontiers, errors", async () => {
  const input = fc.record({ count: fc.integer({ min: 0, max: 6 }), session: fc.integer({ min: 0, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 12 }), fc.nat(2), async (inputs, kind) => {
      const [, open] = everyStore[kind % everyStore.length] as (typeof everyStore)[number];
      const [plain, caching] = [collatz(false), collatz(true)].map(
        (app) => new AppRunner(app, { checkpointer: open() }),
      );
      for (const { count, session } of inputs) {
        const ends = await Promise.all(
          [plain, caching].map((runner) => endOf(runner as AppRunner<TestChannels, string>, `s${session}`, count)),
        );
        expect(ends[1]).toEqual(ends[0]);
      }
    }),
    { numRuns: 60 },
  );
});

/** Halves and grows until it is one, by pure nodes; thirteen is unlucky. */
function collatz(isCached: boolean) {
  const options: NodeOptions<TestChannels> = isCached ? { cache: { key: ({ value }, input) => [value, input] } } : {};
  const next = (n: number) => (n % 2 === 0 ? n / 2 : 3 * n + 1);
  return new StateGraph({ ...channels })
    .addNode("start", ({ count }) => ({ value: count + 1 }), {})
    .addNode(
      "step",
      ({ value }) => {
        if (value === 13) throw new TypeError("unlucky");
        return { value: next(value as number), log: String(value) };
      },
      { ...options, onError: () => ({ value: 1, log: "rescued" }) },
    )
    .addNode("echo", (_, ctx) => ({ log: `echo ${String(ctx.input)}` }), options)
    .addEdge(START, "start")
    .addEdge("start", "step")
    .addConditionalEdges("step", ({ value }) => (value === 1 ? [new Send("echo", 1), new Send("echo", 1)] : "step"), [
      "step",
      "echo",
    ])
    .addEdge("echo", END)
    .compile();
}

async function endOf(runner: AppRunner<TestChannels, string>, session: string, count: number): Promise<unknown> {
  const { state, step, versions, status } = await runner.invoke(session, { count }, { restart: true, maxSteps: 1_000 });
  return { state, step, versions, status };
}
