/** All mutants, by the room whose mistake they are. */
import { ARTIFACT_MUTANTS } from "./artifact-mutants.js";
import type { Mutant } from "./mutant.js";
import { NODE_MUTANTS } from "./node-mutants.js";
import { RUNNER_MUTANTS } from "./runner-mutants.js";
import { SESSION_MUTANTS } from "./session-mutants.js";
import { SQLITE_MUTANTS } from "./sqlite-mutants.js";
import { WORKER_MUTANTS } from "./worker-mutants.js";

export const MUTANTS: readonly Mutant[] = [
  ...SESSION_MUTANTS,
  ...RUNNER_MUTANTS,
  ...SQLITE_MUTANTS,
  ...NODE_MUTANTS,
  ...WORKER_MUTANTS,
  ...ARTIFACT_MUTANTS,
];
