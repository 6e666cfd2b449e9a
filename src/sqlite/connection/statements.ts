/** Every statement of the store, prepared at most once. */
import type { ArtifactFolder } from "../artifacts/folder.js";
import type { SqliteDatabase, SqliteStatement } from "./driver.js";
import { SPAN } from "./schema.js";

/** A row of `session`. */
export interface SessionRow {
  readonly key: number;
  /** Null: deleted, and kept for its forks. */
  readonly session_id: string | null;
  readonly incarnation: string;
  readonly fingerprint: string;
  readonly origin: number | null;
  readonly floor: number;
  readonly seen: number;
  readonly kept: number;
  readonly note: string | null;
  readonly note_status: string | null;
  readonly updated_at: number;
  readonly crc: number;
}
/** A row of `log` without its texts. */
export interface LogHead {
  readonly id: number;
  readonly parent: number | null;
  readonly step: number;
  readonly source: string;
  readonly status: string;
  readonly created_at: number;
  readonly format: number;
  readonly base_weight: number;
  readonly weight: number;
  readonly body_crc: number;
  readonly snapshot_crc: number | null;
  readonly crc: number;
}
/** A row of `log` without its snapshot. */
export interface LogBody extends LogHead {
  readonly body: string;
}
/** As much of a row of `log` as those after it need. */
export type LogLink = Pick<LogRow, "id" | "parent" | "step" | "body_crc" | "snapshot_crc" | "body" | "snapshot">;
/** A row of `log`. */
export interface LogRow extends LogBody {
  readonly snapshot: string | null;
}
/** A row of `pending`. */
export interface PendingRow {
  readonly kind: string;
  readonly key: string;
  readonly crc: number;
  readonly body: string;
}
/** A row of `lease`. */
export interface LeaseRow {
  readonly fence: number;
  readonly owner: string | null;
  readonly since: number;
  readonly expires_at: number;
}

const LOG = "id, parent, step, source, status, created_at, format, base_weight, weight, body_crc, snapshot_crc, crc";
const LOG_HEAD = named(LOG);
const SESSION = named(
  "key, session_id, incarnation, fingerprint, origin, floor, seen, kept, note, note_status, updated_at, crc",
);
const LOG_WEIGHT = "octet_length(body) + coalesce(octet_length(snapshot), 0)";

/** Of a head that is none any more, or of a session that is nobody's. */
const PASSED_HEAD = `kind IN ('head', 'result') AND NOT EXISTS (
    SELECT 1 FROM session WHERE key = holder / ${SPAN} AND session_id IS NOT NULL
    AND holder = (SELECT id FROM log WHERE id BETWEEN key * ${SPAN} AND (key + 1) * ${SPAN} - 1 ORDER BY id DESC LIMIT 1))`;
const LOOSE = `SELECT ${named("id, digest, size")} FROM artifact
    WHERE NOT EXISTS (SELECT 1 FROM mention WHERE mention.artifact = artifact.id)`;

/** Under our own names: those in the file's schema may have been damaged. */
function named(columns: string): string {
  return columns.replaceAll(/\w+/g, "$& AS $&");
}

const SQL = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  savepoint: "SAVEPOINT work",
  release: "RELEASE work",
  rollbackTo: "ROLLBACK TO work",

  session: `SELECT ${SESSION} FROM session WHERE session_id = ?`,
  sessionByKey: `SELECT ${SESSION} FROM session WHERE key = ?`,
  sessionsFrom: `SELECT ${SESSION} FROM session WHERE session_id >= ? ORDER BY session_id LIMIT ?`,
  sessionsAfter: `SELECT ${SESSION} FROM session WHERE session_id > ? ORDER BY session_id LIMIT ?`,
  forks: `SELECT ${SESSION} FROM session WHERE origin BETWEEN ? AND ? ORDER BY key`,
  keys: "SELECT key AS key FROM session WHERE session_id IS NOT NULL AND instr(session_id, char(31)) = 0 ORDER BY key",
  addSession: `INSERT INTO session
    (session_id, incarnation, fingerprint, origin, floor, seen, kept, note, note_status, updated_at, crc)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key AS key`,
  setSession: `UPDATE session SET session_id = ?, incarnation = ?, fingerprint = ?, origin = ?, floor = ?, seen = ?, kept = ?,
    note = ?, note_status = ?, updated_at = ?, crc = ? WHERE key = ?`,
  dropSession: "DELETE FROM session WHERE key = ?",
  checkSessions: "PRAGMA integrity_check(session)",

  newest: `SELECT ${LOG_HEAD} FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1`,
  oldest: `SELECT ${LOG_HEAD} FROM log WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1`,
  nthNewest: "SELECT id AS id FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1 OFFSET ?",
  madeSince: "SELECT id AS id FROM log WHERE id BETWEEN ? AND ? AND created_at >= ? ORDER BY id LIMIT 1",
  base: "SELECT id AS id FROM log WHERE id BETWEEN ? AND ? AND snapshot_crc IS NOT NULL ORDER BY id DESC LIMIT 1",
  row: `SELECT ${LOG_HEAD}, ${named("body, snapshot")} FROM log WHERE id = ?`,
  chain: `SELECT ${named("id, parent, step, body_crc, snapshot_crc, body, snapshot")} FROM log WHERE id BETWEEN ? AND ? ORDER BY id`,
  page: `SELECT ${LOG_HEAD}, ${named("body")} FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?`,
  count: `SELECT count(*) AS count, coalesce(sum(${LOG_WEIGHT}), 0) AS bytes FROM log WHERE id BETWEEN ? AND ?`,
  addLog: `INSERT INTO log (${LOG}, body, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // Only on top of a head that is what its writer knows of it, with nothing beside it, under its writer's lease: else there is no body, and
  // a row without one is ignored. (An INSERT … SELECT would go through a table of its own.)
  advanceLog: `INSERT OR IGNORE INTO log (${LOG}, body, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    CASE WHEN (SELECT id, crc FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) = (?, ?)
      AND EXISTS (SELECT 1 FROM session WHERE key = ? AND session_id = ? AND NOT (seen = ? AND kept > 0))
      AND EXISTS (SELECT 1 FROM lease WHERE fence = ? AND session_id = ?)
    THEN ? END, ?)`,
  setLog:
    "UPDATE log SET base_weight = ?, weight = ?, body_crc = ?, snapshot_crc = ?, crc = ?, body = ?, snapshot = ? WHERE id = ?",
  dropLog: "DELETE FROM log WHERE id BETWEEN ? AND ?",

  pending: `SELECT ${named("kind, key, crc, body")} FROM pending WHERE session = ? ORDER BY id`,
  pendingCount: "SELECT count(*) AS count FROM pending WHERE session = ? AND kind <> 'ephemeral'",
  addPending: `INSERT INTO pending (session, kind, key, crc, body) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (session, kind, key) DO UPDATE SET crc = excluded.crc, body = excluded.body`,
  dropPending: "DELETE FROM pending WHERE session = ?",
  dropKind: "DELETE FROM pending WHERE session = ? AND kind = ?",

  // How many task records stand beside a head, while it, the session's record and the lease are what their reader knows of them.
  standing: `SELECT (SELECT count(*) FROM pending WHERE session = ? AND kind <> 'ephemeral') AS kept
    WHERE (SELECT id, crc FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) = (?, ?)
      AND EXISTS (SELECT 1 FROM session WHERE key = ? AND session_id = ? AND crc = ?)
      AND EXISTS (SELECT 1 FROM lease WHERE fence = ? AND session_id = ?)`,

  lease: `SELECT ${named("fence, owner, since, expires_at")} FROM lease WHERE session_id = ?`,
  claimLease: `INSERT OR REPLACE INTO lease (session_id, owner, since, expires_at) SELECT ?, ?, ?, ?
    WHERE NOT EXISTS (SELECT 1 FROM lease WHERE session_id = ? AND owner IS NOT NULL AND expires_at > ? AND fence IS NOT ?)
    RETURNING fence AS fence`,
  renewLease:
    "UPDATE lease SET expires_at = ? WHERE session_id = ? AND fence = ? AND owner IS NOT NULL RETURNING stop AS stop",
  askToStop: `UPDATE lease SET stop = coalesce(stop, ?) WHERE session_id = ? AND owner IS NOT NULL AND expires_at > ?
    RETURNING ${named("fence, owner, since")}`,
  freeLease: "UPDATE lease SET owner = NULL WHERE session_id = ? AND fence = ?",
  // of a session whose head and record are what its owner knows of them
  freeKnownLease: `UPDATE lease SET owner = NULL WHERE session_id = ? AND fence = ?
    AND (SELECT id, crc FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) = (?, ?)
    AND EXISTS (SELECT 1 FROM session WHERE key = ? AND session_id = ? AND crc = ?)`,
  dropLease: "DELETE FROM lease WHERE session_id = ? AND fence = ?",

  cached: `SELECT ${named("expires_at, crc, body")} FROM cache WHERE key = ?`,
  addCached: `INSERT INTO cache (key, expires_at, crc, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, crc = excluded.crc, body = excluded.body
    RETURNING id AS id`,
  dropExpired: "DELETE FROM cache WHERE expires_at <= ?",

  artifact: `SELECT ${named("id, size")} FROM artifact WHERE digest = ?`,
  anyArtifact: "SELECT 1 FROM artifact LIMIT 1",
  addArtifact: "INSERT INTO artifact (digest, size) VALUES (?, ?) RETURNING id AS id",
  setArtifact: "UPDATE artifact SET digest = ?, size = ? WHERE id = ?",
  growArtifact: "UPDATE artifact SET size = size + ? WHERE id = ?",
  dropArtifact: "DELETE FROM artifact WHERE id = ?",
  pieces: "SELECT bytes AS bytes FROM piece WHERE id BETWEEN ? AND ? ORDER BY id",
  addPiece: "INSERT INTO piece (id, bytes) VALUES (?, ?)",
  dropPieces: "DELETE FROM piece WHERE id BETWEEN ? AND ?",
  dropSomePieces: `DELETE FROM piece WHERE id IN (SELECT id FROM piece WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?) RETURNING id AS id`,
  addMention: "INSERT OR IGNORE INTO mention (kind, holder, artifact) VALUES (?, ?, ?)",
  moveMentionsOf: "UPDATE OR REPLACE mention SET artifact = ? WHERE artifact = ?",
  moveMentionsBy: "UPDATE OR REPLACE mention SET holder = ? WHERE kind = 'artifact' AND holder = ?",
  dropMentions: "DELETE FROM mention WHERE kind = ? AND holder BETWEEN ? AND ? RETURNING artifact AS artifact",
  dropGoneParts: `DELETE FROM mention WHERE kind = 'part' AND holder BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM log WHERE id = holder)
    RETURNING artifact AS artifact`,
  anyMention: "SELECT 1 FROM mention WHERE kind = 'log' AND holder BETWEEN ? AND ? LIMIT 1",
  dropMentionsOf: "DELETE FROM mention WHERE artifact = ?",
  copyMentions: `INSERT OR IGNORE INTO mention (kind, holder, artifact)
    SELECT kind, ?, artifact FROM mention WHERE kind = 'log' AND holder BETWEEN ? AND ?`,
  moveMentions: "UPDATE OR REPLACE mention SET holder = ? WHERE kind IN ('head', 'result') AND holder = ?",
  dropPassedHeads: `DELETE FROM mention WHERE ${PASSED_HEAD}`,
  dropPassedHeadsOf: `DELETE FROM mention WHERE artifact = ? AND ${PASSED_HEAD}`,
  dropPassedCache: "DELETE FROM mention WHERE kind = 'cache' AND NOT EXISTS (SELECT 1 FROM cache WHERE id = holder)",
  loose: `${LOOSE}`,
  looseOne: `${LOOSE} AND id = ?`,
  checkMentions: "PRAGMA integrity_check(mention)",

  storeId: "SELECT id AS id FROM store",

  freePages: "PRAGMA freelist_count",
  allPages: "PRAGMA page_count",
  truncate: "PRAGMA wal_checkpoint(TRUNCATE)",
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, SqliteStatement>> & {
  /** Where the bytes of artifacts are, if not in the file. */
  readonly folder: ArtifactFolder | undefined;
};

/** Each is prepared when it is first needed: most processes need few, and all of them take as long as opening the file. */
export function prepareAll(database: SqliteDatabase, folder: ArtifactFolder | undefined): Statements {
  const statements = { folder } as Statements;
  for (const [name, sql] of Object.entries(SQL)) {
    const get = () => {
      const value = database.prepare(sql);
      Object.defineProperty(statements, name, { value });
      return value;
    };
    Object.defineProperty(statements, name, { get, configurable: true, enumerable: true });
  }
  return statements;
}

/** All of it or nothing: what throws leaves no trace. Within a transaction or without; reads see one state of the file. */
export function atomically<T>({ savepoint, release, rollbackTo }: Statements, work: () => T): T {
  savepoint.run();
  try {
    const done = work();
    release.run();
    return done;
  } catch (error) {
    undo(rollbackTo, release);
    throw error;
  }
}

function undo(rollbackTo: SqliteStatement, release: SqliteStatement): void {
  try {
    rollbackTo.run();
    release.run();
  } catch {
    // SQLite has rolled back by itself
  }
}
