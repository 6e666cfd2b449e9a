/** The SQLite store: one file, one transaction a superstep, a log of snapshots and deltas (T1). Writes of one turn share a transaction. */
import type { Checkpoint, CheckpointRef } from "../session/checkpoint.js";
import type {
  Checkpointer,
  CommitOptions,
  HistoryQuery,
  NoteWrite,
  Pruned,
  PrunePolicy,
  SessionQuery,
  StoredSession,
} from "../session/checkpointer.js";
import { encode } from "../session/codec.js";
import type { Lease, LeaseAnswer, LeaseClaim } from "../session/lease.js";
import { encodeBody } from "../session/log-record.js";
import type { SessionSummary } from "../session/view.js";
import { checkEphemeral, encodeRecord, noteBeside, readBeside, withEphemeral } from "./beside.js";
import { NOTHING_GONE, sumOf } from "./collecting.js";
import { Connection, type KnownHead, type OpenFile, openPath } from "./connection.js";
import type { OpenDatabase, SqliteDatabase } from "./driver.js";
import { GroupCommit } from "./group-commit.js";
import { readAt, readHistory } from "./history.js";
import { acquire, release, renew } from "./leases.js";
import { readCheckpoint } from "./line.js";
import { listSessions } from "./listing.js";
import { checkOptions, type SqliteOptions } from "./options.js";
import { pruneSessions } from "./pruning.js";
import { seqOf } from "./schema.js";
import { findLine, type Line, readHead } from "./session-row.js";
import { Shrinking } from "./shrinking.js";
import { atomically, type Statements } from "./statements.js";
import { transactionOn } from "./transaction.js";
import { writeCheckpoint, writeDeletion, writeNote } from "./writing.js";

/** Heads that are remembered, so that what ran next need not be written again. */
const KNOWN_HEADS = 10_000;
/** Sessions that are pruned in one transaction. */
const PRUNED_AT_ONCE = 50;
const NOT_DURABLE = { isDurable: false } as const;

/** Checkpoints in a SQLite file. `":memory:"` keeps them in this process. */
export class SqliteCheckpointer implements Checkpointer {
  readonly #connection: Connection;
  readonly #writes: GroupCommit;
  readonly #shrinking: Shrinking;

  /** Takes a path, or an open database of either driver, which is then yours to close. Throws CheckpointError, CheckpointCorruptError and InvalidOptionError. */
  constructor(pathOrDatabase: string | OpenDatabase, options: SqliteOptions = {}) {
    const { busyTimeoutMs = 5_000, synchronous = "full" } = options;
    checkOptions(pathOrDatabase, options);
    const { database, reopen } =
      typeof pathOrDatabase === "string"
        ? openPath(pathOrDatabase, options.driver)
        : { database: pathOrDatabase as SqliteDatabase, reopen: undefined };
    this.#connection = new Connection(database, { reopen, synchronous, busyTimeoutMs });
    this.#writes = new GroupCommit(transactionOn(this.#connection, synchronous), busyTimeoutMs);
    this.#shrinking = new Shrinking(this.#connection, this.#writes);
  }

  load(sessionId: string, known?: Checkpoint): StoredSession | undefined {
    return this.#read("load a session", (file) => {
      const line = findLine(file, sessionId);
      if (line === undefined) return undefined;
      const stored = readStored(file.statements, line, known);
      remember(file.known, stored.checkpoint);
      return stored;
    });
  }

  async commit(checkpoint: Checkpoint, options: CommitOptions = {}): Promise<number> {
    const { sessionId, incarnation, parentSeq } = checkpoint;
    const { whole = false } = options;
    const body = this.#connection.use("commit a superstep", ({ known }) => {
      const former = known.get(sessionId);
      const isNext = former?.incarnation === incarnation && former.seq === parentSeq;
      return encodeBody(checkpoint, { whole, ...(isNext && { parentFrontier: former.frontier }) });
    });
    const { bytes, known } = await this.#write("commit a superstep", (file) => ({
      bytes: writeCheckpoint(file, { checkpoint, body, whole }, options),
      known: file.known,
    }));
    remember(known, checkpoint);
    return bytes;
  }

  async annotate(write: NoteWrite): Promise<void> {
    const note = write.note && encode(write.note);
    const records = write.records.map(encodeRecord);
    await this.#write("save what is pending", (file) => writeNote(file, { write, note, records }));
  }

  list(query: SessionQuery): readonly SessionSummary[] {
    return this.#read("list sessions", (file) => listSessions(file, query));
  }

  async delete(sessionId: string, fence?: number): Promise<void> {
    const freed = await this.#write("delete a session", (file) => {
      file.known.delete(sessionId);
      return writeDeletion(file, sessionId, fence);
    });
    if (freed.checkpoints > 0) await this.#shrinking.shrink({ isWorthIt: "manyPages" });
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
    if (pruned.bytes > 0) await this.#shrinking.shrink({ isWorthIt: "anyPage" });
    return pruned;
  }

  async acquire(claim: LeaseClaim): Promise<LeaseAnswer> {
    return this.#write("acquire a lease", ({ statements }) => acquire(statements, claim), NOT_DURABLE);
  }

  async renew(leases: readonly Lease[], until: number): Promise<readonly Lease[]> {
    return this.#write("renew leases", ({ statements }) => renew(statements, leases, until), NOT_DURABLE);
  }

  async release(lease: Lease): Promise<void> {
    await this.#write("release a lease", (file) => release(file, lease), NOT_DURABLE);
  }

  /** Waits for what is being written. Closes the database only if this store opened it. */
  async close(): Promise<void> {
    await this.#writes.idle();
    this.#connection.close();
  }

  /** What is read together is of one state of the file, whoever writes meanwhile. */
  #read<T>(operation: string, work: (file: OpenFile) => T): T {
    return this.#connection.use(operation, (file) => atomically(file.statements, () => work(file)));
  }

  async #write<T>(operation: string, work: (file: OpenFile) => T, how?: { readonly isDurable: boolean }): Promise<T> {
    try {
      return await this.#writes.write(() => work(this.#connection.file()), how);
    } catch (error) {
      throw this.#connection.failed(operation, error);
    }
  }
}

/** Throws CheckpointCorruptError. */
function readStored(statements: Statements, line: Line, known: Checkpoint | undefined): StoredSession {
  const head = readHead(statements, line);
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

function keysOf(file: OpenFile, sessionId: string | undefined): readonly number[] {
  if (sessionId === undefined) return (file.statements.keys.all() as { key: number }[]).map(({ key }) => key);
  const line = findLine(file, sessionId);
  return line === undefined ? [] : [line.session.key];
}

/** The one that was used longest ago leaves. */
function remember(
  heads: Map<string, KnownHead>,
  { sessionId, incarnation, seq, frontier, ephemeral }: Checkpoint,
): void {
  heads.delete(sessionId);
  heads.set(sessionId, { incarnation, seq, frontier, hasEphemeral: ephemeral.length > 0 });
  const [oldest] = heads.keys();
  if (heads.size > KNOWN_HEADS && oldest !== undefined) heads.delete(oldest);
}
