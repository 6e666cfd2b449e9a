/** The door for testing graphs and stores: names only. */
export { CRASH_POINTS, type CrashPoint } from "./crash-point.js";
export { arbitraries } from "./testing/arbitraries.js";
export { type ContractCheck, type ContractOptions, checkpointerContract } from "./testing/checkpointer-contract.js";
export { firstOf, forkOf, type MadeFork, type MadeFrom, nextOf, updateOf } from "./testing/checkpoints.js";
export { type Boundary, CrashFailure } from "./testing/crash-failure.js";
export { type FailingCheckpointer, failing, InjectedFailure } from "./testing/failing.js";
export { intercept, type StoreCall, type StoreMethod } from "./testing/intercept.js";
export { type CrashReport, type KillOptions, killAtEveryBoundary } from "./testing/kill-at-every-boundary.js";
export type { TriedProgram } from "./testing/kill-try.js";
export { TestClock } from "./testing/test-clock.js";
