/**
 * Rows of `session`. Besides saying what a session is, the row is a witness: it names the head and counts the records beside it as they
 * were when it was last written, so that a file that lost the newest of them is found out and not taken for an older state.
 */
import { CheckpointCorruptError, CheckpointError } from "../../errors.js";
import { checksum } from "../connection/checksum.js";
import type { OpenFile } from "../connection/connection.js";
import { idOf, KEYS, SPAN, seqOf } from "../connection/schema.js";
import type { LogHead, SessionRow, Statements } from "../connection/statements.js";
import { checkHead } from "./log.js";

/** A session under the name that its caller knows it by. */
export interface Line {
  readonly sessionId: string;
  readonly session: SessionRow;
}

/** The session of that id; undefined when there is none. Throws CheckpointCorruptError. */
export function findLine(file: OpenFile, sessionId: string): Line | undefined {
  const session = file.statements.session.get(sessionId) as SessionRow | undefined;
  if (session !== undefined) return { sessionId, session: checkSession(session) };
  checkSessions(file);
  return undefined;
}

/** Whether the row is what was written. */
export function isSound(row: SessionRow): boolean {
  return row.crc === sessionChecksum(row);
}

/** The row, when it is what was written. Throws CheckpointCorruptError. */
export function checkSession(row: SessionRow): SessionRow {
  if (!isSound(row))
    throw new CheckpointCorruptError(`the record of session "${row.session_id}"`, {
      sessionId: row.session_id ?? undefined,
    });
  return row;
}

/** Before it is believed that a session is not there, or has no forks: once for each opening of the file, the indexes are held against the table. */
export function checkSessions(file: OpenFile): void {
  if (file.hasCheckedSessions) return;
  const [first] = file.statements.checkSessions.all() as { integrity_check: string }[];
  if (first?.integrity_check !== "ok")
    throw new CheckpointCorruptError("the store's table of sessions", { cause: new TypeError(first?.integrity_check) });
  file.hasCheckedSessions = true;
}

/** The newest row of the session. Throws CheckpointCorruptError also when it is older than one that was there before. */
export function readHead({ newest }: Statements, { sessionId, session }: Line): LogHead {
  const { key, incarnation, fingerprint, seen } = session;
  const head = newest.get(idOf(key, 1), idOf(key, SPAN - 1)) as LogHead | undefined;
  if (head === undefined || seqOf(head.id) < seen)
    throw new CheckpointCorruptError(`the newest checkpoint of session "${sessionId}"`, { sessionId });
  return checkHead({ sessionId, incarnation, fingerprint, key }, head);
}

/** How many task records stand beside the head. */
export function keptBeside({ seen, kept }: SessionRow, head: Pick<LogHead, "id">): number {
  return seen === seqOf(head.id) ? kept : 0;
}

/** Gives the row. */
export function addSession({ addSession: add }: Statements, row: Omit<SessionRow, "key" | "crc">): SessionRow {
  const crc = sessionChecksum(row);
  const { key } = add.get(...columnsOf(row), crc) as { key: number };
  if (key >= KEYS)
    throw new CheckpointError("add a session", new TypeError(`the file has held ${KEYS} sessions`), "begin a new file");
  return { ...row, key, crc };
}

/** Gives the row as it is now. */
export function setSession({ setSession: set }: Statements, row: Omit<SessionRow, "crc">): SessionRow {
  const crc = sessionChecksum(row);
  set.run(...columnsOf(row), crc, row.key);
  return { ...row, crc };
}

/** Takes the name from a session: it is deleted, and its rows stay for whoever needs them. What was damaged stays damaged. */
export function unname({ setSession: set }: Statements, row: SessionRow): void {
  const nameless = { ...row, session_id: null, note: null, note_status: null, kept: 0 };
  set.run(...columnsOf(nameless), isSound(row) ? sessionChecksum(nameless) : row.crc, row.key);
}

function sessionChecksum(row: Omit<SessionRow, "key" | "crc">): number {
  return checksum(...columnsOf(row));
}

/** In the order of the table. */
function columnsOf(row: Omit<SessionRow, "key" | "crc">): (string | number | null)[] {
  const { session_id, incarnation, fingerprint, origin, floor, seen, kept, note, note_status, updated_at } = row;
  return [session_id, incarnation, fingerprint, origin, floor, seen, kept, note, note_status, updated_at];
}
