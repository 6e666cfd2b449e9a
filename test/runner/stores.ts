/** Hand-made stores around the one in memory: one that notes its calls, and one that answers later. */
import {
  type Checkpoint,
  type Checkpointer,
  type CheckpointRef,
  type CommitOptions,
  type HistoryQuery,
  type Lease,
  type LeaseClaim,
  MemoryCheckpointer,
  type NoteWrite,
  type PrunePolicy,
  type SessionQuery,
  type StoredSession,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { intercept } from "../../src/testing.js";

export type StoreCall =
  | { readonly method: "load" | "delete"; readonly sessionId: string }
  | { readonly method: "commit"; readonly checkpoint: Checkpoint }
  | { readonly method: "annotate"; readonly write: NoteWrite }
  | { readonly method: "list"; readonly query: SessionQuery }
  | { readonly method: "close" };

/** Notes every call before it is made, those about leases and the past apart; `before` may throw, or give a promise to wait for. */
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
  commit(checkpoint: Checkpoint, options?: CommitOptions) {
    return this.#do({ method: "commit", checkpoint }, () => this.#inner.commit(checkpoint, options));
  }
  annotate(write: NoteWrite) {
    return this.#do({ method: "annotate", write }, () => this.#inner.annotate(write));
  }
  list(query: SessionQuery) {
    return this.#do({ method: "list", query }, () => this.#inner.list(query));
  }
  delete(sessionId: string, fence?: number) {
    return this.#do({ method: "delete", sessionId }, () => this.#inner.delete(sessionId, fence));
  }
  history(sessionId: string, query: HistoryQuery) {
    return this.#inner.history(sessionId, query);
  }
  at(sessionId: string, place: CheckpointRef | { readonly step: number }) {
    return this.#inner.at(sessionId, place);
  }
  prune(policy: PrunePolicy) {
    return this.#inner.prune(policy);
  }
  acquire(claim: LeaseClaim) {
    return this.#inner.acquire(claim);
  }
  renew(leases: readonly Lease[], until: number) {
    return this.#inner.renew(leases, until);
  }
  release(lease: Lease) {
    return this.#inner.release(lease);
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
export function lateCheckpointer(inner = new MemoryCheckpointer()): Checkpointer {
  return intercept(inner, async ({ method, args, proceed }) => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const answer = proceed();
    return method === "load"
      ? withKnown(answer as StoredSession | undefined, args[1] as Checkpoint | undefined)
      : answer;
  });
}

function withKnown(stored: StoredSession | undefined, known: Checkpoint | undefined): StoredSession | undefined {
  const isHead = known?.incarnation === stored?.checkpoint.incarnation && known?.seq === stored?.checkpoint.seq;
  return isHead && stored !== undefined && known !== undefined ? { ...stored, checkpoint: known } : stored;
}

/** Every kind of store by name, each empty. */
export const everyStore: readonly (readonly [name: string, open: () => Checkpointer])[] = [
  ["memory", () => new MemoryCheckpointer()],
  ["a store that answers later", () => lateCheckpointer()],
  ["SQLite", () => new SqliteCheckpointer(":memory:")],
];
