/** Breakpoints survive what their session survives. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compiledHarness, compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "breakpoints-program.ts"), "breakpoints");
const { killAtEveryBoundary } = await compiledHarness("breakpoints");

afterAll(() => rmSync(outOf("breakpoints"), { recursive: true, force: true }));

test("C1, C5: killed at any boundary, a session keeps its breakpoints, and each that is hit is in its history with the superstep", {
  timeout: 120_000,
}, async () => {
  const { kills } = await killAtEveryBoundary({ program, atMost: 20 });
  expect(kills).toBeGreaterThan(10);
});
