/** The store on other versions of Node, where node:sqlite takes the place of better-sqlite3. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { compileForChildren } from "../adversarial/compiled.js";

/** Paths of Node binaries, as a list of paths is written on this system. */
const NODES = (process.env.SUPERSTEP_NODES ?? "").split(":").filter((path) => path !== "");

const folder = mkdtempSync(join(tmpdir(), "superstep-nodes-"));
const program = NODES.length > 0 ? compileForChildren(join(import.meta.dirname, "other-node-program.ts"), "nodes") : "";
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  if (program !== "") rmSync(dirname(dirname(dirname(program))), { recursive: true, force: true });
});

if (NODES.length === 0) test("skipped, because SUPERSTEP_NODES names no other Node", (context) => context.skip());

test.each(NODES)("%s keeps the contract of stores on node:sqlite", { timeout: 120_000 }, async (node) => {
  const own = mkdtempSync(join(folder, "run-"));
  const { stdout } = await promisify(execFile)(node, [program, own], { timeout: 100_000 });
  const { checks, failures } = JSON.parse(stdout) as { readonly checks: number; readonly failures: readonly string[] };
  expect(failures).toEqual([]);
  expect(checks).toBeGreaterThan(20);
});
