/** Every mutant is killed: the tests named for it fail when its mistake is in the code. One that survives is a hole in the tests. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { MUTANTS } from "./list.js";
import { mutate, ROOT } from "./mutant.js";

interface Results {
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly { readonly message: string }[];
}

/** Runs the killers on the mutated code. A test that hangs has noticed something too: it fails by its time limit. */
async function runKillers(place: number): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "superstep-mutant-"));
  const file = join(folder, "results.json");
  const config = join(import.meta.dirname, "mutated.config.ts");
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const killers = MUTANTS[place]?.killers ?? [];
  const args = ["run", "--config", config, "--reporter=json", `--outputFile=${file}`, ...killers];
  const env = { ...process.env, MUTANT: String(place), CI: "true", TEST_RESULTS_FILE: "" };
  const child = spawn(process.execPath, [vitest, ...args], { cwd: ROOT, env, stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("there are at least 30, each another one, and each still compiles", () => {
  expect(new Set(MUTANTS.map(({ breaks }) => breaks)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30);
  for (const mutant of MUTANTS) {
    const { diagnostics = [] } = ts.transpileModule(mutate(mutant), { reportDiagnostics: true });
    expect(diagnostics, mutant.breaks).toEqual([]);
  }
});

test.concurrent.each(MUTANTS.map((mutant, place) => ({ ...mutant, place })))(
  "killed: $breaks",
  { timeout: 120_000 },
  async ({ place }) => {
    const { numFailedTests, numTotalTests, testResults } = await runKillers(place);
    expect(numTotalTests, testResults.map(({ message }) => message).join("\n")).toBeGreaterThan(0);
    expect(numFailedTests, "this mistake survived the tests that should notice it").toBeGreaterThan(0);
  },
);
