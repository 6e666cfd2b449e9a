/** A session that is stepped through its subgraphs, killed at its boundaries: a sample; with SUPERSTEP_LONG=1 all of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compiledHarness, compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "within-program.ts"), "within");
const { killAtEveryBoundary } = await compiledHarness("within");

afterAll(() => rmSync(outOf("within"), { recursive: true, force: true }));

test("C5, P2: whenever it is killed, a session that is stepped within stops at every place, and ends the same", async () => {
  const isLong = process.env.SUPERSTEP_LONG === "1";
  const report = await killAtEveryBoundary({ program, parallel: 2, ...(!isLong && { atMost: 30 }) });
  expect(report.kills).toBeGreaterThan(isLong ? 60 : 20);
  const folder = mkdtempSync(join(tmpdir(), "superstep-within-"));
  const undisturbed = JSON.parse(execFileSync(process.execPath, [program, folder], { encoding: "utf8" })) as {
    readonly list: readonly string[];
    readonly seen: readonly string[];
  };
  rmSync(folder, { recursive: true });
  expect(undisturbed.list).toEqual(["a", "c", "d", "b", "beside"]);
  const places = undisturbed.seen.map((line) => {
    const { kind, path, step } = JSON.parse(line) as { kind: string; path: readonly string[]; step: number };
    return `${path.join("/")} ${kind} ${step}`;
  });
  expect(places).toEqual([
    "middle beforeNode 0",
    "middle afterStep 1",
    "middle beforeNode 1",
    "middle/lowest beforeNode 0",
    "middle/lowest afterStep 1",
    "middle/lowest beforeNode 1",
    "middle afterStep 2",
    "middle beforeNode 2",
  ]);
}, 1_800_000);
