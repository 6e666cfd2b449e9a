/** The SQLite store: one file, one transaction a superstep, a log of snapshots and deltas (T1). Writes of one turn share a transaction. */
import type { ArtifactWrite, DraftEnd, DraftPiece } from "../session/artifact.js";
import type { Checkpoint, CheckpointRef } from "../session/checkpoint.js";
import type {
  CacheEntry,
  Checkpointer,
  CommitOptions,
  Freed,
  HistoryQuery,
  NoteWrite,
  Pruned,
  PrunePolicy,
  SessionQuery,
  StoredSession,
} from "../session/checkpointer.js";
import type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "../session/lease.js";
import { Links } from "../session/links.js";
import { encodeBody } from "../session/log-record.js";
import type { SessionSummary } from "../session/view.js";
import type { TaskOutcome } from "../superstep/outcome.js";
import { ArtifactFolder } from "./artifacts/folder.js";
import { ArtifactStore } from "./artifacts/store.js";
import { Connection, type OpenFile, openPath } from "./connection/connection.js";
import type { OpenDatabase, SqliteDatabase } from "./connection/driver.js";
import { isBusy } from "./connection/failures.js";
import { GroupCommit, type Manner, NOT_DURABLE } from "./connection/group-commit.js";
import { seqOf } from "./connection/schema.js";
import { atomically, type LogHead, type Statements } from "./connection/statements.js";
import { transactionOn } from "./connection/transaction.js";
import { checkOptions, type SqliteOptions } from "./options.js";
import { NOTHING_GONE, sumOf } from "./pruning/collecting.js";
import { keysOf, pruneSessions } from "./pruning/pruning.js";
import { Shrinking } from "./pruning/shrinking.js";
import { readAt, readHistory } from "./reading/history.js";
import { readCheckpoint } from "./reading/line.js";
import { listSessions } from "./reading/listing.js";
import type { NewRecord } from "./reading/log.js";
import { findLine, type Line, readHead } from "./reading/session-row.js";
import { advanceKnown, parentIn } from "./writing/advancing.js";
import { checkEphemeral, noteBeside, readBeside, withEphemeral } from "./writing/beside.js";
import { remember } from "./writing/known-heads.js";
import { acquire, askToStop, grant, release, releaseKnown, renew } from "./writing/leases.js";
import { saveNote, writeNote } from "./writing/notes.js";
import { encodeOutcome, readOutcome, writeOutcome } from "./writing/outcomes.js";
import { type Written, writeCheckpoint, writeDeletion } from "./writing/writing.js";

/** Sessions that are pruned in one transaction. */
const PRUNED_AT_ONCE = 50;

/** Checkpoints in a SQLite file. `":memory:"` keeps them in this process. */
export class SqliteCheckpointer implements Checkpointer {
  readonly #connection: Connection;
  readonly #writes: GroupCommit;
  readonly #shrinking: Shrinking;
  readonly #artifacts: ArtifactStore;
  readonly #isFull: boolean;
  /** Sessions under a lease that was taken through this store. */
  readonly #driven = new Set<string>();

  /** Takes a path, or an open database of either driver, which is then yours to close. Throws CheckpointError, CheckpointCorruptError and InvalidOptionError. */
  constructor(pathOrDatabase: string | OpenDatabase, options: SqliteOptions = {}) {
    checkOptions(pathOrDatabase, options);
    const { busyTimeoutMs = 5_000, synchronous = "full" } = options;
    const { database, reopen } =
      typeof pathOrDatabase === "string"
        ? openPath(pathOrDatabase, options.driver)
        : { database: pathOrDatabase as SqliteDatabase, reopen: undefined };
    const path = typeof pathOrDatabase === "string" ? pathOrDatabase : undefined;
    const folder = options.artifacts && new ArtifactFolder(options.artifacts.folder);
    this.#connection = new Connection(database, { reopen, synchronous, busyTimeoutMs, path, folder });
    this.#writes = new GroupCommit(transactionOn(this.#connection, synchronous), busyTimeoutMs);
    this.#shrinking = new Shrinking(this.#connection, this.#writes);
    this.#artifacts = new ArtifactStore(this.#connection, (...write) => this.#write(...write));
    this.#isFull = synchronous === "full";
  }

  load(sessionId: string, known?: Checkpoint): StoredSession | undefined {
    return this.#read("load a session", (file) => {
      const line = findLine(file, sessionId);
      if (line === undefined) return undefined;
      const head = readHead(file.statements, line);
      const stored = readStored(file.statements, line, { head, known });
      remember(file.known, stored.checkpoint, { row: head, session: line.session });
      return stored;
    });
  }

  /** Waits for the turn of the event loop to end, and shares its transaction, unless there is nobody to share it with and no disk to wait for. */
  commit(checkpoint: Checkpoint, options: CommitOptions = {}): number | Promise<number> {
    const written = this.#isAlone() ? this.#advanceNow(checkpoint, options) : undefined;
    return written === undefined ? this.#commitInTurn(checkpoint, options) : written.bytes;
  }

  async annotate(write: NoteWrite): Promise<void> {
    await saveNote(write, (note) => this.#write("save what is pending", (file) => writeNote(file, note)));
  }

  list(query: SessionQuery): readonly SessionSummary[] {
    return this.#read("list sessions", (file) => listSessions(file, query));
  }

  async delete(sessionId: string, fence?: number): Promise<Freed> {
    const freed = await this.#write("delete a session", (file) => {
      file.known.delete(sessionId);
      return writeDeletion(file, sessionId, fence);
    });
    await this.#artifacts.removeFiles(freed.digests);
    if (freed.checkpoints > 0) await this.#shrinking.shrink({ isWorthIt: "manyPages" });
    return { artifacts: freed.swept };
  }

  history(sessionId: string, query: HistoryQuery): readonly Checkpoint[] {
    return readHistory(this.#connection, sessionId, query);
  }

  at(sessionId: string, place: CheckpointRef | { readonly step: number }): Checkpoint | undefined {
    return this.#read("read a checkpoint", (file) => {
      const line = findLine(file, sessionId);
      return line && readAt(file.statements, line, place);
    });
  }

  /** Some sessions a transaction, so that others get their turn. The file becomes smaller. */
  async prune(policy: PrunePolicy): Promise<Pruned> {
    if (policy.keepLast === undefined && policy.madeBefore === undefined) return NOTHING_GONE;
    const keys = this.#read("prune", (file) => keysOf(file, policy.sessionId));
    let pruned: Pruned = NOTHING_GONE;
    for (let from = 0; from < keys.length; from += PRUNED_AT_ONCE) {
      const some = keys.slice(from, from + PRUNED_AT_ONCE);
      pruned = sumOf(pruned, await this.#write("prune", (file) => pruneSessions(file, some, policy), NOT_DURABLE));
    }
    const bytes = await this.#artifacts.sweep(policy.at);
    if (pruned.bytes + bytes > 0) await this.#shrinking.shrink({ isWorthIt: "anyPage" });
    return bytes > 0 ? { ...pruned, artifacts: bytes } : pruned;
  }

  async acquire(claim: LeaseClaim): Promise<LeaseAnswer> {
    const alone = () => grant(this.#connection.file().statements, claim);
    const answer = await this.#write(
      "acquire a lease",
      ({ statements }) => acquire(statements, claim),
      this.#briefly(alone),
    );
    if (answer.kind === "granted") this.#driven.add(claim.sessionId);
    return answer;
  }

  async renew(leases: readonly Lease[], until: number): Promise<readonly LeaseNews[]> {
    return this.#write("renew leases", ({ statements }) => renew(statements, leases, until), NOT_DURABLE);
  }

  async askToStop(sessionId: string, request: StopRequest, at: number): Promise<LeaseHolder | undefined> {
    const ask = ({ statements }: OpenFile) => askToStop(statements, sessionId, request, at);
    return this.#write("ask to stop", ask, NOT_DURABLE);
  }

  async release(lease: Lease): Promise<void> {
    this.#driven.delete(lease.sessionId);
    const alone = () => (releaseKnown(this.#connection.file(), lease) ? true : undefined);
    const work = (file: OpenFile) => {
      release(file, lease);
      return true;
    };
    await this.#write("release a lease", work, this.#briefly(alone));
  }

  cached(key: string, at: number): TaskOutcome | undefined {
    return this.#connection.use("read the cache", ({ statements }) => readOutcome(statements, key, at));
  }

  async cache(entry: CacheEntry): Promise<void> {
    const encoded = encodeOutcome(entry);
    await this.#write("write the cache", ({ statements }) => writeOutcome(statements, entry, encoded));
  }

  putArtifact(write: ArtifactWrite): Promise<void> {
    return this.#artifacts.put(write);
  }

  artifact(digest: string): Uint8Array | undefined {
    return this.#artifacts.get(digest);
  }

  draftArtifact(piece: DraftPiece): Promise<void> {
    return this.#artifacts.draft(piece);
  }

  keepDraft(end: DraftEnd): Promise<void> {
    return this.#artifacts.keep(end);
  }

  dropDraft(name: string): Promise<void> {
    return this.#artifacts.drop(name);
  }

  artifactRange(digest: string, from: number, length: number): Uint8Array | undefined {
    return this.#artifacts.range(digest, from, length);
  }

  /** Waits for what is being written. Closes the database only if this store opened it. */
  async close(): Promise<void> {
    await this.#writes.idle();
    this.#connection.close();
  }

  /** What need not survive a power cut, and takes one statement; by itself it would wait for the disk where everything does. */
  #briefly<T>(alone: () => T | undefined): Manner<T> {
    return this.#isFull ? NOT_DURABLE : { isDurable: false, alone };
  }

  #isAlone(): boolean {
    return this.#driven.size === 1 && this.#isLonely && this.#writes.isIdle;
  }

  /** No disk to wait for, and nobody to share a transaction with. */
  get #isLonely(): boolean {
    return !this.#isFull && this.#driven.size <= 1;
  }

  /** Undefined when it takes a transaction, or another process writes at this moment. */
  #advanceNow(checkpoint: Checkpoint, options: CommitOptions): Written | undefined {
    return this.#connection.use("commit a superstep", (file) => {
      try {
        const written = advanceKnown(file, recordOf(file, checkpoint, options), options);
        if (written !== undefined) remember(file.known, checkpoint, written);
        return written;
      } catch (error) {
        if (isBusy(error)) return undefined;
        throw error;
      }
    });
  }

  async #commitInTurn(checkpoint: Checkpoint, options: CommitOptions): Promise<number> {
    const record = this.#connection.use("commit a superstep", (file) => recordOf(file, checkpoint, options));
    const advance = (file: OpenFile) => {
      const written = advanceKnown(file, record, options);
      return written && { written, known: file.known };
    };
    const write = (file: OpenFile) =>
      advance(file) ?? { written: writeCheckpoint(file, record, options), known: file.known };
    const alone = () => advance(this.#connection.file());
    const { written, known } = await this.#write("commit a superstep", write, { alone });
    remember(known, checkpoint, written);
    return written.bytes;
  }

  /** What is read together is of one state of the file, whoever writes meanwhile. */
  #read<T>(operation: string, work: (file: OpenFile) => T): T {
    return this.#connection.use(operation, (file) => atomically(file.statements, () => work(file)));
  }

  async #write<T>(operation: string, work: (file: OpenFile) => T, how?: Manner<T>): Promise<T> {
    try {
      return await this.#writes.write(() => work(this.#connection.file()), { isLonely: this.#isLonely, ...how });
    } catch (error) {
      throw this.#connection.failed(operation, error);
    }
  }
}

/** Throws CheckpointCorruptError. */
function readStored(
  statements: Statements,
  line: Line,
  { head, known }: { readonly head: LogHead; readonly known: Checkpoint | undefined },
): StoredSession {
  const beside = readBeside(statements, line, head);
  const note = noteBeside(line, head);
  if (known?.incarnation === line.session.incarnation && known.seq === seqOf(head.id))
    return { checkpoint: known, note: note ?? known.note, records: beside.records };
  const { checkpoint, record } = readCheckpoint(statements, line, head.id);
  checkEphemeral(line, record, beside);
  return {
    checkpoint: withEphemeral(checkpoint, beside),
    note: note ?? checkpoint.note,
    records: beside.records,
  };
}

function recordOf(
  { known }: OpenFile,
  checkpoint: Checkpoint,
  { whole = false, apartAbove }: CommitOptions,
): NewRecord {
  const links = new Links(apartAbove);
  return {
    checkpoint,
    body: encodeBody(checkpoint, { whole, parent: parentIn(known, checkpoint), links }),
    whole,
    links,
  };
}
