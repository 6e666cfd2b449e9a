/**
 * Keeps what tasks finish while their superstep still waits for others (S6, C5): what finishes in one turn of the event loop is
 * one transaction, and a superstep that ends in that turn writes none. Completion is reported once it is durable (C2).
 */
import { crashPoint } from "../../crash-point.js";
import type { TaskRef } from "../../errors.js";
import type { Channels } from "../../state/channel.js";
import type { Settled } from "../../superstep/attempt.js";
import type { TaskRecord } from "../../superstep/record.js";
import { type Awaitable, recovering } from "../../superstep/thenable.js";
import { finishedOf } from "../../superstep/verdict.js";
import { completionOf } from "../events.js";
import { nextStep, type Run } from "../run.js";
import { annotate } from "./saving.js";

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
type Finished = Settled & { readonly kind: "finished" };

/** What is to be written, who is to be told of it, and who waits for it. */
class Backlog {
  readonly records: TaskRecord[] = [];
  readonly finished: Finished[] = [];
  readonly waiting: Waiting[] = [];
  /** Tasks whose results are durable and whose completion was reported. */
  readonly reported = new Set<string>();
}

export class Keeper<C extends Channels> {
  readonly #run: Run<C>;
  /** Under `durability: "exit"` nothing is written before the run stops; failed attempts are never. */
  readonly #isHeldBack: boolean;
  /** Made when there is something to keep: most supersteps wait for nothing. */
  #backlog: Backlog | undefined;
  /** Set until the turn ends. */
  #turn: NodeJS.Immediate | undefined;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #saving: Promise<void> | undefined;
  #closed = false;

  constructor(run: Run<C>) {
    this.#run = run;
    this.#isHeldBack = run.unsaved !== undefined;
  }

  /** Saves what is held back: what begins now stands on it. */
  readonly saved = (): Promise<void> => {
    this.#saving ??= this.#run.unsaved === undefined ? Promise.resolve() : annotate(this.#run, undefined, []);
    return this.#saving;
  };

  /** The superstep has failed for the store's sake, whatever its tasks say. */
  readonly storeFailed = (error: unknown): void => {
    this.#failure ??= { error };
  };

  isReported(task: TaskRef): boolean {
    return this.#backlog?.reported.has(task.id) === true;
  }

  readonly settled = (one: Settled): void => {
    crashPoint("task.settled");
    if (one.kind !== "finished" || one.kept || this.#isHeldBack) return;
    const { records, finished } = this.#open();
    records.push(resultOf(one));
    finished.push(one);
    this.#schedule();
  };

  /** Resolves once the record is durable. */
  readonly remember = (record: TaskRecord): Promise<void> => {
    if (this.#closed || (record.kind === "attempt" && this.#run.engine.durability === "exit")) return Promise.resolve();
    const { records, waiting } = this.#open();
    records.push(record);
    if (this.#isHeldBack) return Promise.resolve();
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      this.#schedule();
    });
  };

  /** Waits for a write beside the session. One that fails is the superstep's failure, not that of the task that asked for it (C3). */
  readonly attend = (write: () => Awaitable<void>): Awaitable<void> =>
    recovering(write, (error) => {
      this.#failure ??= { error };
    });

  /** What an attempt leaves behind and is not written yet: results of finished tasks, effects that ran once. */
  unwritten(settled: readonly Settled[]): readonly TaskRecord[] {
    const finished = finishedOf(settled).filter(({ kept, task }) => !kept && !this.isReported(task));
    const effects = this.#backlog?.records.filter(({ kind }) => kind === "once") ?? [];
    return [...finished.map(resultOf), ...effects];
  }

  /** Waits for what is being written; what is not yet goes with the superstep. Throws what saving threw. */
  close(): Awaitable<void> {
    this.#closed = true;
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    for (const { resolve } of this.#backlog?.waiting.splice(0) ?? []) resolve();
    return this.#writing === undefined ? this.#surface() : this.#writing.then(() => this.#surface());
  }

  #surface(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #open(): Backlog {
    this.#backlog ??= new Backlog();
    return this.#backlog;
  }

  #schedule(): void {
    if (this.#closed || this.#writing !== undefined) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#writing = this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const backlog = this.#open();
    while (!this.#closed && backlog.waiting.length + backlog.finished.length > 0) await this.#write(backlog);
    this.#writing = undefined;
  }

  /** What could not be written is written with what comes next; the superstep has failed all the same (C3). */
  async #write(backlog: Backlog): Promise<void> {
    const records = backlog.records.splice(0);
    const finished = backlog.finished.splice(0);
    const waiting = backlog.waiting.splice(0);
    try {
      await annotate(this.#run, undefined, records);
      for (const one of finished) this.#report(backlog, one);
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.#failure ??= { error };
      backlog.records.unshift(...records);
      for (const { reject } of waiting) reject(error);
    }
  }

  #report({ reported }: Backlog, one: Finished): void {
    reported.add(one.task.id);
    this.#run.emit?.(nextStep(this.#run), completionOf(one));
  }
}

function resultOf({ task, outcome }: Finished): TaskRecord {
  return { kind: "result", taskId: task.id, outcome };
}
