/** Runs tests on the library with one mistake in it: the mutant whose number is in MUTANT. */
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { MUTANTS } from "./list.js";
import { mutate, ROOT } from "./mutant.js";

const mutant = MUTANTS[Number(process.env.MUTANT)];
if (mutant === undefined) throw new TypeError(`no mutant ${process.env.MUTANT}`);
const place = join(ROOT, mutant.file);

export default defineConfig({
  root: ROOT,
  resolve: { tsconfigPaths: true },
  plugins: [
    {
      name: "mutant",
      enforce: "pre",
      transform: (_code, id) => (id === place ? { code: mutate(mutant), map: null } : undefined),
    },
  ],
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/seed.ts"],
    testTimeout: 10_000,
    pool: "forks",
    maxWorkers: 1,
    // One process for all killers: the first that fails ends it.
    isolate: false,
    bail: 1,
  },
});
