/** Lists of sessions, ordered by id. What a row says is checked before anything is left out because of it. */
import type { SessionQuery } from "../../session/checkpointer.js";
import type { SessionSummary } from "../../session/view.js";
import type { OpenFile } from "../connection/connection.js";
import { seqOf } from "../connection/schema.js";
import type { SessionRow, Statements } from "../connection/statements.js";
import { checkSession, checkSessions, readHead } from "./session-row.js";

/** Rows read at once. */
const BATCH = 200;

/** Throws CheckpointCorruptError. */
export function listSessions(file: OpenFile, { status, limit, after }: SessionQuery): readonly SessionSummary[] {
  checkSessions(file);
  const { sessionsFrom, sessionsAfter } = file.statements;
  const found: SessionSummary[] = [];
  let rows = (after === undefined ? sessionsFrom.all("", BATCH) : sessionsAfter.all(after, BATCH)) as SessionRow[];
  while (found.length < limit && rows.length > 0) {
    for (const row of rows) {
      const summary = summaryOf(file.statements, checkSession(row));
      if (found.length < limit && (status === undefined || summary.status === status)) found.push(summary);
    }
    rows = sessionsAfter.all(rows[rows.length - 1]?.session_id ?? "", BATCH) as SessionRow[];
  }
  return found;
}

function summaryOf(statements: Statements, session: SessionRow): SessionSummary {
  const sessionId = session.session_id ?? "";
  const head = readHead(statements, { sessionId, session });
  const isNewer = session.seen === seqOf(head.id);
  const status = (isNewer && session.note_status) || head.status;
  return {
    sessionId,
    step: head.step,
    status: status as SessionSummary["status"],
    updatedAt: isNewer ? session.updated_at : head.created_at,
  };
}
