/**
 * Group commit: what is written in one turn of the event loop, by whatever session, is one transaction and one fsync, and each write is
 * answered once that is durable. A write that refuses (a conflict) writes nothing and harms no other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { crashPoint } from "../../crash-point.js";
import { SuperstepError } from "../../errors.js";

/** Begins, ends and undoes a transaction. */
export interface Transaction {
  /** `isDurable`: it must survive a power cut. */
  begin(isDurable: boolean): void;
  commit(): void;
  rollback(): void;
  isBusy(error: unknown): boolean;
}
/** How something is written. */
export interface Manner<T> {
  /** Whether it must survive a power cut. Default true. */
  readonly isDurable?: boolean;
  /** The same without a transaction, for a write that is alone in its turn; undefined when it has written nothing, and `work` has to. */
  readonly alone?: () => T | undefined;
  /** Nobody else is expected to write in this turn, so its end is not waited for. */
  readonly isLonely?: boolean;
}

/** What need not survive a power cut. */
export const NOT_DURABLE = { isDurable: false } as const;

interface Write {
  readonly work: () => unknown;
  readonly alone: (() => unknown) | undefined;
  readonly isDurable: boolean;
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
   * fails. Any other error undoes the whole transaction, and every write in it fails. What need not outlive a power cut waits for no disk
   * unless something beside it does.
   */
  write<T>(work: () => T, { isDurable = true, alone, isLonely = false }: Manner<T> = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, alone, isDurable, resolve, reject });
      this.#flushing ??= (isLonely ? Promise.resolve() : turnEnd()).then(() => this.#flush());
    });
  }

  get isIdle(): boolean {
    return this.#flushing === undefined;
  }

  /** Resolves when nothing waits to be written. */
  async idle(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  /** Waits for the write lock without blocking the event loop. */
  async #flush(): Promise<void> {
    const deadline = performance.now() + this.#busyTimeoutMs;
    while (!this.#tryNow(performance.now() > deadline)) await sleep(RETRY_MS);
  }

  /** Everything between begin and commit happens in one go: nobody else sees the connection within a transaction. */
  #tryNow(isLastTry: boolean): boolean {
    try {
      const answer = answerAlone(this.#queue);
      if (answer === undefined) this.#transaction.begin(this.#queue.some(({ isDurable }) => isDurable));
      const writes = this.#take();
      if (answer === undefined) this.#run(writes);
      else answer();
    } catch (error) {
      if (!isLastTry && this.#transaction.isBusy(error)) return false;
      for (const { reject } of this.#take()) reject(error);
    }
    return true;
  }

  #take(): readonly Write[] {
    const writes = this.#queue;
    this.#queue = [];
    this.#flushing = undefined;
    return writes;
  }

  #run(writes: readonly Write[]): void {
    try {
      crashPoint("sqlite.begun");
      const answers = writes.map(attempt);
      crashPoint("sqlite.full");
      this.#transaction.commit();
      crashPoint("sqlite.committed");
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
}

function turnEnd(): Promise<void> {
  return new Promise<void>((resolve) => setImmediate(resolve));
}

/** Undefined: it takes a transaction. */
function answerAlone([only, another]: readonly Write[]): Answer | undefined {
  if (only === undefined || another !== undefined) return undefined;
  const value = only.alone?.();
  return value === undefined ? undefined : () => only.resolve(value as never);
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
