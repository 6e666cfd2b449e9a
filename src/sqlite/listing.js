import { seqOf } from "./schema.js";
import { checkSession, checkSessions, readHead } from "./session-row.js";
/** Rows read at once. */
const BATCH = 200;
/** Throws CheckpointCorruptError. */
export function listSessions(file, { status, limit, after }) {
    checkSessions(file);
    const { sessionsFrom, sessionsAfter } = file.statements;
    const found = [];
    let rows = (after === undefined ? sessionsFrom.all("", BATCH) : sessionsAfter.all(after, BATCH));
    while (found.length < limit && rows.length > 0) {
        for (const row of rows) {
            const summary = summaryOf(file.statements, checkSession(row));
            if (found.length < limit && (status === undefined || summary.status === status))
                found.push(summary);
        }
        rows = sessionsAfter.all(rows[rows.length - 1]?.session_id ?? "", BATCH);
    }
    return found;
}
function summaryOf(statements, session) {
    const sessionId = session.session_id ?? "";
    const head = readHead(statements, { sessionId, session });
    const isNewer = session.seen === seqOf(head.id);
    const status = (isNewer && session.note_status) || head.status;
    return {
        sessionId,
        step: head.step,
        status: status,
        updatedAt: isNewer ? session.updated_at : head.created_at,
    };
}
