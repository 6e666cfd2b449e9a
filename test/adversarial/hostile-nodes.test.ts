/** A hostile node costs its own task and nothing else: siblings are kept, the session can go on, the process lives. */
import { getEventListeners, setMaxListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { context, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { describe, expect, test } from "vitest";
import {
  type App,
  AppRunner,
  type AppRunnerOptions,
  Command,
  MemoryCheckpointer,
  map,
  type NodeContext,
  type NodeOptions,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { abreast, chain, failureOf, says, type TestChannels, type TestNode } from "../runner/graphs.js";
import { everyStore } from "../runner/stores.js";
import { thenable } from "../thenable.js";

/** Whatever is asked of it, it throws. */
function bomb(): object {
  const explode = (): never => {
    throw new RangeError("you looked at it");
  };
  const traps = Object.getOwnPropertyNames(Reflect).map((name) => [name, explode]);
  return new Proxy(() => undefined, Object.fromEntries(traps) as ProxyHandler<() => void>);
}

function objectBomb(): object {
  const explode = (): never => {
    throw new RangeError("you looked at it");
  };
  return new Proxy({}, { get: explode, getPrototypeOf: explode, ownKeys: explode, getOwnPropertyDescriptor: explode });
}

/** Says yes to every question but what it is. */
function pretender(): object {
  return new Proxy(
    {},
    {
      get: (_, key) => (key === THEN ? undefined : true),
      getPrototypeOf: () => {
        throw new RangeError("you looked at it");
      },
    },
  );
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function throwing(error: () => unknown): TestNode {
  return () => {
    throw error();
  };
}

function giving(value: () => unknown): TestNode {
  return () => value() as never;
}

/** Named so that nobody takes an attack for an oversight. */
const THEN = "then";

function settling(then: Parameters<typeof thenable>[0]): TestNode {
  return giving(() => thenable(then));
}

const failing: Readonly<Record<string, TestNode>> = {
  "throws a getter-bomb": throwing(objectBomb),
  "throws a function that explodes": throwing(bomb),
  "throws what pretends to be an error of the library": throwing(pretender),
  "rejects with what pretends to be an error of the library": async () => {
    throw pretender();
  },
  "throws a revoked proxy": throwing(revoked),
  "throws undefined": throwing(() => undefined),
  "rejects with a getter-bomb": async () => {
    throw objectBomb();
  },
  "throws an error whose message explodes": throwing(() =>
    Object.defineProperty(new TypeError("x"), "message", {
      get() {
        throw objectBomb();
      },
    }),
  ),
  "throws an error that is its own cause": throwing(() => {
    const error = new TypeError("round and round");
    error.cause = error;
    return error;
  }),
  "returns a getter-bomb": giving(objectBomb),
  "returns a function that explodes": giving(bomb),
  "returns a revoked proxy": giving(revoked),
  "returns an update whose value explodes": giving(() => ({ value: objectBomb() })),
  "returns an update with a getter that explodes": giving(() =>
    Object.defineProperty({}, "value", { enumerable: true, get: () => objectBomb() }),
  ),
  "resolves with a getter-bomb": async () => objectBomb() as never,
  "returns a thenable whose `then` explodes": giving(() =>
    Object.defineProperty({}, THEN, {
      get() {
        throw new RangeError("in then");
      },
    }),
  ),
  "returns a thenable that rejects and then resolves": settling((resolve, reject) => {
    reject(new TypeError("first"));
    resolve({ log: "second" });
  }),
  "returns a thenable that throws": settling(() => {
    throw new TypeError("in then");
  }),
  "has another `then` each time it is looked at": giving(() => {
    let looks = 0;
    return Object.defineProperty({ log: "first" }, THEN, {
      get: () => (looks++ === 0 ? () => undefined : undefined),
    });
  }),
  "returns a promise of itself": () => {
    const self: Promise<never> = Promise.resolve().then(() => self);
    return self;
  },
};

const finishing: Readonly<Record<string, TestNode>> = {
  "resolves twice": settling((resolve) => {
    resolve({ log: "first" });
    resolve({ log: "second" });
  }),
  "resolves and then rejects": settling((resolve, reject) => {
    resolve({ log: "first" });
    reject(new TypeError("second"));
  }),
  "resolves and then throws": settling((resolve) => {
    resolve({ log: "first" });
    throw new TypeError("second");
  }),
  "resolves again when everything is over": settling((resolve) => {
    resolve({ log: "first" });
    setImmediate(() => resolve({ log: "second" }));
  }),
  "floods the stream": (_, ctx) => {
    for (let n = 0; n < 100_000; n++) ctx.emit({ n });
    for (let n = 0; n < 100_000; n++) ctx.progress(n, 100_000, "on and on");
    return { log: "first" };
  },
  "emits what explodes": (_, ctx) => {
    ctx.emit(objectBomb());
    ctx.emit(revoked());
    return { log: "first" };
  },
  "leaves listeners on its signal": (_, ctx) => {
    for (let n = 0; n < 10; n++) ctx.signal.addEventListener("abort", () => n);
    return { log: "first" };
  },
  "keeps its context and uses it when everything is over": (_, ctx) => {
    setImmediate(() => misuse(ctx));
    return { log: "first" };
  },
  "blocks the loop": () => {
    for (let until = performance.now() + 50; performance.now() < until; );
    return { log: "first" };
  },
};

function misuse(ctx: NodeContext): void {
  ctx.emit("late");
  ctx.progress(1);
  void ctx.once("late", () => 1).catch(() => undefined);
  try {
    ctx.interrupt("late?");
  } catch {
    // nobody waits for it
  }
}

const plans: readonly (readonly [how: string, options: NodeOptions<TestChannels>])[] = [
  ["plainly", {}],
  ["with retries, limits, a cache and a rescue that explodes", hardened()],
];

function hardened(): NodeOptions<TestChannels> {
  return {
    retry: { maxAttempts: 2, initialDelayMs: 0, retryOn: () => true },
    timeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    cache: { key: () => "hostile" },
    onError: (error) => {
      throw error;
    },
  };
}

describe.each(everyStore)("on %s:", (_store, open) => {
  describe.each(plans)("S7: run %s, a node that", (_how, options) => {
    test.each(Object.entries(failing))(
      "%s fails its own task: its sibling is kept, and the session goes on",
      async (_what, node) => {
        const checkpointer = open();
        let runs = 0;
        const sibling: TestNode = async () => {
          runs++;
          await nextTurn();
          return { log: "sibling" };
        };
        const stream = new AppRunner(abreast({ node: [node, options], sibling }), { checkpointer }).stream("s");
        const types: string[] = [];
        for await (const event of stream) types.push(event.type);
        expect(JSON.parse(JSON.stringify(await failureOf(stream.result)))).toMatchObject({
          code: expect.stringMatching(/^(NODE_FAILED|NOT_SERIALIZABLE)$/) as string,
        });
        expect(types.at(-1)).toBe("run.failed");
        const mended = abreast({ node: (() => ({ log: "mended" })) as TestNode, sibling });
        const result = await new AppRunner(mended, { checkpointer }).runUntilComplete("s");
        expect([result.state.log, runs]).toEqual([["mended", "sibling"], 1]);
      },
    );

    test.each(Object.entries(finishing))("%s finishes once", async (_what, node) => {
      const app = abreast({ node: [node, options], says });
      const stream = new AppRunner(app, { checkpointer: open() }).stream("s");
      expect((await stream.result).state.log).toEqual(["first", "says"]);
      await nextTurn();
      await nextTurn();
      let waiting = 0;
      for await (const _event of stream) waiting++;
      expect(waiting).toBeLessThanOrEqual(10_010);
    });
  });
});

describe("S7: a promise that nobody waits for does not end the process:", () => {
  const rejected = (): never => Promise.reject(new TypeError("nobody waits for it")) as never;
  const broken: TestNode = () => {
    throw new TypeError("broken");
  };
  const careless: Readonly<Record<string, () => App<TestChannels, string>>> = {
    "in a node's update": () => chain({ a: giving(() => ({ value: rejected(), log: [rejected(), rejected()] })) }),
    "in a list that a node returned": () => chain({ a: giving(() => [rejected()]) }),
    "in a Command": () => chain({ a: giving(() => new Command({ update: { value: rejected() } })) }),
    "as a Command's update": () => chain({ a: giving(() => new Command({ update: rejected() })) }),
    "as what `retryOn` answers": () => chain({ a: [broken, { retry: { maxAttempts: 3, retryOn: () => rejected() } }] }),
    "as what `onError` answers": () => chain({ a: [broken, { onError: () => rejected() }] }),
    "as a cache key": () => chain({ a: [says, { cache: { key: () => rejected() } }] }),
    "in a cache key": () => chain({ a: [says, { cache: { key: () => ({ a: rejected(), b: rejected() }) } }] }),
    "as the items of a `map`": () => chain({ a: map(() => rejected(), says as never, { into: "log" }) as TestNode }),
    "as the question of a node": () => chain({ a: (_, ctx) => ctx.interrupt(rejected()) }),
    "in what an effect gives": () => chain({ a: async (_, ctx) => ctx.once("k", () => ({ value: rejected() })) }),
  };
  test.each(Object.entries(careless))("%s", async (_, graph) => {
    const lost: unknown[] = [];
    const former = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => lost.push(error));
    try {
      const failure = await failureOf(new AppRunner(graph()).invoke("s"));
      expect(failure).toMatchObject({ code: expect.stringMatching(/^(NODE_FAILED|NOT_SERIALIZABLE)$/) as string });
      await nextTurn();
      await nextTurn();
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of former) process.on("unhandledRejection", listener);
    }
    expect(lost).toEqual([]);
  });
});

test.each(everyStore)(
  "P6: whatever the reason of an abort is, the run was aborted and goes on, on %s",
  async (_, open) => {
    for (const reason of [objectBomb(), pretender(), bomb(), revoked(), Symbol("x"), null, 0]) {
      const abort = new AbortController();
      const node: TestNode = async (_, { signal }) => {
        if (!abort.signal.aborted) abort.abort(reason);
        else return { log: "done" };
        await nextTurn();
        throw signal.reason;
      };
      const runner = new AppRunner(chain({ node }), { checkpointer: open() });
      expect((await failureOf(runner.invoke("s", {}, { signal: abort.signal }))) as object).toHaveProperty(
        "code",
        "RUN_ABORTED",
      );
      expect((await runner.session("s")).status).toEqual({ kind: "ready" });
      expect((await runner.invoke("s")).state.log).toEqual(["done"]);
    }
  },
);

describe("S7: a clock or a random that fails costs the task, and hangs nobody:", () => {
  const broken: TestNode = async () => {
    throw new TypeError("broken");
  };
  const fails = (): never => {
    throw new RangeError("out of order");
  };
  const afterwards = (first: number): (() => number) => {
    let calls = 0;
    return () => (calls++ < first ? 0.5 : fails());
  };
  const runners: Readonly<Record<string, AppRunnerOptions>> = {
    "a sleep that throws": { clock: { now: () => 0, sleep: fails } },
    "a sleep that is none": { clock: { now: () => 0, sleep: () => undefined as never } },
    "a random that throws": { random: afterwards(1) },
  };
  test.each(Object.entries(runners))("%s", async (_, options) => {
    let runs = 0;
    const sibling: TestNode = () => {
      runs++;
      return { log: "sibling" };
    };
    const checkpointer = new MemoryCheckpointer();
    const retried = abreast({ node: [broken, { retry: { maxAttempts: 2 } }], sibling });
    const failure = await failureOf(new AppRunner(retried, { checkpointer, ...options }).invoke("s"));
    expect(failure).toMatchObject({ code: "NODE_FAILED", node: "node" });
    const mended = abreast({ node: says, sibling });
    expect(await new AppRunner(mended, { checkpointer }).runUntilComplete("s")).toMatchObject({ outcome: "completed" });
    expect(runs).toBe(1);
  });

  test("a time limit whose clock throws does not let the node's own failure end the process", async () => {
    const clock = { now: () => 0, sleep: fails };
    const slow: TestNode = async () => {
      await nextTurn();
      throw new TypeError("late");
    };
    const failure = await failureOf(new AppRunner(chain({ a: [slow, { timeoutMs: 5 }] }), { clock }).invoke("s"));
    expect(failure).toMatchObject({ code: "NODE_FAILED" });
    await nextTurn();
    await nextTurn();
  });
});

test.each(Object.entries(failing))(
  "S7: while spans are recorded, a node that %s still fails only its task",
  async (_what, node) => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    try {
      const runner = new AppRunner(abreast({ node, says }));
      expect(await failureOf(runner.invoke("s"))).toMatchObject({ at: { finished: [{ node: "says" }] } });
      const names = exporter.getFinishedSpans().map(({ name }) => name);
      expect(names.sort()).toEqual(["node node", "node says", "run", "schedule", "superstep"]);
    } finally {
      await provider.shutdown();
      trace.disable();
      context.disable();
    }
  },
);

test("S7: a node that never settles is given up after its limit and the grace; its sibling is kept", async () => {
  const clock = new TestClock();
  const checkpointer = new MemoryCheckpointer();
  const never: TestNode = () => new Promise(() => undefined);
  const runner = new AppRunner(abreast({ never: [never, { timeoutMs: 100 }], says }), { clock, checkpointer });
  const failed = failureOf(runner.invoke("s"));
  await clock.advance(5_100);
  expect(await failed).toMatchObject({ node: "never", at: { finished: [{ node: "says" }] } });
  expect(clock.sleeping).toBe(0);
});

test("L14: 2,000 runs of nodes that leak listeners share one signal, and leave none on it", async () => {
  const shared = new AbortController();
  setMaxListeners(50, shared.signal);
  const leaky: TestNode = async (_, ctx) => {
    for (let n = 0; n < 3; n++) ctx.signal.addEventListener("abort", () => n);
    await Promise.resolve();
    return { log: ctx.node };
  };
  const runner = new AppRunner(chain({ leaky: [leaky, hardened()], again: leaky }));
  for (let from = 0; from < 2_000; from += 50) {
    const runs = Array.from({ length: 50 }, (_, n) => runner.invoke(`s${from + n}`, {}, { signal: shared.signal }));
    await Promise.all(runs);
  }
  expect(getEventListeners(shared.signal, "abort")).toEqual([]);
});
