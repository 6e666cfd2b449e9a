/** Which rows are shown by some session: by their own, and by every fork that started at or above them. */
import { idOf, SPAN, seqOf } from "./schema.js";
import { checkSession } from "./session-row.js";
/** Counts the rows of a session below a place that are shown by anybody. */
export function countShown(statements, key, below) {
    const session = statements.sessionByKey.get(key);
    const ranges = session === undefined ? [] : shownRanges(statements, session);
    let counted = idOf(key, 0);
    let shown = 0;
    for (const [from, to] of ranges.toSorted(([one], [other]) => one - other)) {
        const [first, last] = [Math.max(from, counted + 1), Math.min(to, idOf(key, below) - 1)];
        if (first > last)
            continue;
        shown += statements.count.get(first, last).count;
        counted = last;
    }
    return shown;
}
/** The sessions that were forked from rows of this one. Throws CheckpointCorruptError. */
export function forksOf({ forks }, { key }) {
    return forks.all(idOf(key, 1), idOf(key, SPAN - 1)).map(checkSession);
}
function shownRanges(statements, session) {
    const { key, session_id, floor } = session;
    const ranges = session_id === null ? [] : [[idOf(key, floor), idOf(key, SPAN - 1)]];
    for (const fork of forksOf(statements, session)) {
        const origin = fork.origin ?? 0;
        const lowest = lowestShown(statements, fork);
        if (lowest <= seqOf(origin))
            ranges.push([idOf(key, lowest), origin]);
    }
    return ranges;
}
/** The oldest place that a session or a fork of it shows. */
function lowestShown(statements, session) {
    const places = forksOf(statements, session).map((fork) => lowestShown(statements, fork));
    if (session.session_id !== null)
        places.push(session.floor);
    return Math.min(...places);
}
