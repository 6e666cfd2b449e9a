import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** When set, the results are also written to this file as JSON. */
const resultsFile = process.env.TEST_RESULTS_FILE;

export default defineConfig({
  // "superstep", "superstep/sqlite", "superstep/testing" and "superstep/workers" are src here, as tsconfig.json says.
  resolve: { tsconfigPaths: true },
  test: {
    include: ["test/**/*.test.ts", "bench/guard/**/*.test.ts"],
    setupFiles: ["test/seed.ts"],
    testTimeout: 30_000,
    // Processes, not threads: tests load a native driver, and some kill what they start.
    pool: "forks",
    // Vitest would leave one core free, which on two cores means no parallel test files at all.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: resultsFile === undefined ? ["default"] : ["default", ["json", { outputFile: resultsFile }]],
    coverage: { provider: "v8", include: ["src/**/*.ts"] },
  },
});
