/** Statements that a superstep costs on SQLite: one. What a call costs besides is a fixed small number. */
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { WatchedDatabase } from "../../test/sqlite/watched.js";
import { counts, countsLater, idle, type LoopNode, loopOf, NO_LIMIT, says } from "./loop.js";

/** Counts what is prepared as well. */
class CountedDatabase extends WatchedDatabase {
  prepared = 0;

  override prepare(sql: string): ReturnType<WatchedDatabase["prepare"]> {
    this.prepared++;
    return super.prepare(sql);
  }
}

type Synchronous = "normal" | "full";
const BOTH = ["normal", "full"] as const;
const ONE = "INSERT OR IGNORE INTO log";

interface Asked {
  readonly executed: readonly string[];
  readonly prepared: number;
}

/** What is asked of the database by one call that makes a session and takes it round so many times. */
async function askedBy(rounds: number, node: LoopNode, synchronous: Synchronous): Promise<Asked> {
  const database = new CountedDatabase(new Database(":memory:"));
  const checkpointer = new SqliteCheckpointer(database, { synchronous });
  const runner = new AppRunner(loopOf(rounds, node), { checkpointer });
  database.forget();
  expect((await runner.invoke("s", {}, NO_LIMIT)).step).toBe(rounds);
  return database;
}

describe.each(BOTH)("synchronous %s:", (synchronous) => {
  test.each([
    ["changes nothing", idle],
    ["counts", counts],
    ["counts later", countsLater],
    ["appends a message", says],
  ])("a superstep whose node %s is one statement, and no transaction besides", async (_, node) => {
    const few = await askedBy(10, node, synchronous);
    const many = await askedBy(60, node, synchronous);
    expect(many.executed.length - few.executed.length).toBe(50);
    const [apart, ...more] = [few, many].map(({ executed }) => executed.filter((sql) => !sql.startsWith(ONE)));
    expect(more).toEqual([apart]);
    expect(many.prepared, "nothing is prepared twice").toBe(few.prepared);
  });
});

test.each([
  ["normal", 18],
  ["full", 24],
] as const)(
  "synchronous %s: a call that makes a session takes at most %i statements besides its supersteps",
  async (synchronous, most) => {
    const { executed } = await askedBy(50, counts, synchronous);
    expect(executed.filter((sql) => sql.startsWith(ONE))).toHaveLength(50);
    expect(executed.length - 50).toBeLessThanOrEqual(most);
  },
);

test.each([
  ["normal", 18],
  ["full", 24],
] as const)(
  "synchronous %s: a call that goes on with a session takes at most %i statements, however long its line is",
  async (synchronous, most) => {
    const database = new CountedDatabase(new Database(":memory:"));
    const runner = new AppRunner(loopOf(40, counts), {
      checkpointer: new SqliteCheckpointer(database, { synchronous }),
    });
    const costs: number[] = [];
    for (let call = 0; call < 4; call++) {
      database.forget();
      await runner.invoke("s", {}, NO_LIMIT);
      costs.push(database.executed.length - 40);
    }
    expect(new Set(costs.slice(1)).size).toBe(1);
    expect(Math.max(...costs)).toBeLessThanOrEqual(most);
  },
);
