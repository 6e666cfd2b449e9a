/** The door for testing graphs and stores: names only. */
export { type ContractCheck, checkpointerContract } from "./testing/checkpointer-contract.js";
export { firstOf, type MadeFrom, nextOf } from "./testing/checkpoints.js";
export { type FailingCheckpointer, failing, InjectedFailure } from "./testing/failing.js";
export { TestClock } from "./testing/test-clock.js";
