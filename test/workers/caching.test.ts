/** Outcomes by the content of the module that made them, and by what they were made of. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import {
  AppRunner,
  append,
  type CachePolicy,
  type Channels,
  END,
  lastValue,
  MemoryCheckpointer,
  map,
  type RunEvent,
  START,
  StateGraph,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { nodeModule, threads } from "../../src/workers.js";
import { openPool } from "./pools.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-caching-"));
const file = join(folder, "it.mjs");
const pool = openPool(threads);
afterAll(async () => {
  await pool.close({ timeoutMs: 0 });
  rmSync(folder, { recursive: true });
});

const write = (text: string) => writeFileSync(file, `export const it = (item) => { ${text} };`);

function runnerOf(cache: CachePolicy<Channels>, checkpointer: MemoryCheckpointer | SqliteCheckpointer) {
  const graph = new StateGraph({ items: lastValue<readonly unknown[]>([]), came: append<unknown>() })
    .addNode(
      "it",
      map(({ items }) => items, nodeModule<[item: unknown], unknown>(pathToFileURL(file), "it"), { into: "came" }),
      { executor: "pool", cache },
    )
    .addEdge(START, "it")
    .addEdge("it", END)
    .compile();
  return new AppRunner(graph, { executors: { pool }, checkpointer });
}

test.each([
  ["in memory", () => new MemoryCheckpointer()],
  ["on SQLite", () => new SqliteCheckpointer(":memory:")],
])("an item is looked up by itself and by the content of its module, %s", async (_, storeOf) => {
  write("return 'first ' + item.n");
  const runner = runnerOf({ key: "input" }, storeOf());
  const hits = async (id: string, items: readonly unknown[]) => {
    const events: RunEvent[] = [];
    const stream = runner.stream(id, { items });
    for await (const event of stream) events.push(event);
    const cached = events.filter((event) => event.type === "node.completed" && event.cached === true);
    return { came: (await stream.result).state.came, hits: cached.length };
  };
  expect(
    await hits("a", [
      { n: 1, m: 0 },
      { n: 2, m: 0 },
    ]),
  ).toEqual({ came: ["first 1", "first 2"], hits: 0 });
  // The same in another order of keys, in another session.
  expect(
    await hits("b", [
      { m: 0, n: 2 },
      { n: 3, m: 0 },
    ]),
  ).toEqual({ came: ["first 2", "first 3"], hits: 1 });
  write("return 'second of them ' + item.n");
  expect(await hits("c", [{ n: 1, m: 0 }])).toEqual({ came: ["second of them 1"], hits: 0 });
  await runner.close();
});

test("a failure is not kept, and a version that is given stands for the content", async () => {
  const store = new MemoryCheckpointer();
  write("throw new RangeError('no')");
  const runner = runnerOf({ key: "input", version: "mine" }, store);
  await expect(runner.invoke("a", { items: [1] })).rejects.toMatchObject({ cause: { message: "no" } });
  write("return 'made it'");
  expect((await runner.invoke("b", { items: [1] })).state.came).toEqual(["made it"]);
  write("return 'nobody asks'");
  expect((await runner.invoke("c", { items: [1] })).state.came).toEqual(["made it"]);
  await runner.close();
});
