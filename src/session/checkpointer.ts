/**
 * The store's port. A store keeps, for each session, a chain of checkpoints, a note beside the newest one (its head), and
 * task records that live until the next commit. Methods may be synchronous; then nothing waits for them.
 */
import type { TaskRecord } from "../superstep/record.js";
import type { Awaitable } from "../superstep/thenable.js";
import type { Checkpoint, Note } from "./checkpoint.js";
import type { SessionStatus } from "./status.js";
import type { SessionSummary } from "./view.js";

/** A session as it is stored. */
export interface StoredSession {
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  /** Of tasks of the head's frontier, in order of writing; a later one of the same key has replaced the earlier. */
  readonly records: readonly TaskRecord[];
}
/** What is written beside the head. */
export interface NoteWrite {
  readonly sessionId: string;
  /** The head that the writer knows; when the session has moved on, CheckpointConflictError and nothing is written. */
  readonly incarnation: string;
  readonly seq: number;
  /** Undefined: the note stays as it is. */
  readonly note?: Note;
  readonly records: readonly TaskRecord[];
  /** Drops kept results of finished tasks first. */
  readonly discardResults?: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}
/** A page of a list of sessions, ordered by id. */
export interface SessionQuery {
  readonly status?: SessionStatus["kind"];
  readonly limit: number;
  /** Begins behind this id. */
  readonly after?: string;
}

/** The store's port; `checkpointerContract` in `superstep/testing` proves any implementation. */
export interface Checkpointer {
  /** The session as it stands; undefined when there is none. `known` may be given back when the head is still that checkpoint. */
  load(sessionId: string, known?: Checkpoint): Awaitable<StoredSession | undefined>;
  /**
   * Adds the checkpoint and makes it the head, in one transaction that also drops the task records (C1). Gives the bytes written.
   * Throws CheckpointConflictError, and writes nothing, unless the head is `parentSeq` of the same incarnation (or none, for a first one).
   * `replace`: a first checkpoint takes the place of whatever session has its id, in the same transaction.
   */
  commit(checkpoint: Checkpoint, options?: { readonly replace?: boolean }): Awaitable<number>;
  /** Writes a note and task records beside the head, in one transaction. */
  annotate(write: NoteWrite): Awaitable<void>;
  list(query: SessionQuery): Awaitable<readonly SessionSummary[]>;
  /** Forgets the session; no error when there is none. */
  delete(sessionId: string): Awaitable<void>;
  close(): void | Promise<void>;
}
