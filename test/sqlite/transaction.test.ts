import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { Connection } from "../../src/sqlite/connection/connection.js";
import type { SqliteDatabase } from "../../src/sqlite/connection/driver.js";
import { transactionOn } from "../../src/sqlite/connection/transaction.js";

const FULL = 2;
const NORMAL = 1;

function opened(synchronous: "full" | "normal") {
  const database = new Database(":memory:");
  const opening = { reopen: undefined, synchronous, busyTimeoutMs: 0 };
  const connection = new Connection(database as unknown as SqliteDatabase, opening);
  const level = () => database.pragma("synchronous", { simple: true });
  return { database, level, transaction: transactionOn(connection, synchronous) };
}

test("a durable transaction waits for the disk", () => {
  const { level, transaction } = opened("full");
  transaction.begin(true);
  expect(level()).toBe(FULL);
  transaction.commit();
  expect(level()).toBe(FULL);
});

test("one that need not be durable does not, and the next one waits again, however it ended", () => {
  const { level, transaction } = opened("full");
  for (const end of [transaction.commit, transaction.rollback]) {
    transaction.begin(false);
    expect(level()).toBe(NORMAL);
    end();
    expect(level()).toBe(FULL);
  }
});

test("a transaction that cannot begin leaves things as they were", () => {
  const { database, level, transaction } = opened("full");
  database.exec("BEGIN");
  expect(() => transaction.begin(false)).toThrow();
  database.exec("ROLLBACK");
  expect(level()).toBe(FULL);
});

test('with synchronous "normal" nothing changes', () => {
  const { level, transaction } = opened("normal");
  transaction.begin(false);
  expect(level()).toBe(NORMAL);
  transaction.commit();
  expect(level()).toBe(NORMAL);
});
