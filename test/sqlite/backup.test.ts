import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { chain, says } from "../runner/graphs.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const app = chain({ a: says, b: says, c: says });

async function pausedIn(file: string): Promise<SqliteCheckpointer> {
  const store = new SqliteCheckpointer(file);
  await new AppRunner(app, { checkpointer: store }).invoke("s", {}, { interruptBefore: ["c"] });
  return store;
}

async function resumedFrom(file: string): Promise<unknown> {
  const store = new SqliteCheckpointer(file);
  const { state } = await new AppRunner(app, { checkpointer: store }).resume("s");
  await store.close();
  return state.log;
}

test("a backup that is made while the store is open is a whole store", async () => {
  const store = await pausedIn(join(folder, "open.db"));
  const other = new Database(join(folder, "open.db"));
  other.exec(`VACUUM INTO '${join(folder, "open-backup.db")}'`);
  other.close();
  await store.close();
  expect(await resumedFrom(join(folder, "open-backup.db"))).toEqual(["a", "b", "c"]);
});

test("once every process has closed the store, its file alone is all of it", async () => {
  const store = await pausedIn(join(folder, "closed.db"));
  await store.close();
  copyFileSync(join(folder, "closed.db"), join(folder, "closed-backup.db"));
  expect(await resumedFrom(join(folder, "closed-backup.db"))).toEqual(["a", "b", "c"]);
});
