/**
 * The tables. A log row's key is its session's key times SPAN plus its place in the session, so that appending is one insert at the end
 * of one B-tree. `user_version` counts migrations.
 */
import { CheckpointError } from "../errors.js";
import type { SqliteDatabase } from "./driver.js";

/** Checkpoints that one session may have: 2^28. Leaves 2^25 sessions within exact integers. */
export const SPAN = 2 ** 28;

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE session (
    key INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    incarnation TEXT NOT NULL,
    -- the note beside the head; stands only while note_seq is the head
    note_seq INTEGER,
    note TEXT,
    note_crc INTEGER,
    note_status TEXT,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    parent INTEGER,
    step INTEGER NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    format INTEGER NOT NULL,
    -- where the chain begins that gives the state, what its snapshot weighs, and the bodies since
    base INTEGER NOT NULL,
    base_weight INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    body TEXT NOT NULL,
    snapshot TEXT
  ) STRICT;
  CREATE TABLE pending (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    -- the head that these records belong to
    seq INTEGER NOT NULL,
    key TEXT NOT NULL,
    crc INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (session, key)
  ) STRICT;`,
];

/** Brings the file to this version. Throws CheckpointError for a file that a newer version, or another program, has written. */
export function migrate(database: SqliteDatabase): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
    if (version > MIGRATIONS.length) {
      throw new CheckpointError(
        "open the store",
        new TypeError(`its format is ${version}, newer than ${MIGRATIONS.length}`),
        "update superstep",
      );
    }
    for (const sql of MIGRATIONS.slice(version)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
