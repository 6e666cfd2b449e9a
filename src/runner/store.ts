/** The store as the runner uses it: every failure is a CheckpointError (C3), and sessions in use stay in memory. */
import { CheckpointError, SuperstepError } from "../errors.js";
import type { Checkpoint } from "../session/checkpoint.js";
import type { Checkpointer, NoteWrite, SessionQuery, StoredSession } from "../session/checkpointer.js";
import type { SessionSummary } from "../session/view.js";
import { type Awaitable, isThenable } from "../superstep/thenable.js";

/** Sessions whose newest checkpoint stays in memory, so that going on does not read it again. */
const RESIDENT = 1_000;

export class Store {
  readonly #checkpointer: Checkpointer;
  readonly #resident = new Map<string, Checkpoint>();

  constructor(checkpointer: Checkpointer) {
    this.#checkpointer = checkpointer;
  }

  async load(sessionId: string): Promise<StoredSession | undefined> {
    const stored = await guard("load a session", () =>
      this.#checkpointer.load(sessionId, this.#resident.get(sessionId)),
    );
    if (stored === undefined) this.#resident.delete(sessionId);
    else this.#stay(stored.checkpoint);
    return stored;
  }

  commit(checkpoint: Checkpoint): Awaitable<number> {
    const bytes = guard("commit a superstep", () => this.#checkpointer.commit(checkpoint));
    this.#stay(checkpoint);
    return bytes;
  }

  annotate(write: NoteWrite): Awaitable<void> {
    return guard("save what is pending", () => this.#checkpointer.annotate(write));
  }

  list(query: SessionQuery): Awaitable<readonly SessionSummary[]> {
    return guard("list sessions", () => this.#checkpointer.list(query));
  }

  delete(sessionId: string): Awaitable<void> {
    this.#resident.delete(sessionId);
    return guard("delete a session", () => this.#checkpointer.delete(sessionId));
  }

  close(): Awaitable<void> {
    return guard("close", () => this.#checkpointer.close());
  }

  /** A wrong guess costs nothing: the store compares ids. The one that was used longest ago leaves. */
  #stay(checkpoint: Checkpoint): void {
    this.#resident.delete(checkpoint.sessionId);
    this.#resident.set(checkpoint.sessionId, checkpoint);
    if (this.#resident.size <= RESIDENT) return;
    for (const oldest of this.#resident.keys()) {
      this.#resident.delete(oldest);
      return;
    }
  }
}

function guard<T>(operation: string, work: () => Awaitable<T>): Awaitable<T> {
  const failed = (error: unknown): never => {
    throw SuperstepError.is(error) ? error : new CheckpointError(operation, error);
  };
  try {
    const done = work();
    return isThenable(done) ? done.then((value) => value as T, failed) : done;
  } catch (error) {
    return failed(error);
  }
}
