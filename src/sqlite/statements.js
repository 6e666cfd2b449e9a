const LOG = "id, parent, step, source, status, created_at, format, base_weight, weight, body_crc, snapshot_crc, crc";
const LOG_HEAD = named(LOG);
const SESSION = named("key, session_id, incarnation, origin, floor, seen, kept, note, note_status, updated_at, crc");
const LOG_WEIGHT = "octet_length(body) + coalesce(octet_length(snapshot), 0)";
/** Under our own names: those in the file's schema may have been damaged. */
function named(columns) {
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
    keys: "SELECT key AS key FROM session WHERE session_id IS NOT NULL ORDER BY key",
    addSession: `INSERT INTO session (session_id, incarnation, origin, floor, seen, kept, note, note_status, updated_at, crc)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key AS key`,
    setSession: `UPDATE session SET session_id = ?, incarnation = ?, origin = ?, floor = ?, seen = ?, kept = ?, note = ?,
    note_status = ?, updated_at = ?, crc = ? WHERE key = ?`,
    dropSession: "DELETE FROM session WHERE key = ?",
    checkSessions: "PRAGMA integrity_check(session)",
    newest: `SELECT ${LOG_HEAD} FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1`,
    oldest: `SELECT ${LOG_HEAD} FROM log WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1`,
    nthNewest: "SELECT id AS id FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1 OFFSET ?",
    madeSince: "SELECT id AS id FROM log WHERE id BETWEEN ? AND ? AND created_at >= ? ORDER BY id LIMIT 1",
    base: "SELECT id AS id FROM log WHERE id BETWEEN ? AND ? AND snapshot_crc IS NOT NULL ORDER BY id DESC LIMIT 1",
    chain: `SELECT ${LOG_HEAD}, ${named("body, snapshot")} FROM log WHERE id BETWEEN ? AND ? ORDER BY id`,
    page: `SELECT ${LOG_HEAD}, ${named("body")} FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?`,
    count: `SELECT count(*) AS count, coalesce(sum(${LOG_WEIGHT}), 0) AS bytes FROM log WHERE id BETWEEN ? AND ?`,
    addLog: `INSERT INTO log (${LOG}, body, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    // Only on top of a head that is what its writer knows of it, with nothing beside it, under its writer's lease: else there is no body, and
    // a row without one is ignored. (An INSERT … SELECT would go through a table of its own.)
    advanceLog: `INSERT OR IGNORE INTO log (${LOG}, body, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    CASE WHEN (SELECT id FROM log WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) = ?
      AND EXISTS (SELECT 1 FROM session WHERE key = ? AND session_id = ? AND NOT (seen = ? AND kept > 0))
      AND EXISTS (SELECT 1 FROM lease WHERE fence = ? AND session_id = ?)
    THEN ? END, ?)`,
    setLog: "UPDATE log SET base_weight = ?, weight = ?, body_crc = ?, snapshot_crc = ?, crc = ?, body = ?, snapshot = ? WHERE id = ?",
    dropLog: "DELETE FROM log WHERE id BETWEEN ? AND ?",
    pending: `SELECT ${named("kind, key, crc, body")} FROM pending WHERE session = ? ORDER BY id`,
    pendingCount: "SELECT count(*) AS count FROM pending WHERE session = ? AND kind <> 'ephemeral'",
    addPending: `INSERT INTO pending (session, kind, key, crc, body) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (session, kind, key) DO UPDATE SET crc = excluded.crc, body = excluded.body`,
    dropPending: "DELETE FROM pending WHERE session = ?",
    dropKind: "DELETE FROM pending WHERE session = ? AND kind = ?",
    lease: `SELECT ${named("fence, owner, since, expires_at")} FROM lease WHERE session_id = ?`,
    addLease: "INSERT OR REPLACE INTO lease (session_id, owner, since, expires_at) VALUES (?, ?, ?, ?) RETURNING fence AS fence",
    renewLease: "UPDATE lease SET expires_at = ? WHERE session_id = ? AND fence = ? AND owner IS NOT NULL RETURNING fence AS fence",
    freeLease: "UPDATE lease SET owner = NULL WHERE session_id = ? AND fence = ?",
    dropLease: "DELETE FROM lease WHERE session_id = ? AND fence = ?",
    freePages: "PRAGMA freelist_count",
    allPages: "PRAGMA page_count",
    truncate: "PRAGMA wal_checkpoint(TRUNCATE)",
};
export function prepareAll(database) {
    const entries = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]);
    return Object.fromEntries(entries);
}
/** All of it or nothing: what throws leaves no trace. Within a transaction or without; reads see one state of the file. */
export function atomically({ savepoint, release, rollbackTo }, work) {
    savepoint.run();
    try {
        const done = work();
        release.run();
        return done;
    }
    catch (error) {
        undo(rollbackTo, release);
        throw error;
    }
}
function undo(rollbackTo, release) {
    try {
        rollbackTo.run();
        release.run();
    }
    catch {
        // SQLite has rolled back by itself
    }
}
