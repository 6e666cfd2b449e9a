/** A pipeline in threads, with artifacts in a folder, killed at its boundaries: a sample; with SUPERSTEP_LONG=1 all of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compiledHarness, compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "worked-program.ts"), "worked");
const { killAtEveryBoundary } = await compiledHarness("worked");

afterAll(() => rmSync(outOf("worked"), { recursive: true, force: true }));

test("C5: nodes in threads that keep artifacts end as if nobody had killed them", async () => {
  const isLong = process.env.SUPERSTEP_LONG === "1";
  const report = await killAtEveryBoundary({ program, again: true, parallel: 2, ...(!isLong && { atMost: 24 }) });
  expect(report.kills).toBeGreaterThan(isLong ? 60 : 20);
  const folder = mkdtempSync(join(tmpdir(), "superstep-worked-"));
  const undisturbed = JSON.parse(execFileSync(process.execPath, [program, folder], { encoding: "utf8" }));
  rmSync(folder, { recursive: true });
  expect(undisturbed).toEqual({
    ...{ sizes: [10_000, 20_000, 30_000, 40_000], firsts: [1, 2, 3, 4] },
    ...{ step: 3, again: 0 },
  });
}, 1_800_000);
