/** The SQLite store: one file, one transaction a superstep, a log of snapshots and deltas (T1). Writes of one turn share a transaction. */
import { CheckpointConflictError, InvalidOptionError, type TaskRef } from "../errors.js";
import { type Checkpoint, checkpointId, type Note } from "../session/checkpoint.js";
import type { Checkpointer, NoteWrite, SessionQuery, StoredSession } from "../session/checkpointer.js";
import { decode, encode } from "../session/codec.js";
import { encodeBody } from "../session/log-record.js";
import type { SessionSummary } from "../session/view.js";
import { sealStored } from "../state/seal.js";
import { recordKey, type TaskRecord } from "../superstep/record.js";
import { checksum, verify } from "./checksum.js";
import { type DriverName, type OpenDatabase, openDatabase, type SqliteDatabase } from "./driver.js";
import { failureOf, isBusy } from "./failures.js";
import { GroupCommit } from "./group-commit.js";
import { addCheckpoint, readCheckpoint, readHead } from "./log.js";
import { migrate, SPAN } from "./schema.js";
import {
  type HeadRow,
  type ListRow,
  type PendingRow,
  prepareAll,
  type SessionRow,
  type Statements,
} from "./statements.js";

/** How the file is opened and written. */
export interface SqliteOptions {
  /** Default: better-sqlite3 where it is installed and fits this Node, else node:sqlite. */
  readonly driver?: DriverName;
  /** full: a commit survives a power cut (default). normal: it survives a crash of the process, and the file stays whole. */
  readonly synchronous?: "full" | "normal";
  /** Milliseconds to wait for another process's write lock. Default 5000. */
  readonly busyTimeoutMs?: number;
}
/** What the last write of this process left of a session; another process may have written since. */
interface Known {
  readonly session: number;
  readonly head: HeadRow;
  readonly frontier: readonly TaskRef[];
  readonly hasPending: boolean;
}

const EPHEMERAL = "ephemeral";
const KNOWN_SESSIONS = 10_000;

/** Checkpoints in a SQLite file. `":memory:"` keeps them in this process. */
export class SqliteCheckpointer implements Checkpointer {
  readonly #database: SqliteDatabase;
  readonly #statements: Statements;
  readonly #writes: GroupCommit;
  readonly #ownsDatabase: boolean;
  readonly #known = new Map<string, Known>();

  /** Takes a path, or an open database of either driver, which is then yours to close. Throws CheckpointError, CheckpointCorruptError and InvalidOptionError. */
  constructor(pathOrDatabase: string | OpenDatabase, options: SqliteOptions = {}) {
    const { busyTimeoutMs = 5_000 } = options;
    checkOptions(pathOrDatabase, options);
    this.#ownsDatabase = typeof pathOrDatabase === "string";
    this.#database =
      typeof pathOrDatabase === "string"
        ? openDatabase(pathOrDatabase, options.driver)
        : (pathOrDatabase as SqliteDatabase);
    this.#statements = this.#prepare(options.synchronous ?? "full", busyTimeoutMs);
    const { begin, commit, rollback } = this.#statements;
    this.#writes = new GroupCommit(
      { begin: () => begin.run(), commit: () => commit.run(), rollback: () => rollback.run(), isBusy },
      busyTimeoutMs,
    );
  }

  load(sessionId: string, known?: Checkpoint): StoredSession | undefined {
    return this.#guard("load a session", () => {
      const session = this.#session(sessionId);
      const head = session && readHead(this.#statements, session.key);
      if (session === undefined || head === undefined) return undefined;
      const seq = head.id % SPAN;
      const isKnown = known !== undefined && known.incarnation === session.incarnation && known.seq === seq;
      const stored = isKnown ? known : readCheckpoint(this.#statements, session, head);
      const pending = this.#pending(session, seq);
      const checkpoint = isKnown ? stored : withEphemeral(stored, pending.ephemeral);
      this.#keep(sessionId, { session: session.key, head, frontier: checkpoint.frontier, hasPending: pending.any });
      return { checkpoint, note: noteOf(session, seq) ?? checkpoint.note, records: pending.records };
    });
  }

  async commit(checkpoint: Checkpoint, { replace = false }: { readonly replace?: boolean } = {}): Promise<number> {
    const known = this.#known.get(checkpoint.sessionId);
    const isNext = known !== undefined && known.head.id % SPAN === checkpoint.parentSeq;
    const body = encodeBody(checkpoint, isNext ? known.frontier : undefined);
    return this.#write("commit a superstep", () => {
      if (replace) this.#drop(checkpoint.sessionId);
      return this.#commit({ checkpoint, body });
    });
  }

  async annotate(write: NoteWrite): Promise<void> {
    const bodies = write.records.map((record) => ({ key: recordKey(record), body: encode(record) }));
    await this.#write("save what is pending", () => this.#annotate(write, bodies));
  }

  list({ status, limit, after }: SessionQuery): readonly SessionSummary[] {
    const wanted = status ?? null;
    const rows = this.#guard("list sessions", () =>
      this.#statements.list.all(after ?? "", wanted, wanted, Math.min(limit, 2 ** 31)),
    ) as ListRow[];
    return rows.map((row) => ({
      sessionId: row.session_id,
      step: row.step,
      status: row.status as SessionSummary["status"],
      updatedAt: row.updated_at,
    }));
  }

  async delete(sessionId: string): Promise<void> {
    await this.#write("delete a session", () => this.#drop(sessionId));
    this.#known.delete(sessionId);
  }

  /** Waits for what is being written. Closes the database only if this store opened it. */
  async close(): Promise<void> {
    await this.#writes.idle();
    if (this.#ownsDatabase) this.#database.close();
  }

  #prepare(synchronous: "full" | "normal", busyTimeoutMs: number): Statements {
    return this.#guard("open the store", () => {
      this.#database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
      this.#database.exec("PRAGMA journal_mode = WAL");
      this.#database.exec(`PRAGMA synchronous = ${synchronous === "full" ? "FULL" : "NORMAL"}`);
      migrate(this.#database);
      this.#database.exec("PRAGMA busy_timeout = 20");
      return prepareAll(this.#database);
    });
  }

  #drop(sessionId: string): void {
    const session = this.#session(sessionId);
    if (session === undefined) return;
    this.#statements.dropPending.run(session.key);
    this.#statements.dropLog.run(session.key * SPAN, session.key * SPAN + SPAN - 1);
    this.#statements.dropSession.run(session.key);
  }

  #commit(record: { readonly checkpoint: Checkpoint; readonly body: string }): number {
    const { checkpoint } = record;
    const { sessionId, incarnation, parentSeq, createdAt, ephemeral, frontier } = checkpoint;
    const session = this.#session(sessionId);
    const head = session && readHead(this.#statements, session.key);
    const isExpected =
      parentSeq === undefined
        ? session === undefined
        : session?.incarnation === incarnation && head !== undefined && head.id % SPAN === parentSeq;
    if (!isExpected) throw conflict(checkpoint, parentSeq);
    const key =
      session?.key ?? (this.#statements.addSession.get(sessionId, incarnation, createdAt) as { key: number }).key;
    if (this.#known.get(sessionId)?.hasPending !== false) this.#statements.dropPending.run(key);
    const added = addCheckpoint(this.#statements, key, record, head);
    if (ephemeral.length > 0)
      this.#addPending(
        key,
        checkpoint.seq,
        EPHEMERAL,
        encode(ephemeral.map((name) => [name, checkpoint.state[name] as unknown])),
      );
    this.#keep(sessionId, { session: key, head: added.head, frontier, hasPending: ephemeral.length > 0 });
    return added.bytes;
  }

  #annotate(write: NoteWrite, bodies: readonly { readonly key: string; readonly body: string }[]): void {
    const session = this.#session(write.sessionId);
    const head = session && readHead(this.#statements, session.key);
    if (session?.incarnation !== write.incarnation || head === undefined || head.id % SPAN !== write.seq)
      throw conflict(write, write.seq);
    if (write.discardResults === true) this.#statements.dropResults.run(session.key);
    for (const { key, body } of bodies) this.#addPending(session.key, write.seq, key, body);
    if (write.note === undefined) this.#statements.touch.run(write.at, session.key);
    else this.#setNote(session.key, write, write.note);
    const known = this.#known.get(write.sessionId);
    if (known !== undefined && bodies.length > 0) this.#known.set(write.sessionId, { ...known, hasPending: true });
  }

  #setNote(key: number, { seq, at }: NoteWrite, note: Note): void {
    const text = encode(note);
    this.#statements.setNote.run(seq, text, checksum(seq, text), note.status.kind, at, key);
  }

  #addPending(session: number, seq: number, key: string, body: string): void {
    this.#statements.addPending.run(session, seq, key, checksum(seq, key, body), body);
  }

  #session(sessionId: string): SessionRow | undefined {
    return this.#statements.session.get(sessionId) as SessionRow | undefined;
  }

  #pending(
    session: SessionRow,
    seq: number,
  ): { readonly any: boolean; readonly records: readonly TaskRecord[]; readonly ephemeral: unknown } {
    const rows = this.#statements.pending.all(session.key, seq) as PendingRow[];
    const records: TaskRecord[] = [];
    let ephemeral: unknown;
    for (const { key, crc, body } of rows) {
      verify(`a pending record of session "${session.session_id}"`, crc, seq, key, body);
      const value = decode(body);
      sealStored(value);
      if (key === EPHEMERAL) ephemeral = value;
      else records.push(value as TaskRecord);
    }
    return { any: rows.length > 0, records, ephemeral };
  }

  #keep(sessionId: string, known: Known): void {
    this.#known.delete(sessionId);
    this.#known.set(sessionId, known);
    if (this.#known.size <= KNOWN_SESSIONS) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  async #write<T>(operation: string, work: () => T): Promise<T> {
    try {
      return await this.#writes.write(work);
    } catch (error) {
      throw failureOf(operation, error);
    }
  }

  #guard<T>(operation: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw failureOf(operation, error);
    }
  }
}

function checkOptions(pathOrDatabase: unknown, { synchronous, driver, busyTimeoutMs = 0 }: SqliteOptions): void {
  const isDatabase = typeof pathOrDatabase === "object" && pathOrDatabase !== null && "prepare" in pathOrDatabase;
  if (!isDatabase && (typeof pathOrDatabase !== "string" || pathOrDatabase === "")) {
    throw new InvalidOptionError(
      "pathOrDatabase",
      "is neither a path nor a database",
      'pass a file name, ":memory:", or an open database',
    );
  }
  if (synchronous !== undefined && synchronous !== "full" && synchronous !== "normal") {
    throw new InvalidOptionError("synchronous", `is ${JSON.stringify(synchronous)}`, 'use "full" or "normal"');
  }
  if (driver !== undefined && driver !== "better-sqlite3" && driver !== "node:sqlite") {
    throw new InvalidOptionError("driver", `is ${JSON.stringify(driver)}`, 'use "better-sqlite3" or "node:sqlite"');
  }
  if (!(busyTimeoutMs >= 0 && busyTimeoutMs < 2 ** 31)) {
    throw new InvalidOptionError("busyTimeoutMs", `is ${busyTimeoutMs}`, "give a number of milliseconds, 0 or more");
  }
}

function conflict(
  { sessionId, incarnation }: { readonly sessionId: string; readonly incarnation: string },
  seq: number | undefined,
): CheckpointConflictError {
  return new CheckpointConflictError(sessionId, seq === undefined ? undefined : checkpointId(incarnation, seq));
}

/** The note beside the head, if one was written since the head was. */
function noteOf(session: SessionRow, seq: number): Note | undefined {
  if (session.note_seq !== seq || session.note === null) return undefined;
  verify(`the note of session "${session.session_id}"`, session.note_crc, seq, session.note);
  const note = decode(session.note);
  sealStored(note);
  return note as Note;
}

function withEphemeral(checkpoint: Checkpoint, stored: unknown): Checkpoint {
  if (stored === undefined) return checkpoint;
  const entries = stored as readonly (readonly [string, unknown])[];
  const state = Object.freeze({ ...checkpoint.state, ...Object.fromEntries(entries) });
  return { ...checkpoint, state, ephemeral: entries.map(([name]) => name) };
}
