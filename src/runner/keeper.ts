/**
 * Keeps what tasks finish while their superstep still waits for others (S6, C5): what finishes in one turn of the event loop is
 * one transaction, and a superstep that ends in that turn writes none. Completion is reported once it is durable (C2).
 */
import type { Channels } from "../state/channel.js";
import type { Settled } from "../superstep/attempt.js";
import type { TaskRecord } from "../superstep/record.js";
import { nextStep, type Run } from "./run.js";
import { annotate } from "./saving.js";

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
type Finished = Settled & { readonly kind: "finished" };

export class Keeper<C extends Channels> {
  /** Tasks whose completion was reported. */
  readonly reported = new Set<string>();
  readonly #run: Run<C>;
  #records: TaskRecord[] = [];
  #finished: Finished[] = [];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(run: Run<C>) {
    this.#run = run;
  }

  readonly settled = (one: Settled): void => {
    if (one.kind !== "finished" || one.kept) return;
    this.#records.push({ kind: "result", taskId: one.task.id, outcome: one.outcome });
    this.#finished.push(one);
    this.#schedule();
  };

  /** Resolves once the record is durable. */
  readonly remember = (record: TaskRecord): Promise<void> => {
    if (this.#closed) return Promise.resolve();
    this.#records.push(record);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  };

  /** Effects that ran once and are not written yet. */
  get leftover(): readonly TaskRecord[] {
    return this.#records.filter(({ kind }) => kind === "once");
  }

  /** Waits for what is being written; what is not yet goes with the superstep. Throws what saving threw. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    await this.#writing;
  }

  #schedule(): void {
    if (this.#writing !== undefined || this.#closed) return;
    this.#writing = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#flush());
    this.#writing.catch(() => undefined);
  }

  async #flush(): Promise<void> {
    while (!this.#closed && this.#records.length > 0)
      await this.#write(this.#records.splice(0), this.#finished.splice(0));
    this.#writing = undefined;
  }

  async #write(records: readonly TaskRecord[], finished: readonly Finished[]): Promise<void> {
    const waiting = this.#waiting.splice(0);
    try {
      if (this.#run.unsaved === undefined) {
        await annotate(this.#run, undefined, records);
        for (const one of finished) this.#report(one);
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      throw error;
    }
    for (const { resolve } of waiting) resolve();
  }

  #report({ task, attempt, ms }: Finished): void {
    this.reported.add(task.id);
    this.#run.emit?.(nextStep(this.#run), { type: "node.completed", task, attempt, durationMs: ms });
  }
}
