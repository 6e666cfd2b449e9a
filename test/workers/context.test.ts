/** What a node is given in a worker does what it does here. */
import { afterAll, describe, expect, test } from "vitest";
import {
  AppRunner,
  ArtifactRef,
  append,
  END,
  GraphValidationError,
  lastValue,
  map,
  type NodeMiddleware,
  type NodeOptions,
  RunAbortedError,
  type RunEvent,
  START,
  StateGraph,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { nodeModule, type WorkerPool } from "../../src/workers.js";
import { KINDS, nodeNamed, openPool } from "./pools.js";

const channels = { n: lastValue<unknown>(1) };

function graphOf(name: string, options: NodeOptions<typeof channels> = {}) {
  return new StateGraph(channels)
    .addNode("node", nodeNamed(name), { executor: "pool", ...options })
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile();
}

describe.each(KINDS)("in %s,", (_, make) => {
  const pool: WorkerPool = openPool(make, { killAfterMs: 100 });
  afterAll(() => pool.close({ timeoutMs: 0 }));
  const runnerOf = (name: string, options?: NodeOptions<typeof channels>) =>
    new AppRunner(graphOf(name, options), { executors: { pool } });

  test("progress and emitted values are heard; a value that cannot be sent is heard as the error that says so", async () => {
    const runner = runnerOf("chat");
    const events: RunEvent[] = [];
    const stream = runner.stream("s", {});
    for await (const event of stream) events.push(event);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "node.progress", done: 1, total: 2, message: "half" }),
    );
    const emitted = events.flatMap((event) => (event.type === "node.emitted" ? [event.data] : []));
    expect(emitted).toEqual([{ token: 1n }, expect.objectContaining({ code: "NOT_SERIALIZABLE" })]);
    expect((await stream.result).state.n).toEqual(["number", true, true, false]);
    await runner.close();
  });

  test("effects run once, their keys are checked, their failures are theirs", async () => {
    const runner = runnerOf("onceMore");
    const { state } = await runner.invoke("s", {});
    expect(state.n).toEqual(["effect", "INVALID_OPTION", ["fulfilled", "rejected"], [true, true]]);
    await runner.close();
  });

  test("an effect that ran before a crash of the worker is not run again", async () => {
    const runner = runnerOf("payThenDie", { retry: { maxAttempts: 2, initialDelayMs: 0 } });
    const { state } = await runner.invoke("s", {});
    const [paidBy, ranIn] = state.n as number[];
    expect(paidBy).not.toBe(ranIn);
    await runner.close();
  });

  test("a node that heeds its signal is not killed with its worker", async () => {
    const runner = runnerOf("heed");
    const before = pool.counts;
    const abort = new AbortController();
    const stream = runner.stream("s", {}, { signal: abort.signal });
    for await (const event of stream) if (event.type === "node.emitted") abort.abort(new Error("enough"));
    await expect(stream.result).rejects.toBeInstanceOf(RunAbortedError);
    expect((await runner.session("s")).status.kind).toBe("ready");
    await runner.close();
    expect(pool.counts.started - before.started).toBeLessThanOrEqual(1);
  });

  test("a call may allow less than the runner has, and nothing runs that it does not allow", async () => {
    const runner = runnerOf("double");
    const refused = runner.invoke("s", { n: 2 }, { allowExecutors: ["inline"] });
    await expect(refused).rejects.toMatchObject({ code: "INVALID_OPTION", option: "allowExecutors" });
    expect((await runner.invoke("s", { n: 2 }, { allowExecutors: ["pool"] })).state.n).toBe(4);
    await runner.close();
  });

  test("what only the worker knows how to read is a failure of the task that sent it, and of nobody else", async () => {
    const runner = runnerOf("foreign");
    const run = (how: string) => runner.invoke(how, {}, { config: { how } });
    for (const how of ["returned", "asked", "thrown"]) {
      const error: unknown = await run(how).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        cause: { code: "NOT_SERIALIZABLE", message: expect.stringContaining("OnlyHere") },
      });
    }
    await expect(run("beside")).rejects.toMatchObject({ cause: { message: "beside", even: 2 } });
    const stream = runner.stream("emitted", {}, { config: { how: "emitted" } });
    const heard: unknown[] = [];
    for await (const event of stream) if (event.type === "node.emitted") heard.push(event.data);
    expect(heard).toEqual([expect.objectContaining({ code: "NOT_SERIALIZABLE" })]);
    expect((await stream.result).outcome).toBe("completed");
    const effects = runnerOf("foreignEffect");
    expect((await effects.invoke("s", {})).state.n).toBe("NOT_SERIALIZABLE");
    await Promise.all([runner.close(), effects.close()]);
  });

  test("a middleware's questions are its own", async () => {
    const middleware: NodeMiddleware = (ctx, next) => (ctx.interrupt("may it?") === "yes" ? next() : {});
    const runner = new AppRunner(graphOf("ask"), { executors: { pool }, middleware: [middleware] });
    expect(await runner.invoke("s", {})).toMatchObject({ reason: { interrupts: [{ payload: "may it?" }] } });
    expect(await runner.resume("s", "yes")).toMatchObject({ reason: { interrupts: [{ payload: "the node" }] } });
    expect(await runner.resume("s", "blue")).toMatchObject({ outcome: "completed", state: { n: "blue" } });
    await runner.close();
  });

  test("artifacts are put and got as here: bytes, streams, values", async () => {
    const runner = runnerOf("keep");
    const { state } = await runner.invoke("s", {});
    expect(state.n).toEqual({
      refs: [
        expect.objectContaining({ kind: "bytes", size: 3 }),
        expect.objectContaining({ size: 4 }),
        expect.any(ArtifactRef),
      ],
      values: [new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 3, 4]), { big: 1n }],
      codes: ["INVALID_OPTION", "ARTIFACT_NOT_FOUND", "NOT_SERIALIZABLE"],
    });
    const [first] = (state.n as { refs: readonly ArtifactRef[] }).refs;
    expect(await runner.artifacts.get(first as ArtifactRef)).toEqual(new Uint8Array([1, 2, 3]));
    await runner.close();
  });

  test("bytes are a view of themselves alone, there and here", async () => {
    const runner = runnerOf("keepApart");
    const { state } = await runner.invoke("s", {});
    const { here, kept } = state.n as { here: number; kept: Uint8Array };
    expect([here, kept.buffer.byteLength]).toEqual([3, 3]);
    await runner.close();
    const graph = new StateGraph({ came: append<Uint8Array>() })
      .addNode(
        "node",
        map(() => [new Uint8Array([1, 2])], nodeNamed("same"), { into: "came" }),
        { executor: "pool" },
      )
      .addEdge(START, "node")
      .addEdge("node", END)
      .compile();
    const gathering = new AppRunner(graph, { executors: { pool } });
    const [came] = (await gathering.invoke("s", {})).state.came;
    expect(came).toEqual(new Uint8Array([1, 2]));
    expect(came?.buffer.byteLength).toBe(2);
    await gathering.close();
  });

  test("it runs within a subgraph, too", async () => {
    const outer = new StateGraph(channels)
      .addNode("inner", graphOf("double"))
      .addEdge(START, "inner")
      .addEdge("inner", END)
      .compile();
    const runner = new AppRunner(outer, { executors: { pool }, checkpointer: new SqliteCheckpointer(":memory:") });
    expect((await runner.invoke("s", { n: 2 })).state.n).toBe(4);
    const { calls } = pool.counts;
    await runner.invoke("s", { n: 2 });
    expect(pool.counts.calls).toBe(calls + 1);
    await runner.close();
  });
});

test("without an executor it runs here, loaded or as the function it was given", async () => {
  const graph = new StateGraph({ n: lastValue(1), log: append<unknown>() })
    .addNode("loaded", nodeNamed("double"))
    .addNode(
      "given",
      nodeModule(import.meta.url, "given", (state: { n: number }) => ({ log: [state.n] })),
    )
    .addEdge(START, "loaded")
    .addEdge("loaded", "given")
    .addEdge("given", END)
    .compile();
  expect((await new AppRunner(graph).invoke("s", {})).state).toEqual({ n: 2, log: [2] });
});

test("compile refuses to have something run elsewhere that nobody could find there", () => {
  const graph = new StateGraph(channels)
    .addNode("here", () => ({ n: 1 }), { executor: "pool" })
    .addNode("odd", nodeNamed("double"), { executor: "" })
    .addEdge(START, "here")
    .addEdge("here", "odd")
    .addEdge("odd", END);
  const error = (() => {
    try {
      return graph.compile();
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(GraphValidationError);
  expect((error as GraphValidationError).issues.map(({ message }) => message)).toEqual([
    expect.stringContaining('option "executor" of node "here" is "pool", and the node is no function of a module'),
    expect.stringContaining('option "executor" of node "odd"'),
  ]);
});

test("a runner has the executors that its nodes ask for, or is not made", () => {
  expect(() => new AppRunner(graphOf("double"))).toThrow(expect.objectContaining({ option: "executors" }));
  expect(() => new AppRunner(graphOf("double"), { executors: { pool: {} as never } })).toThrow(/execute/);
  expect(() => new AppRunner(graphOf("double"), { executors: { inline: {} as never } })).toThrow(/inline/);
});
