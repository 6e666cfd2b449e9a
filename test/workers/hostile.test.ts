/** Whatever a node does to its worker, what was owed is settled as a typed error, its siblings are unharmed, and the pool goes on. */
import { afterEach, describe, expect, test } from "vitest";
import {
  AppRunner,
  append,
  END,
  lastValue,
  type NodeContext,
  type NodeError,
  NodeModuleError,
  type NodeOptions,
  NodeTimeoutError,
  registerClass,
  SerializationError,
  START,
  StateGraph,
  WorkerExitedError,
  WorkerMemoryError,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { type PoolOptions, processes, threads, type WorkerPool } from "../../src/workers.js";
import { KINDS, nodeNamed, openPool, poolOptions } from "./pools.js";

/** Not known where nodes run. */
class OnlyInTheParent {
  readonly kept = 1;
}
registerClass("OnlyInTheParent", OnlyInTheParent, { encode: ({ kept }) => kept, decode: () => new OnlyInTheParent() });

const channels = { n: lastValue<unknown>(1), good: append<unknown>() };
const good = nodeNamed("act");

/** A node beside two that do no harm, and one after them. */
function graphAround(name: string, options: NodeOptions<typeof channels> = {}) {
  const writer = async () => ({ good: ["here"] });
  return new StateGraph(channels)
    .addNode("hostile", nodeNamed(name), { executor: "pool", ...options })
    .addNode("sibling", writer)
    .addNode("other", nodeNamed("double"), { executor: "pool" })
    .addEdge(START, "hostile")
    .addEdge(START, "sibling")
    .addEdge(START, "other")
    .addEdge("hostile", END)
    .addEdge("sibling", END)
    .addEdge("other", END)
    .compile();
}

describe.each(KINDS)("in %s,", (_, make) => {
  const open: WorkerPool[] = [];
  const poolOf = (options: PoolOptions = {}): WorkerPool => {
    const pool = openPool(make, options);
    open.push(pool);
    return pool;
  };
  afterEach(() => Promise.all(open.splice(0).map((pool) => pool.close({ timeoutMs: 0 }))));

  async function failureOf(name: string, options: NodeOptions<typeof channels> = {}, config = {}): Promise<NodeError> {
    const pool = poolOf({ memoryMb: 64, killAfterMs: 50 });
    const runner = new AppRunner(graphAround(name, options), { executors: { pool } });
    const error: NodeError = await runner.invoke("s", {}, { config }).then(
      ({ outcome }) => expect.fail(`it ${outcome}`),
      (thrown) => thrown,
    );
    expect(error.at?.finished.map(({ node }) => node)).toEqual(["sibling", "other"]);
    await runner.close();
    // The pool goes on, with whatever workers it needs.
    const again = new AppRunner(graphAround("double"), { executors: { pool } });
    expect((await again.invoke("t", { n: 2 }).catch((thrown) => thrown.code)) ?? "").toBe("CONCURRENT_WRITE");
    await again.close();
    return error;
  }

  test.each([0, 137])("a node that exits with code %i", async (exitCode) => {
    const { cause } = await failureOf("exit", {}, { exitCode });
    expect(cause).toBeInstanceOf(WorkerExitedError);
    expect(cause).toMatchObject({ code: "WORKER_EXITED", node: "hostile", exitCode, signal: null });
  });

  test("a node that exhausts memory is not tried again", async () => {
    const { cause, failures } = await failureOf("exhaust", { retry: { maxAttempts: 3, initialDelayMs: 0 } });
    expect(cause).toBeInstanceOf(WorkerMemoryError);
    expect(failures[0]?.attempt).toBe(1);
  });

  test("a node that loops for ever is ended with its worker when its time is over", async () => {
    const { cause } = await failureOf("mutter", { timeoutMs: 1_000 });
    expect(cause).toBeInstanceOf(NodeTimeoutError);
    expect(cause).toMatchObject({ output: "almost there\n" });
  });

  test("a node that cannot be stopped does not keep its worker", async () => {
    const pool = poolOf({ killAfterMs: 50 });
    const graph = new StateGraph(channels)
      .addNode("hostile", nodeNamed("loop"), { executor: "pool", timeoutMs: 1_000 })
      .addEdge(START, "hostile")
      .addEdge("hostile", END)
      .compile();
    const runner = new AppRunner(graph, { executors: { pool } });
    await expect(runner.invoke("s", {})).rejects.toMatchObject({ cause: { code: "NODE_TIMEOUT" } });
    expect(pool.counts.alive).toBe(0);
    await runner.close();
  });

  test("a node that prints 10 MB and throws", async () => {
    const { cause } = await failureOf("shout");
    const { message, output } = cause as Error & { readonly output: string };
    expect(message).toBe("hoarse");
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(8_192);
    expect(output.endsWith("x\n") || output.includes("x\nand out\n")).toBe(true);
  });

  test("a node that returns a function", async () => {
    const pool = poolOf();
    const runner = new AppRunner(graphAround("act"), { executors: { pool } });
    const graph = new StateGraph({ log: append<unknown>(), total: lastValue(0) })
      .addNode("returns", good, { executor: "pool", retry: { maxAttempts: 3 } })
      .addEdge(START, "returns")
      .addEdge("returns", END)
      .compile();
    const returning = new AppRunner(graph, { executors: { pool } });
    const error = await returning.invoke("s", {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ message: expect.stringContaining("log[0] is a function") });
    await Promise.all([runner.close(), returning.close()]);
  });

  test("a node that throws a class of its own with a cause", async () => {
    const { cause } = await failureOf("refuse");
    expect(cause).toBeInstanceOf(RangeError);
    expect(cause).toMatchObject({ name: "Refusal", message: "refused", code: "E_REFUSED", reasons: ["a", "b"] });
    expect((cause as Error).cause).toBeInstanceOf(TypeError);
    expect((cause as Error).cause).toMatchObject({ message: "deep", cause: "deepest" });
    expect((cause as Error).stack).toContain("at refuse");
  });

  test.each(["nowhere", "noFunction"])("a node that its module does not export as a function: %s", async (name) => {
    const { cause } = await failureOf(name, { retry: { maxAttempts: 3, initialDelayMs: 0 } });
    expect(cause).toBeInstanceOf(NodeModuleError);
    expect(cause).toMatchObject({ message: expect.stringContaining(`no function "${name}"`) });
  });

  test("a node that prints without end is read without end", async () => {
    const pool = poolOf();
    const runner = new AppRunner(graphAround("boast"), { executors: { pool } });
    expect((await runner.invoke("s", {})).state.good).toEqual(["here"]);
    await runner.close();
  });

  test("a node that says on its worker's channel what it likes harms nobody", async () => {
    const pool = poolOf();
    const runner = new AppRunner(graphAround("babble"), { executors: { pool } });
    expect((await runner.invoke("s", {})).state.good).toEqual(["here"]);
    await runner.close();
  });

  test("a question that has its answer, and a place that cannot be sent, end the call that spoke of them", async () => {
    const pool = poolOf({ maxWorkers: 1 });
    const graph = new StateGraph(channels)
      .addNode("hostile", nodeNamed("forge"), { executor: "pool" })
      .addEdge(START, "hostile")
      .addEdge("hostile", END)
      .compile();
    const runner = new AppRunner(graph, { executors: { pool } });
    await runner.invoke("s", {}, { config: { what: "asked", id: 1 } });
    const answered = runner.resume("s", "yes", { config: { what: "asked", id: 2 }, allowConfigChange: true });
    await expect(answered).rejects.toMatchObject({ cause: { code: "NODE_RESULT_INVALID" } });
    if (make === threads) {
      const misplaced = runner.invoke("t", {}, { config: { id: 3 } });
      await expect(misplaced).rejects.toMatchObject({ cause: { code: "ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST" } });
    }
    await runner.close();
  });

  test("S7: what a node prints is not told of another one that was late", async () => {
    const clock = new TestClock();
    const late = (_: unknown, { signal }: NodeContext): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const graph = new StateGraph(channels)
      .addNode("late", late, { timeoutMs: 500 })
      .addNode("loud", nodeNamed("grumble"), { executor: "pool" })
      .addEdge(START, "late")
      .addEdge(START, "loud")
      .addEdge("late", END)
      .addEdge("loud", END)
      .compile();
    const runner = new AppRunner(graph, { executors: { pool: poolOf() }, clock, onFailure: "abort" });
    const stream = runner.stream("s", {});
    for await (const event of stream) if (event.type === "node.emitted") await clock.advance(500);
    const { cause }: NodeError = await stream.result.catch((thrown) => thrown);
    expect(cause).toMatchObject({ code: "NODE_TIMEOUT", node: "late" });
    expect(cause).not.toHaveProperty("output");
    await runner.close();
  });

  test("a node may print any bytes", async () => {
    const { cause } = await failureOf("printNumbers");
    expect(cause).toMatchObject({ message: "printed", output: "oo" });
  });

  test("a state that its worker cannot read is never taken for the one before", async () => {
    const pool = poolOf({ maxWorkers: 1 });
    const elsewhere = { executor: "pool", retry: { maxAttempts: 3, initialDelayMs: 0 } };
    const graph = new StateGraph({ n: lastValue<unknown>(1) })
      .addNode("first", nodeNamed("double"), elsewhere)
      .addNode("odd", () => ({ n: new OnlyInTheParent() }))
      .addNode("second", nodeNamed("double"), elsewhere)
      .addEdge(START, "first")
      .addEdge("first", "odd")
      .addEdge("odd", "second")
      .addEdge("second", END)
      .compile();
    const runner = new AppRunner(graph, { executors: { pool } });
    const error: NodeError = await runner.invoke("s", {}).catch((thrown) => thrown);
    expect(error.cause).toBeInstanceOf(SerializationError);
    expect(error.failures[0]?.attempt).toBe(3);
    await runner.close();
  });

  test("what a node left behind takes its worker along, and nobody else", async () => {
    const pool = poolOf({ maxWorkers: 1 });
    const runner = new AppRunner(graphAround("timebomb"), { executors: { pool } });
    for (let session = 0; session < 20; session++) {
      const came = await runner.invoke(`s${session}`, {}).catch((error: NodeError) => error.cause);
      if (came instanceof Error) expect(came).toBeInstanceOf(WorkerExitedError);
    }
    await runner.close();
  });
});

describe("a process", () => {
  const failureOf = async (name: string, config = {}): Promise<unknown> => {
    const graph = new StateGraph(channels)
      .addNode("hostile", nodeNamed(name), { executor: "pool" })
      .addEdge(START, "hostile")
      .addEdge("hostile", END)
      .compile();
    const runner = new AppRunner(graph, { executors: { pool: processes(poolOptions) } });
    const error: NodeError = await runner.invoke("s", {}, { config }).catch((thrown) => thrown);
    await runner.close();
    return error.cause;
  };

  test("that hangs up on its runner has ended", async () => {
    expect(await failureOf("hangUp")).toMatchObject({ code: "WORKER_EXITED", signal: "SIGKILL" });
  });

  test.each(["zeros", "text", "endless"])("that writes %s where its runner listens has ended", async (what) => {
    expect(await failureOf("scribble", { what })).toMatchObject({ code: "WORKER_EXITED", signal: "SIGKILL" });
  });

  test("that only speaks of memory has exited, and may be tried again", async () => {
    expect(await failureOf("claimMemory")).toMatchObject({ code: "WORKER_EXITED", exitCode: 1 });
  });
});
