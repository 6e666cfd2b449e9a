/** Bytes that a superstep costs in the file: what changed, and little besides. */
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { counts, idle, type LoopNode, loopOf, NO_LIMIT, says } from "./loop.js";

interface Size {
  /** Of the texts of each superstep. */
  readonly bodies: readonly number[];
  readonly snapshots: number;
  readonly file: number;
}

async function sizeOf(rounds: number, node: LoopNode): Promise<Size> {
  const database = new Database(":memory:");
  const runner = new AppRunner(loopOf(rounds, node), {
    checkpointer: new SqliteCheckpointer(database, { synchronous: "normal" }),
  });
  await runner.invoke("s", {}, NO_LIMIT);
  const rows = database
    .prepare(
      "SELECT octet_length(body) AS body, octet_length(snapshot) AS snapshot FROM log WHERE source = 'step' ORDER BY id",
    )
    .all() as { readonly body: number; readonly snapshot: number | null }[];
  const [pages, size] = ["page_count", "page_size"].map((what) => database.pragma(what, { simple: true }) as number);
  const snapshots = rows.reduce((sum, { snapshot }) => sum + (snapshot ?? 0), 0);
  return { bodies: rows.map(({ body }) => body), snapshots, file: (pages ?? 0) * (size ?? 0) };
}

test.each([
  ["changes nothing", 25, idle],
  ["counts", 60, counts],
  ["appends a message of 200 bytes", 270, says],
])("the record of a superstep whose node %s takes at most %i bytes, but for the last", async (_, most, node) => {
  const { bodies } = await sizeOf(200, node);
  expect(bodies).toHaveLength(200);
  expect(Math.max(...bodies.slice(0, -1))).toBeLessThanOrEqual(most);
});

test.each([
  ["change nothing", idle],
  ["count", counts],
])("ten times as many supersteps that %s take ten times the bytes, in records and in the file", async (_, node) => {
  const [none, few, many] = await Promise.all([0, 1, 10].map((times) => sizeOf(1 + 300 * times, node)));
  const grown = (later: Size | undefined) => (later?.file ?? 0) - (none?.file ?? 0);
  expect(grown(many) / grown(few) / 10).toBeGreaterThan(0.9);
  expect(grown(many) / grown(few) / 10).toBeLessThan(1.1);
});

test("snapshots of a list that grows weigh less than one and a half times what was appended", async () => {
  const { bodies, snapshots } = await sizeOf(1_000, says);
  expect(snapshots).toBeLessThan(1.5 * bodies.reduce((sum, size) => sum + size, 0));
});

test.each([1_000, 2_000, 5_000])(
  "of %i supersteps that append a message of 200 bytes, each takes at most 700 in the file",
  async (rounds) => {
    const { file } = await sizeOf(rounds, says);
    expect(file / rounds).toBeLessThanOrEqual(700);
  },
  20_000,
);
