/** Hand-made stores around the one in memory: one that notes its calls, and one that answers later. */
import {
  type Checkpoint,
  type Checkpointer,
  MemoryCheckpointer,
  type NoteWrite,
  type SessionQuery,
  type StoredSession,
} from "../../src/index.js";

export type StoreCall =
  | { readonly method: "load" | "delete"; readonly sessionId: string }
  | { readonly method: "commit"; readonly checkpoint: Checkpoint }
  | { readonly method: "annotate"; readonly write: NoteWrite }
  | { readonly method: "list"; readonly query: SessionQuery }
  | { readonly method: "close" };

/** Notes every call before it is made; `before` may throw, or give a promise to wait for. */
export class NotingCheckpointer implements Checkpointer {
  readonly calls: StoreCall[] = [];
  before: (call: StoreCall) => void | Promise<void> = () => undefined;
  readonly #inner: Checkpointer;

  constructor(inner: Checkpointer = new MemoryCheckpointer()) {
    this.#inner = inner;
  }

  get commits(): readonly Checkpoint[] {
    return this.calls.flatMap((call) => (call.method === "commit" ? [call.checkpoint] : []));
  }
  get annotations(): readonly NoteWrite[] {
    return this.calls.flatMap((call) => (call.method === "annotate" ? [call.write] : []));
  }
  /** How many times each method was called. */
  count(method: StoreCall["method"]): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  load(sessionId: string, known?: Checkpoint) {
    return this.#do({ method: "load", sessionId }, () => this.#inner.load(sessionId, known));
  }
  commit(checkpoint: Checkpoint) {
    return this.#do({ method: "commit", checkpoint }, () => this.#inner.commit(checkpoint));
  }
  annotate(write: NoteWrite) {
    return this.#do({ method: "annotate", write }, () => this.#inner.annotate(write));
  }
  list(query: SessionQuery) {
    return this.#do({ method: "list", query }, () => this.#inner.list(query));
  }
  delete(sessionId: string) {
    return this.#do({ method: "delete", sessionId }, () => this.#inner.delete(sessionId));
  }
  close() {
    this.calls.push({ method: "close" });
    return this.#inner.close();
  }

  #do<T>(call: StoreCall, work: () => T): T | Promise<Awaited<T>> {
    this.calls.push(call);
    const waited = this.before(call);
    if (waited === undefined) return work();
    return waited.then(work) as Promise<Awaited<T>>;
  }
}

/** Every method answers in a later turn, as a store behind a network does. Gives back what is known, as the port allows. */
export class LateCheckpointer implements Checkpointer {
  readonly #inner: MemoryCheckpointer;

  constructor(inner = new MemoryCheckpointer()) {
    this.#inner = inner;
  }

  load(sessionId: string, known?: Checkpoint) {
    return later((): StoredSession | undefined => {
      const stored = this.#inner.load(sessionId);
      const isHead =
        known !== undefined &&
        known.incarnation === stored?.checkpoint.incarnation &&
        known.seq === stored.checkpoint.seq;
      return isHead && stored !== undefined ? { ...stored, checkpoint: known } : stored;
    });
  }
  commit(checkpoint: Checkpoint) {
    return later(() => this.#inner.commit(checkpoint));
  }
  annotate(write: NoteWrite) {
    return later(() => this.#inner.annotate(write));
  }
  list(query: SessionQuery) {
    return later(() => this.#inner.list(query));
  }
  delete(sessionId: string) {
    return later(() => this.#inner.delete(sessionId));
  }
  close(): void {}
}

async function later<T>(work: () => T): Promise<T> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  return work();
}
