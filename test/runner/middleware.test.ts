import { describe, expect, test } from "vitest";
import { AppRunner, type NodeMiddleware } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { HandCrank } from "../hand-crank.js";
import { abreast, chain, failureOf, says, type TestNode } from "./graphs.js";

const pass: NodeMiddleware = (_ctx, next) => next();

function noting(name: string, heard: string[]): NodeMiddleware {
  return async (ctx, next) => {
    heard.push(`${name} ${ctx.node} ${ctx.attempt}`);
    const result = await next();
    heard.push(`${name} after`);
    return result;
  };
}

function runnerOf(node: TestNode, ...middleware: readonly NodeMiddleware[]) {
  return new AppRunner(chain({ node }), { middleware });
}

test("the first of the list is outermost, and the node is innermost", async () => {
  const heard: string[] = [];
  const node: TestNode = () => {
    heard.push("node");
    return { log: "node" };
  };
  const result = await runnerOf(node, noting("a", heard), noting("b", heard)).invoke("s");
  expect(result.state.log).toEqual(["node"]);
  expect(heard).toEqual(["a node 1", "b node 1", "node", "b after", "a after"]);
});

test("it stands around each attempt, inside the retries and the time limit", async () => {
  const clock = new TestClock();
  const heard: string[] = [];
  const crank = new HandCrank();
  const options = { timeoutMs: 100, retry: { maxAttempts: 2, jitter: false } };
  const runner = new AppRunner(chain({ node: [crank.node, options] }), { clock, middleware: [noting("m", heard)] });
  const running = runner.invoke("s");
  (await crank.started()).heedSignal();
  await clock.advance(600);
  crank.calls[1]?.finish({ log: "second" });
  expect(await running).toMatchObject({ state: { log: ["second"] }, summary: { retries: 1 } });
  expect(heard).toEqual(["m node 1", "m node 2", "m after"]);
});

test("a middleware that is late itself is timed out with its attempt", async () => {
  const clock = new TestClock();
  const hangs: NodeMiddleware = () => new Promise(() => undefined);
  const runner = new AppRunner(chain({ node: [says, { timeoutMs: 100 }] }), { clock, middleware: [hangs] });
  const failed = failureOf(runner.invoke("s"));
  await clock.advance(10_000);
  expect(await failed).toMatchObject({ cause: { code: "NODE_TIMEOUT" } });
});

test("it may change the result, replace it, or not run the node at all", async () => {
  const runs: string[] = [];
  const node: TestNode = (_, ctx) => {
    runs.push(ctx.node);
    return { log: ctx.node };
  };
  const changing: NodeMiddleware = (_ctx, next) => ({ ...(next() as object), count: 7 });
  expect((await runnerOf(node, changing).invoke("s")).state).toMatchObject({ log: ["node"], count: 7 });
  expect((await runnerOf(node, () => ({ log: "instead" })).invoke("s")).state.log).toEqual(["instead"]);
  expect(runs).toHaveLength(1);
});

test("what it returns is checked like a node's result; what it throws is the node's failure, and may be tried again", async () => {
  expect(await failureOf(runnerOf(says, () => 5).invoke("s"))).toMatchObject({
    cause: { code: "NODE_RESULT_INVALID" },
  });
  const clock = new TestClock();
  const refusing: NodeMiddleware = (ctx, next) => {
    if (ctx.attempt === 1) throw new TypeError("not now");
    return next();
  };
  const app = chain({ node: [says, { retry: { maxAttempts: 2 } }] });
  const running = new AppRunner(app, { clock, middleware: [refusing] }).invoke("s");
  await clock.advance(1_000);
  expect(await running).toMatchObject({ state: { log: ["node"] } });
});

test("it hears a node's failure where it calls next, and may turn it into a result", async () => {
  const rescuing: NodeMiddleware = async (_ctx, next) => {
    try {
      return await next();
    } catch (error) {
      return { log: `rescued: ${(error as Error).message}` };
    }
  };
  for (const node of [
    (() => {
      throw new TypeError("sync");
    }) satisfies TestNode,
    (async () => {
      throw new TypeError("sync");
    }) satisfies TestNode,
  ])
    expect((await runnerOf(node, rescuing).invoke("s")).state.log).toEqual(["rescued: sync"]);
});

test("P3: a question goes through a middleware, also through one that swallows it", async () => {
  const swallowing: NodeMiddleware = (_ctx, next) => {
    try {
      return next();
    } catch {
      return { log: "swallowed" };
    }
  };
  const runner = runnerOf((_, ctx) => ({ log: ctx.interrupt<string>("?") }), swallowing);
  expect((await runner.invoke("s")).outcome).toBe("paused");
  expect(await runner.resume("s", "yes")).toMatchObject({ state: { log: ["yes"] } });
});

describe("next is refused,", () => {
  test.each([
    ["called twice", (_ctx, next) => [next(), next()]],
    [
      "called twice, one after the other",
      async (_ctx, next) => {
        await next();
        return next();
      },
    ],
  ] satisfies [string, NodeMiddleware][])("%s: the node runs once, and the error says so", async (_what, twice) => {
    let runs = 0;
    const node: TestNode = async () => {
      runs++;
      return {};
    };
    expect(await failureOf(runnerOf(node, pass, twice, pass).invoke("s"))).toMatchObject({
      cause: { code: "NODE_MIDDLEWARE_FAILED", node: "node" },
    });
    expect(runs).toBe(1);
  });

  test("called too late: a task that is over runs no node", async () => {
    let late: (() => unknown) | undefined;
    let runs = 0;
    const hoarding: NodeMiddleware = (_ctx, next) => {
      late = next;
      return {};
    };
    const node: TestNode = () => {
      runs++;
    };
    await runnerOf(node, hoarding).invoke("s");
    expect(() => late?.()).toThrow(expect.objectContaining({ code: "NODE_MIDDLEWARE_FAILED" }));
    await runnerOf(node, async (...given) => hoarding(...given)).invoke("s");
    expect(() => late?.()).toThrow(expect.objectContaining({ code: "NODE_MIDDLEWARE_FAILED" }));
    expect(runs).toBe(0);
  });
});

test("a node's failure that a middleware forgets to wait for ends no process, and no sibling", async () => {
  const forgetful: NodeMiddleware = (ctx, next) => {
    const result = next();
    return ctx.node === "fails" ? { log: "went on" } : result;
  };
  const app = abreast({
    fails: async () => {
      throw new TypeError("nobody waits for me");
    },
    says,
  });
  const result = await new AppRunner(app, { middleware: [forgetful] }).invoke("s");
  expect(result.state.log).toEqual(["went on", "says"]);
});

test.each([[{}], ["x"], [[1]], [[undefined]], [null]])("%j is no list of middleware", (middleware) => {
  const given = middleware as unknown as readonly NodeMiddleware[];
  expect(() => new AppRunner(chain({ says }), { middleware: given })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", option: "middleware" }),
  );
});

test("what is done to the list later changes no runner", async () => {
  const heard: string[] = [];
  const list: NodeMiddleware[] = [];
  const runner = new AppRunner(chain({ says }), { middleware: list });
  list.push(noting("late", heard));
  await runner.invoke("s");
  expect(heard).toEqual([]);
});
