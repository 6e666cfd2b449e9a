/** Every statement of the store, prepared once. */
import type { SqliteDatabase, SqliteStatement } from "./driver.js";
import { SPAN } from "./schema.js";

/** A row of `session`. */
export interface SessionRow {
  readonly key: number;
  readonly session_id: string;
  readonly incarnation: string;
  readonly note_seq: number | null;
  readonly note: string | null;
  readonly note_crc: number | null;
  readonly updated_at: number;
}
/** A row of `log`. */
export interface LogRow {
  readonly id: number;
  readonly parent: number | null;
  readonly step: number;
  readonly source: string;
  readonly created_at: number;
  readonly format: number;
  readonly base: number;
  readonly base_weight: number;
  readonly weight: number;
  readonly crc: number;
  readonly body: string;
  readonly snapshot: string | null;
}
/** The head of a chain, without its texts. */
export type HeadRow = Pick<LogRow, "id" | "base" | "base_weight" | "weight">;
/** A row of `pending`. */
export interface PendingRow {
  readonly key: string;
  readonly crc: number;
  readonly body: string;
}
/** A row of the list of sessions. */
export interface ListRow {
  readonly session_id: string;
  readonly step: number;
  readonly status: string;
  readonly updated_at: number;
}

const SQL = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  session:
    "SELECT key, session_id, incarnation, note_seq, note, note_crc, updated_at FROM session WHERE session_id = ?",
  addSession: "INSERT INTO session (session_id, incarnation, updated_at) VALUES (?, ?, ?) RETURNING key",
  setNote: "UPDATE session SET note_seq = ?, note = ?, note_crc = ?, note_status = ?, updated_at = ? WHERE key = ?",
  touch: "UPDATE session SET updated_at = ? WHERE key = ?",
  head: "SELECT id, base, base_weight, weight FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
  addLog: `INSERT INTO log (id, parent, step, source, status, created_at, format, base, base_weight, weight, crc, body, snapshot)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  log: "SELECT * FROM log WHERE id = ?",
  chain: "SELECT * FROM log WHERE id BETWEEN ? AND ? ORDER BY id",
  pending: "SELECT key, crc, body FROM pending WHERE session = ? AND seq = ? ORDER BY id",
  addPending: `INSERT INTO pending (session, seq, key, crc, body) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (session, key) DO UPDATE SET seq = excluded.seq, crc = excluded.crc, body = excluded.body`,
  dropPending: "DELETE FROM pending WHERE session = ?",
  dropResults: "DELETE FROM pending WHERE session = ? AND key LIKE '%|result'",
  dropLog: "DELETE FROM log WHERE id BETWEEN ? AND ?",
  dropSession: "DELETE FROM session WHERE key = ?",
  list: `SELECT * FROM (
      SELECT s.session_id, l.step,
        CASE WHEN s.note_seq = l.id % ${SPAN} THEN s.note_status ELSE l.status END AS status,
        max(s.updated_at, l.created_at) AS updated_at
      FROM session s JOIN log l ON l.id = (SELECT max(id) FROM log WHERE id BETWEEN s.key * ${SPAN} AND s.key * ${SPAN} + ${SPAN - 1})
      WHERE s.session_id > ?
    ) WHERE ? IS NULL OR status = ? ORDER BY session_id LIMIT ?`,
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, SqliteStatement>>;

export function prepareAll(database: SqliteDatabase): Statements {
  const entries = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]);
  return Object.fromEntries(entries) as Statements;
}
