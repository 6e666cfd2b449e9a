/** Effects of one task that run once (`ctx.once`): remembered from earlier runs, and shared by all tries of this one. */
import type { TaskRef } from "../errors.js";
import type { OnceCall } from "../graph/node.js";
import { seal } from "../state/seal.js";
import type { TaskRecord } from "./record.js";
import type { Awaitable } from "./thenable.js";

/** Makes a record durable. */
export type Remember = (record: TaskRecord) => Awaitable<void>;

interface Effect {
  readonly result: Promise<unknown>;
  isKept: boolean;
}

export class Effects {
  readonly #task: TaskRef;
  readonly #memos: ReadonlyMap<string, unknown> | undefined;
  readonly #remember: Remember | undefined;
  #begun: Map<string, Effect> | undefined;

  constructor(task: TaskRef, memos: ReadonlyMap<string, unknown> | undefined, remember: Remember | undefined) {
    this.#task = task;
    this.#memos = memos;
    this.#remember = remember;
  }

  /** The effect's result, once it is durable. A try that comes later waits for an effect that an earlier one began. */
  async run(key: string, effect: (call: OnceCall) => unknown): Promise<unknown> {
    if (this.#memos?.has(key)) return this.#memos.get(key);
    const begun = this.#begun?.get(key) ?? this.#begin(key, effect);
    const value = await begun.result;
    if (!begun.isKept) await this.#remember?.({ kind: "once", taskId: this.#task.id, key, value });
    begun.isKept = true;
    return value;
  }

  /** An effect that fails is remembered as nothing. */
  #begin(key: string, effect: (call: OnceCall) => unknown): Effect {
    const begun = {
      result: sealed(key, () => effect({ idempotencyKey: idempotencyKeyOf(this.#task.id, key) })),
      isKept: false,
    };
    this.#begun ??= new Map();
    this.#begun.set(key, begun);
    begun.result.catch(() => this.#begun?.delete(key));
    return begun;
  }
}

async function sealed(key: string, effect: () => unknown): Promise<unknown> {
  const value = await effect();
  seal(value, [`once(${JSON.stringify(key)})`]);
  return value;
}

/** A task's id is unique among all sessions, for ever. Printable whatever the key holds, so that it fits an HTTP header. */
function idempotencyKeyOf(taskId: string, key: string): string {
  const escaped = JSON.stringify(key).slice(1, -1);
  return `${taskId}.${encodeURIComponent(escaped)}`;
}
