/**
 * The store's port. A store keeps, for each session, a line of checkpoints, a note beside the newest one (its head), task records that
 * live until the next commit, and a lease. Methods may be synchronous; then nothing waits for them.
 */
import type { TaskOutcome } from "../superstep/outcome.js";
import type { TaskRecord } from "../superstep/record.js";
import type { Awaitable } from "../superstep/thenable.js";
import type { ArtifactWrite, DraftEnd, DraftPiece } from "./artifact.js";
import type { Checkpoint, CheckpointRef, Note } from "./checkpoint.js";
import type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "./lease.js";
import type { SessionStatus } from "./status.js";
import type { SessionSummary } from "./view.js";

/** A session as it is stored. */
export interface StoredSession {
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  /** Of tasks of the head's frontier, in order of writing; a later one of the same key has replaced the earlier. */
  readonly records: readonly TaskRecord[];
}
/** How a checkpoint is committed. */
export interface CommitOptions {
  /** The writer's lease; when the session has a newer one, CheckpointConflictError and nothing is written. */
  readonly fence?: number;
  /** A first checkpoint takes the place of whatever session has its id, in the same transaction. */
  readonly replace?: boolean;
  /** The state does not follow from the parent's by the deltas: a store that keeps deltas keeps this one whole. */
  readonly whole?: boolean;
  /** The task records stay beside the new head: its frontier is still the parent's. */
  readonly keepsRecords?: boolean;
  /**
   * By channel: what is written to it, or what it holds when all of the state is written, may be kept apart from the checkpoint when its
   * text has more characters. A store that does so gives the value back all the same.
   */
  readonly apartAbove?: ReadonlyMap<string, number>;
  /** Of a fork's first checkpoint: the session on whose line its `forkedFrom` stands. CheckpointNotFoundError when that is gone. */
  readonly origin?: string;
}
/** What is written beside the head. */
export interface NoteWrite {
  readonly sessionId: string;
  /** The head that the writer knows; when the session has moved on, CheckpointConflictError and nothing is written. */
  readonly incarnation: string;
  readonly seq: number;
  /** The writer's lease; when the session has a newer one, CheckpointConflictError and nothing is written. */
  readonly fence?: number;
  /** Undefined: the note stays as it is. */
  readonly note?: Note;
  readonly records: readonly TaskRecord[];
  /** Drops kept results of finished tasks first. */
  readonly discardResults?: boolean;
  /** As `CommitOptions.apartAbove`, of what kept results write. */
  readonly apartAbove?: CommitOptions["apartAbove"] | undefined;
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
/** A page of a session's line, newest first. */
export interface HistoryQuery {
  readonly limit: number;
  /** Only checkpoints older than this one: by its place in the line, or all of its step. */
  readonly before?: { readonly seq: number } | { readonly step: number };
}
/** Which checkpoints a session shows no longer. One goes when every limit that is given lets it go; the head always stays. */
export interface PrunePolicy {
  /** Undefined: every session whose id is without U+001F; one with it is of a subgraph and is pruned by name only. */
  readonly sessionId?: string;
  /** This many of the newest stay. */
  readonly keepLast?: number;
  /** Those made at that time or later stay: milliseconds since the epoch. */
  readonly madeBefore?: number;
  /** Artifacts that a caller held until then, or not so long, may go, and outcomes that have expired by then: milliseconds since the epoch. Undefined: none of those. */
  readonly at?: number;
}
/** What went with a session. */
export interface Freed {
  /** Bytes of the artifacts that nothing referred to any more. */
  readonly artifacts: number;
}
/** What pruning took away from the store. */
export interface Pruned {
  readonly checkpoints: number;
  /** As they were stored; 0 in a store that does not encode. */
  readonly bytes: number;
  /** Bytes of the artifacts that nothing referred to any more. Undefined in a store that has none. */
  readonly artifacts?: number;
}
/** A node's outcome, for any session. */
export interface CacheEntry {
  readonly key: string;
  readonly outcome: TaskOutcome;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** From then on it does not count; undefined: it always does. */
  readonly expiresAt: number | undefined;
}

/**
 * The store's port. A session id is any well-formed string of 1 to 512 characters without NUL. `checkpointerContract` in `superstep/testing` proves
 * any implementation.
 */
export interface Checkpointer {
  /** The session as it stands; undefined when there is none. `known` may be given back when the head is still that checkpoint. */
  load(sessionId: string, known?: Checkpoint): Awaitable<StoredSession | undefined>;
  /**
   * Adds the checkpoint and makes it the head, in one transaction that also drops the task records (C1). Gives the bytes written.
   * Throws CheckpointConflictError, and writes nothing, unless the head is `parentSeq` of the same incarnation (or none, for a first one).
   */
  commit(checkpoint: Checkpoint, options?: CommitOptions): Awaitable<number>;
  /** Writes a note and task records beside the head, in one transaction. */
  annotate(write: NoteWrite): Awaitable<void>;
  list(query: SessionQuery): Awaitable<readonly SessionSummary[]>;
  /**
   * Forgets the session; no error when there is none. Sessions that were forked from it keep what they need. Throws
   * CheckpointConflictError, and forgets nothing, when the session has a newer lease than `fence`. A store that has artifacts tells what went.
   */
  delete(sessionId: string, fence?: number): Awaitable<Freed | void>;

  /**
   * A page of the session's line, newest first, over the checkpoint it was forked from and on; empty when there is no such session.
   * The head has the note that stands beside it now; ephemeral values are not shown. A store may read `state` and `versions` when they are first looked at.
   */
  history(sessionId: string, query: HistoryQuery): Awaitable<readonly Checkpoint[]>;
  /** A checkpoint of the session's line, as `history` gives it: that one, or the newest of that step. Undefined when the session does not show one. */
  at(sessionId: string, place: CheckpointRef | { readonly step: number }): Awaitable<Checkpoint | undefined>;
  /** Takes old checkpoints away; never what the head, another session or a fork needs (T6). */
  prune(policy: PrunePolicy): Awaitable<Pruned>;

  /** Grants a lease unless another one holds: neither ended, nor evicted, nor given back (C4). Of a session that does not exist too. */
  acquire(claim: LeaseClaim): Awaitable<LeaseAnswer>;
  /** Lets leases hold until then (milliseconds since the epoch); gives those that were lost to a newer one, and those whose owner was asked to stop. */
  renew(leases: readonly Lease[], until: number): Awaitable<readonly LeaseNews[]>;
  /**
   * Asks whoever holds the session's lease at that time to stop; the first request stands until the lease is given back or lost. Gives the
   * holder; undefined, and nothing is kept, when nobody holds it. A store without it cannot cancel what another process drives.
   */
  askToStop?(sessionId: string, request: StopRequest, at: number): Awaitable<LeaseHolder | undefined>;
  /** Gives a lease back; nothing happens when it was lost. */
  release(lease: Lease): Awaitable<void>;

  /** An outcome that counts at that time. One that cannot be read is none. Both of these or neither: a store without them serves graphs without a cache. */
  cached?(key: string, at: number): Awaitable<TaskOutcome | undefined>;
  /** Keeps an outcome in place of an earlier one of that key. Those that have expired by then may be forgotten. */
  cache?(entry: CacheEntry): Awaitable<void>;

  /**
   * Keeps content under its digest, once for all sessions: what is there already stays, and is mended when it was damaged. It stays as long as
   * its holder holds it, or anything refers to it that can be read: a checkpoint that is shown, what stands beside a head, a cached outcome,
   * another artifact. `prune` and `delete` take what is left over. Both of these or neither: a store without them keeps no artifacts. One
   * that has them refuses commits that refer to what it does not have: ArtifactNotFoundError, and nothing is written. Throws that
   * for `mentions` too, and CheckpointConflictError when the holder's session has a newer lease than its fence.
   */
  putArtifact?(write: ArtifactWrite): Awaitable<void>;
  /** The content; undefined when there is none. What is damaged may be given as it is: whoever asked holds it to its digest. */
  artifact?(digest: string): Awaitable<Uint8Array | undefined>;

  /**
   * Adds the next piece to a draft, or begins one: content on its way, which nobody can read. It is held as an artifact is and goes as one
   * does, with `prune`, when nobody holds it any more. All four of these or none: without them a stream is gathered in memory. Throws
   * CheckpointConflictError as `putArtifact`, and CheckpointError when what came before this piece is gone.
   */
  draftArtifact?(piece: DraftPiece): Awaitable<void>;
  /** Makes a draft the content under its digest, held from now on as one that was put. It takes the place of what is there already. Throws as `draftArtifact`. */
  keepDraft?(end: DraftEnd): Awaitable<void>;
  /** Forgets a draft; no error when there is none. */
  dropDraft?(name: string): Awaitable<void>;
  /** That many bytes of the content from a place on, fewer at its end, none behind it; undefined when there is no such artifact. May be damaged, as those of `artifact`. */
  artifactRange?(digest: string, from: number, length: number): Awaitable<Uint8Array | undefined>;
  close(): void | Promise<void>;
}
