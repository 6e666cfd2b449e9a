/** Mistakes in how nodes run in other threads and processes: work that is lost, done twice, or done in the wrong worker. */
import type { Mutant } from "./mutant.js";

const POOL = "test/workers/pool.test.ts";
const ORDERS = "test/workers/pool-orders.test.ts";
const CONTEXT = "test/workers/context.test.ts";
const STATES = "test/workers/states.test.ts";
const HOSTILE = "test/workers/hostile.test.ts";

export const WORKER_MUTANTS: readonly Mutant[] = [
  {
    breaks: "a worker is sent no changes of a state that it knows",
    file: "src/workers/states.ts",
    find: "if (known === state)",
    replace: "if (known !== undefined)",
    killers: [STATES],
  },
  {
    breaks: "the two ends forget different sessions",
    file: "src/workers/states.ts",
    find: "for (const one of forget) this.#bySession.delete(one);\n    this.#texts.sent",
    replace: "this.#texts.sent",
    killers: [STATES],
  },
  {
    breaks: "a worker goes on with the module as it was",
    file: "src/workers/content-digest.ts",
    find: "if (last?.mtimeMs === mtimeMs && last.size === size)",
    replace: "if (last !== undefined)",
    killers: [POOL],
  },
  {
    breaks: "a worker is used more often than it may be",
    file: "src/workers/worker-pool.ts",
    find: "uses >= limits.maxUses ||",
    replace: "uses > limits.maxUses ||",
    killers: [POOL],
  },
  {
    breaks: "a call begins in a worker that does not answer",
    file: "src/workers/worker-pool.ts",
    find: "&& (await worker.isAlive())",
    replace: "&& !worker.isGone",
    killers: [POOL],
  },
  {
    breaks: "a closed pool starts workers",
    file: "src/workers/worker-pool.ts",
    find: "if (this.#isClosed) throw new ExecutorClosedError(node);",
    replace: "",
    killers: [POOL],
  },
  {
    breaks: "a pool that is closed while a worker is asked whether it is alive starts another",
    file: "src/workers/worker-pool.ts",
    find: "one.ended));\n    this.#checkOpen(node);",
    replace: "one.ended));",
    killers: [ORDERS],
  },
  {
    breaks: "workers that are ending do not count",
    file: "src/workers/worker-pool.ts",
    find: "this.#all.size + this.#leaving.size >= this.#kind",
    replace: "this.#all.size >= this.#kind",
    killers: [ORDERS],
  },
  {
    breaks: "a call that was aborted while it waited for its worker is begun",
    file: "src/workers/warm-worker.ts",
    find: "signal.throwIfAborted();",
    replace: "",
    killers: [POOL],
  },
  {
    breaks: "a worker that could not read a state is taken to have it",
    file: "src/workers/owed-call.ts",
    find: "this.#unsay();",
    replace: "",
    killers: [HOSTILE],
  },
  {
    breaks: "a worker without memory is tried again",
    file: "src/workers/warm-worker.ts",
    find: "return end.isOutOfMemory ?",
    replace: "return end.exitCode === -1 ?",
    killers: [HOSTILE],
  },
  {
    breaks: "a node that cannot be stopped keeps its worker",
    file: "src/workers/warm-worker.ts",
    find: "if (!owed.isSettled) this.#worker.kill();",
    replace: "",
    killers: [HOSTILE],
  },
  {
    breaks: "an effect in a worker runs again in the next attempt",
    file: "src/workers/owed-call.ts",
    find: "return this.#call.ctx.once(key, ({ idempotencyKey }) => this.#runEffect(place, idempotencyKey));",
    replace: "return this.#runEffect(place, key);",
    killers: [CONTEXT],
  },
  {
    breaks: "what a node may not return is a failure that is tried again",
    file: "src/workers/owed-call.ts",
    find: "refused ? new ResultRefused(error) : error",
    replace: "error",
    killers: [HOSTILE, "test/workers/conformance.test.ts"],
  },
];
