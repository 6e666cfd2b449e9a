import { defineConfig } from "vitest/config";

/** When set, the results are also written to this file as JSON. */
const resultsFile = process.env.MUTANT_RESULTS_FILE;

export default defineConfig({
  test: {
    include: ["test/mutants/*.check.ts"],
    pool: "forks",
    // Each one starts a test runner of its own.
    maxConcurrency: 2,
    reporters: resultsFile ? ["default", ["json", { outputFile: resultsFile }]] : ["default"],
  },
});
