/** A run with subgraphs killed at its boundaries, theirs included: a sample; with SUPERSTEP_LONG=1 all of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compiledHarness, compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "subgraph-program.ts"), "subgraphs");
const { killAtEveryBoundary } = await compiledHarness("subgraphs");

afterAll(() => rmSync(outOf("subgraphs"), { recursive: true, force: true }));

test("C5: a run with subgraphs ends as if nobody had killed it, and what had finished within is not run again", async () => {
  const isLong = process.env.SUPERSTEP_LONG === "1";
  const report = await killAtEveryBoundary({ program, again: true, parallel: 2, ...(!isLong && { atMost: 40 }) });
  expect(report.kills).toBeGreaterThan(isLong ? 100 : 30);
  const folder = mkdtempSync(join(tmpdir(), "superstep-subgraphs-"));
  const undisturbed = execFileSync(process.execPath, [program, folder], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const list = [
    "a0",
    "b1",
    "c1",
    "ask: to 1 at each/lowest",
    "left",
    "b2",
    "c2",
    "ask: to 2 at each/lowest",
    "left",
    "z0",
  ];
  expect(JSON.parse(undisturbed)).toMatchObject({ state: { list, total: 6 }, again: [] });
}, 1_800_000);
