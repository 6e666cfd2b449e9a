/**
 * Group commit: what is written in one turn of the event loop, by whatever session, is one transaction and one fsync, and each write is
 * answered once that is durable. A write that refuses (a conflict) writes nothing and harms no other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SuperstepError } from "../errors.js";

/** Begins, ends and undoes a transaction. */
export interface Transaction {
  begin(): void;
  commit(): void;
  rollback(): void;
  isBusy(error: unknown): boolean;
}
interface Write {
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}
type Answer = () => void;

/** Milliseconds between two tries for the write lock that another process holds. */
const RETRY_MS = 4;

export class GroupCommit {
  readonly #transaction: Transaction;
  readonly #busyTimeoutMs: number;
  #queue: Write[] = [];
  #flushing: Promise<void> | undefined;

  constructor(transaction: Transaction, busyTimeoutMs: number) {
    this.#transaction = transaction;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /**
   * Runs `work` within the turn's transaction. A SuperstepError that it throws is a refusal: it has written nothing, and only this write
   * fails. Any other error undoes the whole transaction, and every write in it fails.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      this.#flushing ??= new Promise<void>((turn) => setImmediate(turn)).then(() => this.#flush());
    });
  }

  /** Resolves when nothing waits to be written. */
  async idle(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flush(): Promise<void> {
    const problem = await this.#begin();
    const writes = this.#queue;
    this.#queue = [];
    this.#flushing = undefined;
    if (problem !== undefined) for (const { reject } of writes) reject(problem.error);
    else this.#run(writes);
  }

  #run(writes: readonly Write[]): void {
    try {
      const answers = writes.map(attempt);
      this.#transaction.commit();
      for (const answer of answers) answer();
    } catch (error) {
      this.#undo();
      for (const { reject } of writes) reject(error);
    }
  }

  #undo(): void {
    try {
      this.#transaction.rollback();
    } catch {
      // SQLite has rolled back by itself
    }
  }

  /** Waits for the write lock without blocking the event loop. */
  async #begin(): Promise<{ readonly error: unknown } | undefined> {
    const deadline = performance.now() + this.#busyTimeoutMs;
    for (;;) {
      try {
        this.#transaction.begin();
        return undefined;
      } catch (error) {
        if (!this.#transaction.isBusy(error) || performance.now() > deadline) return { error };
      }
      await sleep(RETRY_MS);
    }
  }
}

function attempt({ work, resolve, reject }: Write): Answer {
  try {
    const value = work();
    return () => resolve(value as never);
  } catch (error) {
    if (!SuperstepError.is(error)) throw error;
    return () => reject(error);
  }
}
