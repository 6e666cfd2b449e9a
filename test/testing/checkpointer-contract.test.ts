/** Every store keeps the contract: as it is open, and where it lives in a file also reopened before each reading. */
import { mkdtempSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { type Checkpointer, MemoryCheckpointer } from "superstep";
import { SqliteCheckpointer, type SqliteOptions } from "superstep/sqlite";
import { type ContractOptions, checkpointerContract } from "superstep/testing";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "superstep-contract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

interface Kind extends ContractOptions {
  readonly open: () => Checkpointer;
}

const kinds: Readonly<Record<string, Kind>> = {
  MemoryCheckpointer: { open: () => new MemoryCheckpointer() },
  "SqliteCheckpointer in memory": { open: () => new SqliteCheckpointer(":memory:") },
  "SqliteCheckpointer on an open database": { open: () => new SqliteCheckpointer(new Database(":memory:")) },
  "SqliteCheckpointer on a file": inFile({ driver: "better-sqlite3", synchronous: "normal" }),
  ...(hasNodeSqlite() && {
    "SqliteCheckpointer on a file, with node:sqlite": inFile({ driver: "node:sqlite", synchronous: "normal" }),
  }),
};

function hasNodeSqlite(): boolean {
  return isBuiltin("node:sqlite");
}

function inFile(options: SqliteOptions): Kind {
  const paths = new WeakMap<Checkpointer, string>();
  const openAt = (path: string): Checkpointer => {
    const store = new SqliteCheckpointer(path, options);
    paths.set(store, path);
    return store;
  };
  const reopen = async (store: Checkpointer): Promise<Checkpointer> => {
    await store.close();
    return openAt(paths.get(store) ?? "");
  };
  return { open: () => openAt(join(folder, `${++files}.db`)), reopen };
}

describe.each(Object.entries(kinds))("%s keeps the contract", (_name, { open, ...options }) => {
  test.each(checkpointerContract.map(({ name, check }) => [name, check] as const))("%s", async (_title, check) => {
    await check(open, options);
  });
});

test("no two checks have the same name", () => {
  const names = checkpointerContract.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
