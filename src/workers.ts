/** The door of nodes that run in other threads and processes: names only. */
export type { ExecutorCall, NodeExecutor } from "./superstep/executor.js";
export { ResultRefused } from "./superstep/executor.js";
export { type PoolOptions, processes, threads } from "./workers/executors.js";
export { type ModuleFunction, nodeModule } from "./workers/node-module.js";
export type { PoolCounts, WorkerPool } from "./workers/worker-pool.js";
