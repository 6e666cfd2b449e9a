/** A file that was cut off is found out, wherever it was cut (T1). */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckpointCorruptError, SuperstepError } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { everythingIn, writeSmallFile } from "./small-file.js";

const folder = mkdtempSync(join(tmpdir(), "superstep-cut-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("T1: a file that was cut anywhere, but not to nothing, is read right or is a typed error", async () => {
  const bytes = await writeSmallFile(join(folder, "whole.db"));
  const right = await read(bytes, bytes.length);
  expect(right).not.toBe("refused");
  const answers = [];
  for (let end = 512; end < bytes.length; end += 512) answers.push(await read(bytes, end));
  expect(answers.filter((answer) => answer !== "refused")).toEqual([]);
  expect(answers.length).toBeGreaterThan(10);
});

test("T1: a file that was cut within its header is no database", async () => {
  const bytes = await writeSmallFile(join(folder, "header.db"));
  const path = join(folder, "short.db");
  writeFileSync(path, bytes.subarray(0, 99));
  expect(() => new SqliteCheckpointer(path)).toThrow(CheckpointCorruptError);
});

async function read(bytes: Buffer, end: number): Promise<unknown> {
  const path = join(folder, `${end}.db`);
  writeFileSync(path, bytes.subarray(0, end));
  try {
    const store = new SqliteCheckpointer(path);
    const everything = await everythingIn(store);
    await store.close();
    return everything;
  } catch (error) {
    if (SuperstepError.is(error)) return "refused";
    throw error;
  }
}
