/** The executors of one runner: opened with it, and closed with it, once, however often it is closed itself. */
import type { NodeExecutor } from "../../superstep/executor.js";

export class OpenExecutors {
  readonly #all: readonly NodeExecutor[];
  #ends: Promise<readonly PromiseSettledResult<void>[]> | undefined;

  constructor(executors: Readonly<Record<string, NodeExecutor>> = {}) {
    this.#all = [...new Set(Object.values(executors))];
    for (const executor of this.#all) executor.open?.();
  }

  /** Rejects with the first failure, once all have been closed. */
  async close(timeoutMs: number): Promise<void> {
    this.#ends ??= Promise.allSettled(this.#all.map(async (executor) => executor.close?.({ timeoutMs })));
    for (const end of await this.#ends) if (end.status === "rejected") throw end.reason;
  }
}
