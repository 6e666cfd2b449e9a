/** How long values live: what nobody reads any more is held by nobody, in memory and on disk. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import {
  AppRunner,
  type Checkpoint,
  type Checkpointer,
  END,
  ephemeral,
  MemoryCheckpointer,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { HandCrank } from "../hand-crank.js";
import { looping } from "./graphs.js";

const MB = 2 ** 20;
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A loop whose node hands a fresh megabyte to the next superstep; `rounds` says how often. */
function handingOn(rounds: number) {
  let fresh = 0;
  return new StateGraph({ n: sum(), now: ephemeral<string>() })
    .addNode("hand", ({ now }) => {
      if (now !== undefined && !now.startsWith(`${fresh} `)) throw new TypeError("that is not what was handed on");
      return { n: 1, now: `${++fresh} `.padEnd(MB, "x") };
    })
    .addEdge(START, "hand")
    .addConditionalEdges("hand", ({ n }) => (n < rounds ? "hand" : END), ["hand", END])
    .compile();
}

describe.each<[string, () => Checkpointer, number]>([
  ["in memory", () => new MemoryCheckpointer(), 1_000],
  ["on SQLite", () => new SqliteCheckpointer(":memory:", { synchronous: "normal" }), 300],
])("%s", (_, open, rounds) => {
  test(`${rounds} supersteps that hand a megabyte on hold no more than a few`, async () => {
    const runner = new AppRunner(handingOn(rounds), { checkpointer: open() });
    await runner.createSession("s");
    await runner.runStep("s");
    const before = heldBytes();
    await runner.runUntilComplete("s", { maxSteps: rounds });
    expect(heldBytes() - before).toBeLessThan(16 * MB);
    for await (const { state } of runner.history("s", { limit: 3 })) expect(state.now).toBeUndefined();
  }, 60_000);
});

test("on disk, a megabyte that was handed on is gone with the next superstep", async () => {
  const database = new Database(":memory:");
  const runner = new AppRunner(handingOn(50), { checkpointer: new SqliteCheckpointer(database) });
  await runner.invoke("s", {}, { maxSteps: 50 });
  const weight = database
    .prepare("SELECT (SELECT sum(octet_length(body) + coalesce(octet_length(snapshot), 0)) FROM log) AS bytes")
    .get() as { readonly bytes: number };
  expect(weight.bytes).toBeLessThan(50_000);
  const [pages, size] = ["page_count", "page_size"].map((what) => database.pragma(what, { simple: true }) as number);
  expect((pages ?? 0) * (size ?? 0)).toBeLessThan(6 * MB);
});

test("three thousand invocations leave no growth", async () => {
  const runner = new AppRunner(looping(3), { checkpointer: new SqliteCheckpointer(":memory:") });
  const invoke = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      await runner.invoke(`s${n}`);
      await runner.deleteSession(`s${n}`);
    }
  };
  await invoke(0, 500);
  const before = heldBytes();
  await invoke(500, 3_500);
  expect(heldBytes() - before).toBeLessThan(4 * MB);
}, 60_000);

test("a thousand sessions stay in memory, and the one that was used longest ago leaves", async () => {
  class WatchedStore extends MemoryCheckpointer {
    readonly resident: string[] = [];
    override load(sessionId: string, known?: Checkpoint) {
      if (known !== undefined) this.resident.push(sessionId);
      return super.load(sessionId);
    }
  }
  const store = new WatchedStore();
  const runner = new AppRunner(looping(3), { checkpointer: store });
  for (let n = 0; n < 1_000; n++) await runner.createSession(`s${n}`);
  await runner.runStep("s0");
  await runner.createSession("s1000");
  store.resident.length = 0;
  for (const session of ["s0", "s1", "s2", "s1000"]) await runner.runStep(session);
  expect(store.resident).toEqual(["s0", "s1000"]);
  expect(await runner.runUntilComplete("s1")).toMatchObject({ outcome: "completed", state: { count: 3 } });
});

test("S4: a thousand sessions of one runner wait side by side, not one after the other", async () => {
  const crank = new HandCrank();
  const app = new StateGraph({ n: sum() }).addNode("wait", crank.node).addEdge(START, "wait").addEdge("wait", END);
  const runner = new AppRunner(app.compile(), { checkpointer: new SqliteCheckpointer(":memory:") });
  const running = Array.from({ length: 1_000 }, (_, n) => runner.invoke(`s${n}`));
  for (let n = 0; n < 1_000; n++) await crank.started();
  for (const { finish } of crank.calls) finish({ n: 1 });
  const results = await Promise.all(running);
  expect(results.every(({ outcome }) => outcome === "completed")).toBe(true);
});
