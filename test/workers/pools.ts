/** Pools for tests: the host and the nodes are compiled once for each test process. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type ModuleFunction,
  nodeModule,
  type PoolOptions,
  processes,
  threads,
  type WorkerPool,
} from "../../src/workers.js";
import { compiledHost, compileForChildren } from "../adversarial/compiled.js";

const nodes = pathToFileURL(compileForChildren(join(import.meta.dirname, "nodes.ts"), "workers"));
const host = compiledHost("workers");

export const KINDS = [
  ["threads", threads],
  ["processes", processes],
] as const;

export const poolOptions = { host, print: false, execArgv: [], maxWorkers: 2 } satisfies PoolOptions;

/** A function of the module of nodes, that fits any graph. */
export function nodeNamed(name: string): ModuleFunction<readonly unknown[], never> {
  return nodeModule(nodes, name);
}

/** A pool that stays open until it is closed, however many runners have had it meanwhile. */
export function openPool(make: (options: PoolOptions) => WorkerPool, options: PoolOptions = {}): WorkerPool {
  const pool = make({ ...poolOptions, ...options });
  pool.open();
  return pool;
}
