/**
 * Keeps what tasks finish while their superstep still waits for others (S6, C5): what finishes in one turn of the event loop is
 * one transaction, and a superstep that ends in that turn writes none. Completion is reported once it is durable (C2).
 */
import { crashPoint } from "../crash-point.js";
import type { Channels } from "../state/channel.js";
import type { Settled } from "../superstep/attempt.js";
import type { TaskRecord } from "../superstep/record.js";
import type { Awaitable } from "../superstep/thenable.js";
import { finishedOf } from "../superstep/verdict.js";
import { nextStep, type Run } from "./run.js";
import { annotate } from "./saving.js";

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
type Finished = Settled & { readonly kind: "finished" };

export class Keeper<C extends Channels> {
  /** Tasks whose results are durable and whose completion was reported. */
  readonly reported = new Set<string>();
  readonly #run: Run<C>;
  /** Under `durability: "exit"` nothing is written before the run stops. */
  readonly #isHeldBack: boolean;
  #records: TaskRecord[] = [];
  #finished: Finished[] = [];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;

  constructor(run: Run<C>) {
    this.#run = run;
    this.#isHeldBack = run.unsaved !== undefined;
  }

  readonly settled = (one: Settled): void => {
    crashPoint("task.settled");
    if (one.kind !== "finished" || one.kept || this.#isHeldBack) return;
    this.#records.push(resultOf(one));
    this.#finished.push(one);
    this.#schedule();
  };

  /** Resolves once the record is durable. */
  readonly remember = (record: TaskRecord): Promise<void> => {
    if (this.#closed) return Promise.resolve();
    this.#records.push(record);
    if (this.#isHeldBack) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  };

  /** What an attempt leaves behind and is not written yet: results of finished tasks, effects that ran once. */
  unwritten(settled: readonly Settled[]): readonly TaskRecord[] {
    const finished = finishedOf(settled).filter(({ kept, task }) => !kept && !this.reported.has(task.id));
    return [...finished.map(resultOf), ...this.#records.filter(({ kind }) => kind === "once")];
  }

  /** Waits for what is being written; what is not yet goes with the superstep. Throws what saving threw. */
  close(): Awaitable<void> {
    this.#closed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    return this.#writing === undefined ? this.#surface() : this.#writing.then(() => this.#surface());
  }

  #surface(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    while (!this.#closed && this.#waiting.length + this.#finished.length > 0) await this.#write();
    this.#writing = undefined;
  }

  /** What could not be written is written with what comes next; the superstep has failed all the same (C3). */
  async #write(): Promise<void> {
    const records = this.#records.splice(0);
    const finished = this.#finished.splice(0);
    const waiting = this.#waiting.splice(0);
    try {
      await annotate(this.#run, undefined, records);
      for (const one of finished) this.#report(one);
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.#failure ??= { error };
      this.#records.unshift(...records);
      for (const { reject } of waiting) reject(error);
    }
  }

  #report({ task, attempt, ms }: Finished): void {
    this.reported.add(task.id);
    this.#run.emit?.(nextStep(this.#run), { type: "node.completed", task, attempt, durationMs: ms });
  }
}

function resultOf({ task, outcome }: Finished): TaskRecord {
  return { kind: "result", taskId: task.id, outcome };
}
