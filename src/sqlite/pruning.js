import { collect } from "./collecting.js";
import { segmentsOf } from "./line.js";
import { seqOf } from "./schema.js";
import { checkSession, readHead, setSession } from "./session-row.js";
import { countShown } from "./shown.js";
import { atomically } from "./statements.js";
/** Prunes these sessions, all or none. Counts what nobody shows any more. Throws CheckpointCorruptError. */
export function pruneSessions(file, keys, policy) {
    const { statements } = file;
    return atomically(statements, () => {
        const cuts = keys.flatMap((key) => cutOf(statements, key, policy));
        const touched = touchedBy(statements, cuts);
        const before = countAll(statements, touched);
        for (const { line, floor } of cuts)
            setSession(statements, { ...line.session, floor });
        const checkpoints = before - countAll(statements, touched);
        const { bytes } = collect(file, cuts.map(({ line }) => line.session.key));
        return { checkpoints, bytes };
    });
}
/** None when the session goes on showing what it shows, or is nobody's any more. */
function cutOf(statements, key, policy) {
    const session = statements.sessionByKey.get(key);
    if (session === undefined || session.session_id === null)
        return [];
    const line = { sessionId: session.session_id, session: checkSession(session) };
    const floor = Math.min(newestThatStay(statements, line, policy), madeSince(statements, line, policy));
    return floor > session.floor ? [{ line, floor }] : [];
}
/** The sessions whose rows are shown less, each with the place below which that is so. */
function touchedBy(statements, cuts) {
    const touched = new Map();
    for (const { line, floor } of cuts) {
        for (const { key } of segmentsOf(statements, line, line.session.floor))
            touched.set(key, Math.max(floor, touched.get(key) ?? 0));
    }
    return touched;
}
function countAll(statements, touched) {
    return [...touched].reduce((sum, [key, below]) => sum + countShown(statements, key, below), 0);
}
/** The place of the oldest of the newest that stay; 0 when the line has no more than those. */
function newestThatStay(statements, line, { keepLast = 1 }) {
    readHead(statements, line);
    let wanted = Math.max(1, Math.ceil(keepLast));
    for (const { first, last } of segmentsOf(statements, line, line.session.floor)) {
        const found = statements.nthNewest.get(first, last, wanted - 1);
        if (found !== undefined)
            return seqOf(found.id);
        wanted -= statements.count.get(first, last).count;
    }
    return 0;
}
/** The place of the oldest checkpoint that was made at that time or later. */
function madeSince(statements, line, { madeBefore }) {
    if (madeBefore === undefined)
        return Number.POSITIVE_INFINITY;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { first, last } of segmentsOf(statements, line, line.session.floor)) {
        const found = statements.madeSince.get(first, last, madeBefore);
        if (found !== undefined)
            oldest = seqOf(found.id);
    }
    return oldest;
}
