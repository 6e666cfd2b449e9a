/**
 * Every case killed at its boundaries: a sample of them, killed twice each; with SUPERSTEP_LONG=1 all of them, once and twice. The program
 * itself tells what its log shows that no watcher may see.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CRASH_POINTS, type CrashReport } from "../../src/testing.js";
import { wrongIn } from "./attack.js";
import { CASES } from "./cases.js";
import { compiledHarness, compileForChildren, outOf } from "./compiled.js";

const IS_LONG = process.env.SUPERSTEP_LONG === "1";
/** Boundaries of each case at which it is killed, once and a second time further on. */
const SAMPLE = 16;

const program = compileForChildren(join(import.meta.dirname, "attacked-program.ts"), "crash");
const { killAtEveryBoundary } = await compiledHarness("crash");
const reports: CrashReport[] = [];

afterAll(() => rmSync(outOf("crash"), { recursive: true, force: true }));

test.each(Object.keys(CASES))("C5: %s ends as if nobody had killed it", { timeout: 1_800_000 }, async (name) => {
  const attack = { program, args: [name], parallel: 2 };
  reports.push(await killAtEveryBoundary({ ...attack, again: true, ...(!IS_LONG && { atMost: SAMPLE }) }));
  if (IS_LONG) reports.push(await killAtEveryBoundary(attack));
});

test("C5: the processes were killed hundreds of times, and came by every crash point that there is", () => {
  const kills = reports.reduce((sum, report) => sum + report.kills, 0);
  const missed = reports.reduce((sum, report) => sum + report.missed, 0);
  expect(kills).toBeGreaterThanOrEqual(IS_LONG ? 2_000 : 300);
  expect(missed).toBeLessThan(kills / 20);
  const visited = new Set(reports.flatMap(({ boundaries }) => boundaries.map(({ point }) => point)));
  expect([...visited].sort()).toEqual([...CRASH_POINTS]);
});

test.each([
  ["a task that was reported finished runs again", ["ran a", "completed a", "ran a"], "ran a: again"],
  ["a task whose result was stored runs again", ["ran a", "kept a", "ran a"], "ran a: again"],
  ["an effect that was remembered is done again", ["did a pay", "kept a pay", "did a pay"], "did a pay: again"],
  ["a superstep is told twice", ["committed s 1", "stands s 1 2", "committed s 1"], "committed s 1: told twice"],
  ["a superstep is lost", ["committed s 1", "committed s 2", "stands s 1 2"], "stands s 1 2: 2 was committed"],
])("the log shows when %s", (_, log, wrong) => {
  expect(wrongIn(log)).toEqual([wrong]);
  expect(wrongIn(log.slice(0, -1))).toEqual([]);
});
