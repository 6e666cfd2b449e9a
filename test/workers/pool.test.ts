/** How many workers there are, who gets which, and how long they live. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { AppRunner, append, END, type ItemResult, lastValue, map, START, StateGraph } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import { nodeModule, type PoolOptions, processes, threads, type WorkerPool } from "../../src/workers.js";
import { KINDS, nodeNamed, openPool, poolOptions } from "./pools.js";

interface Whereabouts {
  readonly pid: number;
  readonly call: number;
  readonly item: unknown;
}
const open: WorkerPool[] = [];
function poolOf(make: typeof threads, options: PoolOptions = {}): WorkerPool {
  const pool = openPool(make, options);
  open.push(pool);
  return pool;
}
afterEach(() => Promise.all(open.splice(0).map((pool) => pool.close({ timeoutMs: 0 }))));

/** A fan-out over items, each item a call of one function of a module. */
function fanOut(fn: (...args: readonly unknown[]) => Promise<never>, pool: WorkerPool, maxConcurrency = 64) {
  const graph = new StateGraph({ items: lastValue<readonly unknown[]>([]), came: append<unknown>() })
    .addNode(
      "item",
      map((state: { items: readonly unknown[]; came: readonly unknown[] }) => state.items, fn, { into: "came" }),
      { executor: "pool" },
    )
    .addEdge(START, "item")
    .addEdge("item", END)
    .compile();
  return new AppRunner(graph, { executors: { pool }, maxConcurrency });
}

async function cameOf(runner: ReturnType<typeof fanOut>, items: readonly unknown[], id = "s"): Promise<Whereabouts[]> {
  const { state } = await runner.invoke(id, { items });
  return state.came as Whereabouts[];
}

describe.each(KINDS)("in %s,", (_, make) => {
  test("a fan-out is gathered in the order of its items, by as many workers as there may be", async () => {
    const pool = poolOf(make);
    const items = Array.from({ length: 40 }, (_, place) => place + 1);
    const came = await cameOf(fanOut(nodeNamed("whereabouts"), pool), items);
    expect(came.map(({ item }) => item)).toEqual(items);
    expect(pool.counts).toMatchObject({ started: 2, alive: 2, calls: 40 });
  });

  test("a state reaches each worker once, however many tasks see it", async () => {
    const pool = poolOf(make, { maxWorkers: 1 });
    const items = ["x".repeat(1_000_000), ...Array.from({ length: 99 }, (_, place) => place)];
    await cameOf(fanOut(nodeNamed("whereabouts"), pool), items);
    expect(pool.counts.calls).toBe(100);
    expect(pool.counts.stateCharacters).toBeGreaterThan(1_000_000);
    expect(pool.counts.stateCharacters).toBeLessThan(1_010_000);
  });

  test("`fresh` takes a new worker for each call, and finds state that leaks", async () => {
    const pool = poolOf(make, { fresh: true });
    const came = await cameOf(fanOut(nodeNamed("whereabouts"), pool), [1, 2, 3]);
    expect(came.map(({ call }) => call)).toEqual([1, 1, 1]);
    expect(pool.counts.started).toBe(3);
    const warm = await cameOf(fanOut(nodeNamed("whereabouts"), poolOf(make, { maxWorkers: 1 })), [1, 2, 3]);
    expect(warm.map(({ call }) => call)).toEqual([1, 2, 3]);
  });

  test("S7: a call that waits for its turn is not late", async () => {
    const clock = new TestClock();
    const pool = poolOf(make, { maxWorkers: 1 });
    const graph = new StateGraph({ n: lastValue<unknown>(0) })
      .addNode("long", nodeNamed("heed"), { executor: "pool", timeoutMs: 500, onError: () => ({}) })
      .addNode("short", nodeNamed("whereIs"), { executor: "pool", timeoutMs: 100, idleTimeoutMs: 100 })
      .addEdge(START, "long")
      .addEdge(START, "short")
      .addEdge("long", END)
      .addEdge("short", END)
      .compile();
    const stream = new AppRunner(graph, { executors: { pool }, clock }).stream("s", {});
    for await (const event of stream) if (event.type === "node.emitted") await clock.advance(500);
    expect((await stream.result).state.n).toBeGreaterThan(0);
  });

  test("a worker is replaced after so many uses", async () => {
    const pool = poolOf(make, { maxUses: 2, maxWorkers: 1 });
    const came = await cameOf(fanOut(nodeNamed("whereabouts"), pool), [1, 2, 3, 4, 5]);
    expect(came.map(({ call }) => call)).toEqual([1, 2, 1, 2, 1]);
  });

  test("a worker that has grown old is replaced before its next use", async () => {
    const clock = new TestClock();
    const pool = poolOf(make, { maxAgeMs: 1_000, maxWorkers: 1, clock, idleMs: Number.POSITIVE_INFINITY });
    const runner = fanOut(nodeNamed("whereabouts"), pool);
    expect((await cameOf(runner, [1], "a"))[0]?.call).toBe(1);
    expect((await cameOf(runner, [1], "b"))[0]?.call).toBe(2);
    await clock.advance(1_000);
    expect((await cameOf(runner, [1], "c"))[0]?.call).toBe(1);
  });

  test("a worker that nobody uses ends after its time", async () => {
    const clock = new TestClock();
    const pool = poolOf(make, { idleMs: 500, clock });
    const runner = fanOut(nodeNamed("whereabouts"), pool);
    await cameOf(runner, [1]);
    expect(pool.counts.alive).toBe(1);
    await clock.advance(499);
    expect(pool.counts.alive).toBe(1);
    await clock.advance(1);
    await until(() => pool.counts.alive === 0);
  });

  test("a module that has changed is run by a worker that has not loaded it, and the one least recently used leaves", async () => {
    const folder = mkdtempSync(join(tmpdir(), "superstep-workers-"));
    const file = join(folder, "it.mjs");
    writeFileSync(file, "export const it = () => 'first';");
    const pool = poolOf(make, { maxWorkers: 1 });
    const runner = fanOut(nodeModule(pathToFileURL(file), "it"), pool);
    expect((await runner.invoke("a", { items: [1] })).state.came).toEqual(["first"]);
    writeFileSync(file, "export const it = () => 'second one';");
    expect((await runner.invoke("b", { items: [1] })).state.came).toEqual(["second one"]);
    await until(() => pool.counts.alive === 1);
    rmSync(folder, { recursive: true });
    const error = await runner.invoke("c", { items: [1] }).catch(({ cause }) => cause);
    expect(error).toMatchObject({ code: "NODE_MODULE_INVALID", url: pathToFileURL(file).href });
  });

  test("there are never more workers than there may be, not even while one ends", async () => {
    const pool = poolOf(make, { fresh: true });
    const stream = fanOut(nodeNamed("whereabouts"), pool).stream("s", { items: [1, 2, 3, 4, 5, 6] });
    const alive: number[] = [];
    for await (const event of stream) if (event.type === "node.emitted") alive.push(pool.counts.alive);
    expect((await stream.result).outcome).toBe("completed");
    expect(alive).toHaveLength(6);
    expect(Math.max(...alive)).toBeLessThanOrEqual(2);
  });

  test("a call that is aborted while its worker comes up is not begun", async () => {
    const pool = poolOf(make);
    const abort = new AbortController();
    const stream = fanOut(nodeNamed("whereabouts"), pool).stream("s", { items: [1] }, { signal: abort.signal });
    for await (const event of stream) if (event.type === "node.started" && event.step === 2) abort.abort();
    await expect(stream.result).rejects.toMatchObject({ code: "RUN_ABORTED" });
    expect(pool.counts).toMatchObject({ started: 1, stateCharacters: 0 });
  });

  test("a worker whose module did not load is replaced: what the module imports may have been mended", async () => {
    const folder = mkdtempSync(join(tmpdir(), "superstep-workers-"));
    const [file, dependency] = [join(folder, "it.mjs"), join(folder, "dependency.mjs")];
    writeFileSync(file, "export { it } from './dependency.mjs';");
    writeFileSync(dependency, "export const it = 1; throw new RangeError('not yet');");
    const runner = fanOut(nodeModule(pathToFileURL(file), "it"), poolOf(make, { maxWorkers: 1 }));
    const error = await runner.invoke("a", { items: [1] }).catch(({ cause }) => cause);
    expect(error).toMatchObject({ code: "NODE_MODULE_INVALID", message: expect.stringContaining("not yet") });
    writeFileSync(dependency, "export const it = () => 'mended';");
    expect((await runner.invoke("b", { items: [1] })).state.came).toEqual(["mended"]);
    rmSync(folder, { recursive: true });
  });

  test("failures are collected in place of results", async () => {
    const pool = poolOf(make);
    const graph = new StateGraph({ items: lastValue<readonly unknown[]>([]), came: append<ItemResult<unknown>>() })
      .addNode(
        "refuse",
        map(
          (state: { items: readonly unknown[]; came: readonly ItemResult<unknown>[] }) => state.items,
          nodeNamed("refuse"),
          {
            ...{ into: "came", policy: "collect", quorum: 0 },
          },
        ),
        { executor: "pool" },
      )
      .addEdge(START, "refuse")
      .addEdge("refuse", END)
      .compile();
    const { state } = await new AppRunner(graph, { executors: { pool } }).invoke("s", { items: [1, 2] });
    expect(state.came).toMatchObject([1, 2].map(() => ({ ok: false, error: { name: "Refusal", code: "E_REFUSED" } })));
  });
});

test("a process that does not answer is replaced, and the call does not run in it", async () => {
  const clock = new TestClock();
  const pool = poolOf(processes, { maxWorkers: 1, clock, idleMs: Number.POSITIVE_INFINITY });
  const runner = fanOut(nodeNamed("whereabouts"), pool);
  const [first] = await cameOf(runner, [1], "a");
  process.kill(first?.pid as number, "SIGSTOP");
  const second = cameOf(runner, [1], "b");
  await until(() => clock.sleeping > 0);
  await clock.advance(10_000);
  const [came] = await second;
  expect(came?.call).toBe(1);
  expect(came?.pid).not.toBe(first?.pid);
});

test("a pool that is closed while it asks a worker whether it is alive starts no other", async () => {
  const clock = new TestClock();
  const pool = processes({ ...poolOptions, maxWorkers: 1, clock, idleMs: Number.POSITIVE_INFINITY });
  const runner = fanOut(nodeNamed("whereabouts"), pool);
  const [first] = await cameOf(runner, [1], "a");
  process.kill(first?.pid as number, "SIGSTOP");
  const second = runner.invoke("b", { items: [1] }).catch(({ cause }) => cause.code);
  await until(() => clock.sleeping > 0);
  const closed = pool.close({ timeoutMs: 0 });
  await clock.advance(0);
  await closed;
  expect(await second).toBe("EXECUTOR_CLOSED");
  expect(pool.counts).toMatchObject({ started: 1, alive: 0 });
});

test("a worker that cannot even be started is a WorkerStartError", async () => {
  const pools = [poolOf(threads, { execArgv: ["--no-such-option"] }), poolOf(processes, { env: { NUL: "\0" } })];
  for (const pool of pools) {
    const runner = fanOut(nodeNamed("whereabouts"), pool);
    const error = await runner.invoke("s", { items: [1] }).catch(({ cause }) => cause);
    expect(error).toMatchObject({ code: "WORKER_START_FAILED", node: "item", cause: expect.any(Error) });
  }
});

test("a host that does not come up is a WorkerStartError with what it printed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "superstep-workers-"));
  const host = pathToFileURL(join(folder, "host.mjs"));
  writeFileSync(host, "console.error('no such luck'); process.exit(3);");
  for (const make of [threads, processes]) {
    const runner = fanOut(nodeNamed("whereabouts"), poolOf(make, { host }));
    const error = await runner.invoke("s", { items: [1] }).catch(({ cause }) => cause);
    expect(error).toMatchObject({ code: "WORKER_START_FAILED", node: "item" });
  }
  rmSync(folder, { recursive: true });
});

test("a pool is closed with the last runner that has it, and takes nothing after that", async () => {
  const pool = threads(poolOptions);
  const [one, other] = [fanOut(nodeNamed("whereabouts"), pool), fanOut(nodeNamed("whereabouts"), pool)];
  await cameOf(one, [1]);
  await one.close();
  await one.close();
  expect(pool.counts.alive).toBe(1);
  await cameOf(other, [1]);
  await other.close();
  expect(pool.counts.alive).toBe(0);
  const late = fanOut(nodeNamed("whereabouts"), pool);
  expect(await late.invoke("s", { items: [1] }).catch(({ cause }) => cause.code)).toBe("EXECUTOR_CLOSED");
});

test("options that mean nothing are refused by name", () => {
  for (const [option, value] of Object.entries({
    maxWorkers: 0,
    maxUses: 1.5,
    idleMs: -1,
    startMs: Number.NaN,
    memoryMb: 1,
  }))
    expect(() => threads({ [option]: value })).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option }));
  for (const option of ["startMs", "killAfterMs"])
    expect(() => threads({ [option]: Number.POSITIVE_INFINITY })).toThrow(expect.objectContaining({ option }));
  for (const [option, value] of Object.entries({
    maxWorker: 2,
    fresh: "yes",
    print: 1,
    host: "host.js",
    clock: {},
    env: 1,
  }))
    expect(() => processes({ [option]: value } as PoolOptions)).toThrow(expect.objectContaining({ option }));
  const moved = new URL("nowhere.js", import.meta.url);
  expect(() => threads({ host: moved })).toThrow(/"host" is file:.*nowhere.js, where there is no file/);
  expect(() => threads(5 as never)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  expect(() => nodeModule("nowhere", "x")).toThrow(/module/);
  expect(() => nodeModule("file:///no/such/file.js", "x")).toThrow(/no file/);
  expect(() => nodeModule(import.meta.url, "")).toThrow(/no name/);
});

/** Polls by turns of the event loop: what is waited for has no other sign. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
