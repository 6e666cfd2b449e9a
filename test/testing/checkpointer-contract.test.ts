import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { MemoryCheckpointer } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { checkpointerContract } from "../../src/testing.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-contract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const stores = {
  MemoryCheckpointer: () => new MemoryCheckpointer(),
  "SqliteCheckpointer on a file": () => new SqliteCheckpointer(join(folder, `${++files}.db`)),
  "SqliteCheckpointer in memory": () => new SqliteCheckpointer(":memory:"),
};

describe.each(Object.entries(stores))("%s keeps the contract", (_name, open) => {
  test.each(checkpointerContract.map(({ name, check }) => [name, check] as const))("%s", async (_title, check) => {
    await check(open);
  });
});
