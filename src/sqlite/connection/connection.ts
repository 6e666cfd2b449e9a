/**
 * The open file, and what is known through it. After an I/O error nothing that SQLite says of a connection is to be trusted, so it is
 * given up with all that was known, and the next call opens the file again.
 */
import { existsSync } from "node:fs";
import { CheckpointError } from "../../errors.js";
import type { KnownParent } from "../../session/log-record.js";
import type { ArtifactFolder } from "../artifacts/folder.js";
import { type DriverName, openDatabase, type SqliteDatabase } from "./driver.js";
import { failureOf, isFatal } from "./failures.js";
import { migrate } from "./schema.js";
import { prepareAll, type SessionRow, type Statements } from "./statements.js";

/** A head that this process wrote or read. Another one may have written since. */
export interface KnownHead extends KnownParent {
  readonly incarnation: string;
  readonly seq: number;
  /** Of its row. */
  readonly id: number;
  readonly created_at: number;
  readonly weight: number;
  readonly base_weight: number;
  readonly crc: number;
  /** The session's record. */
  readonly session: SessionRow;
  /** Whether ephemeral values stand beside it. */
  readonly hasEphemeral: boolean;
}
/** A file that is open. */
export interface OpenFile {
  readonly database: SqliteDatabase;
  readonly statements: Statements;
  readonly known: Map<string, KnownHead>;
  hasCheckedSessions: boolean;
  hasCheckedMentions: boolean;
}
/** How a connection comes about. */
export interface Opening {
  /** Undefined: the database is the caller's, who alone can open it again. */
  readonly reopen: (() => SqliteDatabase) | undefined;
  readonly synchronous: "full" | "normal";
  readonly busyTimeoutMs: number;
  /** Of a file that the store opened itself. */
  readonly path?: string | undefined;
  /** Where the bytes of artifacts are, if not in the file. */
  readonly folder?: ArtifactFolder | undefined;
}

/** The write-ahead log is copied into the file when it has grown to this: 16 MB of pages of 4 KB. Four times SQLite's default, for a tenth of the time. */
const WAL_PAGES = 4_000;
/** Milliseconds that SQLite itself waits for a lock before the event loop gets its turn. */
const LOCK_MS = 20;

export class Connection {
  readonly #opening: Opening;
  #file: OpenFile | undefined;
  #isClosed = false;
  /** Several writes of one transaction fail by the same error. */
  #lastFatal: unknown;

  /** Throws CheckpointError and CheckpointCorruptError. */
  constructor(database: SqliteDatabase, opening: Opening) {
    this.#opening = opening;
    this.#file = this.#guard("open the store", () => prepare(database, opening));
  }

  /** The file, opened again if it had to be given up. Throws CheckpointError. */
  file(): OpenFile {
    this.#file ??= this.#reopen();
    return this.#file;
  }

  /** Does what needs the file. What goes wrong is a typed error. */
  use<T>(operation: string, work: (file: OpenFile) => T): T {
    return this.#guard(operation, () => work(this.file()));
  }

  /** The typed error for what went wrong; gives the connection up when it is not to be trusted any more. */
  failed(operation: string, error: unknown): Error {
    if (isFatal(error) && error !== this.#lastFatal) {
      this.#lastFatal = error;
      this.#giveUp();
    }
    return failureOf(operation, error, this.#opening.path);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #guard<T>(operation: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.failed(operation, error);
    }
  }

  #giveUp(): void {
    try {
      this.#release();
    } catch {
      // it is not used again, whatever it says
    }
  }

  /** A database of the caller's stays open. */
  #release(): void {
    const file = this.#file;
    this.#file = undefined;
    if (this.#opening.reopen !== undefined) file?.database.close();
  }

  #reopen(): OpenFile {
    const { reopen } = this.#opening;
    if (reopen === undefined || this.#isClosed)
      throw new CheckpointError(
        "use the store",
        new TypeError(this.#isClosed ? "it is closed" : "its database failed to read or write the disk"),
        "open the database and the store again",
      );
    return prepare(reopen(), this.#opening);
  }
}

/** Opens a file, and says how to open it again. A file that vanished is not begun anew, and neither is what was in memory. */
export function openPath(
  path: string,
  driver: DriverName | undefined,
): { database: SqliteDatabase; reopen: () => SqliteDatabase } {
  const reopen = () => {
    if (existsSync(path)) return openDatabase(path, driver);
    throw new CheckpointError(`open "${path}"`, new TypeError("the file is gone"), "open the store again");
  };
  return { database: openDatabase(path, driver), reopen };
}

function prepare(database: SqliteDatabase, { synchronous, busyTimeoutMs, folder }: Opening): OpenFile {
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  // says something only as long as the file is empty
  database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${synchronous}`);
  database.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
  migrate(database);
  database.exec(`PRAGMA busy_timeout = ${LOCK_MS}`);
  const statements = prepareAll(database, folder);
  folder?.claim((statements.storeId.get() as { readonly id: string }).id);
  return { database, statements, known: new Map(), hasCheckedSessions: false, hasCheckedMentions: false };
}
