/**
 * The tables. A log row's id is its session's key times SPAN plus its place in the session's line, so that appending is one insert at the
 * end of one B-tree. A fork's line goes on in its origin's rows, at and below the row that it was forked from. `user_version` counts
 * migrations. Times are REAL, because a clock may count parts of milliseconds.
 */
import { crashPoint } from "../../crash-point.js";
import { CheckpointError } from "../../errors.js";
import type { SqliteDatabase } from "./driver.js";

/** Checkpoints that one line may have: 2^26. Leaves 2^27 sessions within exact integers. */
export const SPAN = 2 ** 26;
/** Beyond this key, ids are no longer exact. */
export const KEYS = 2 ** 27;

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE session (
    -- grows, so that a fork comes behind its origin and no key is used twice
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- null: deleted, and its rows are kept for its forks
    session_id TEXT UNIQUE,
    incarnation TEXT NOT NULL,
    -- of the graph that it began under; log rows of another graph say so
    fingerprint TEXT NOT NULL,
    -- the log row that it was forked from
    origin INTEGER,
    -- the place of the oldest checkpoint that it shows
    floor INTEGER NOT NULL,
    -- the head when this row was written, and how many task records stood beside it
    seen INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    -- the note beside the head; stands only while seen is the head
    note TEXT,
    note_status TEXT,
    updated_at REAL NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX fork ON session (origin) WHERE origin IS NOT NULL;
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    parent INTEGER,
    step INTEGER NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    format INTEGER NOT NULL,
    -- what the state weighed when it was last weighed, and the bodies since the line's last snapshot
    base_weight INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    body_crc INTEGER NOT NULL,
    -- null: no snapshot
    snapshot_crc INTEGER,
    -- of all columns before it, so that they can be read without the texts
    crc INTEGER NOT NULL,
    body TEXT NOT NULL,
    snapshot TEXT
  ) STRICT;
  -- beside the head of a session: task records, and ephemeral values
  CREATE TABLE pending (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    crc INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (session, kind, key)
  ) STRICT;
  CREATE TABLE lease (
    -- one count for all sessions, so that the numbers of a session that was deleted never come again
    fence INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL UNIQUE,
    -- null: given back
    owner TEXT,
    since REAL NOT NULL,
    expires_at REAL NOT NULL,
    -- a request to stop, to the owner of this lease, as JSON
    stop TEXT
  ) STRICT;
  -- outcomes of nodes, for every session
  CREATE TABLE cache (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    -- null: never
    expires_at REAL,
    crc INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX expiry ON cache (expires_at) WHERE expires_at IS NOT NULL;`,
  `CREATE TABLE artifact (
    -- grows, so that what mentioned one that is gone never means another
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL
  ) STRICT;
  -- bytes of artifacts; those of one stand together, in order
  CREATE TABLE piece (
    id INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
  ) STRICT;
  -- what refers to an artifact
  CREATE TABLE mention (
    kind TEXT NOT NULL,
    holder INTEGER NOT NULL,
    artifact INTEGER NOT NULL,
    PRIMARY KEY (kind, holder, artifact)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX mentioned ON mention (artifact);
  -- tells this store from others, for the folder of its artifacts
  CREATE TABLE store (id TEXT NOT NULL) STRICT;
  INSERT INTO store (id) VALUES (lower(hex(randomblob(16))));`,
];

/** The id of a log row. */
export function idOf(key: number, seq: number): number {
  return key * SPAN + seq;
}

export function keyOf(id: number): number {
  return Math.floor(id / SPAN);
}

export function seqOf(id: number): number {
  return id % SPAN;
}

/** Brings the file to this version. Throws CheckpointError for a file that a newer version, or another program, has written. */
export function migrate(database: SqliteDatabase): void {
  if (versionOf(database) === MIGRATIONS.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    crashPoint("sqlite.begun");
    const version = versionOf(database);
    if (version > MIGRATIONS.length) {
      throw new CheckpointError(
        "open the store",
        new TypeError(`its format is ${version}, newer than ${MIGRATIONS.length}`),
        "update superstep",
      );
    }
    for (const sql of MIGRATIONS.slice(version)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    crashPoint("sqlite.full");
    database.exec("COMMIT");
    crashPoint("sqlite.committed");
  } catch (error) {
    undo(database);
    throw error;
  }
}

function versionOf(database: SqliteDatabase): number {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  return version;
}

function undo(database: SqliteDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself
  }
}
