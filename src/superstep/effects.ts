/** Effects of one task that run once (`ctx.once`): remembered from earlier runs, and shared by all tries of this one. */
import type { TaskRef } from "../errors.js";
import { seal } from "../state/seal.js";
import type { TaskRecord } from "./record.js";
import { type Awaitable, isThenable } from "./thenable.js";

/** Makes a record durable. */
export type Remember = (record: TaskRecord) => Awaitable<void>;

export class Effects {
  readonly #task: TaskRef;
  readonly #memos: ReadonlyMap<string, unknown> | undefined;
  readonly #remember: Remember | undefined;
  readonly #results = new Map<string, Promise<unknown>>();
  readonly #kept = new Set<string>();

  constructor(task: TaskRef, memos: ReadonlyMap<string, unknown> | undefined, remember: Remember | undefined) {
    this.#task = task;
    this.#memos = memos;
    this.#remember = remember;
  }

  /** The effect's result, once it is durable. A try that comes later waits for an effect that an earlier one began. */
  async run(key: string, effect: () => unknown): Promise<unknown> {
    if (this.#memos?.has(key)) return this.#memos.get(key);
    const value = await (this.#results.get(key) ?? this.#begin(key, effect));
    if (!this.#kept.has(key)) await this.#keep(key, value);
    return value;
  }

  /** An effect that fails is remembered as nothing. */
  #begin(key: string, effect: () => unknown): Promise<unknown> {
    const result = sealed(key, effect);
    this.#results.set(key, result);
    result.catch(() => this.#results.delete(key));
    return result;
  }

  async #keep(key: string, value: unknown): Promise<void> {
    const kept = this.#remember?.({ kind: "once", taskId: this.#task.id, key, value });
    if (isThenable(kept)) await kept;
    this.#kept.add(key);
  }
}

async function sealed(key: string, effect: () => unknown): Promise<unknown> {
  const value = await effect();
  seal(value, [key]);
  return value;
}
