/**
 * Reading back along a line, newest first, a page at a time (T2). Of a page's checkpoints only the bodies are read; their states are when
 * one of them is looked at. Where a record is damaged, what is newer is given first. Ephemeral values are none of the past.
 */
import { CheckpointCorruptError } from "../errors.js";
import { outlineOf } from "../session/log-record.js";
import { noteBeside } from "./beside.js";
import { damagedLog, follows, gapBefore, readCheckpoint, readParent, segmentsOf } from "./line.js";
import { decodeRow, reading } from "./log.js";
import { PageStates } from "./page-states.js";
import { findRef, findStep, isLineEnd, rowAbove } from "./places.js";
import { idOf, SPAN, seqOf } from "./schema.js";
import { findLine, readHead } from "./session-row.js";
import { atomically } from "./statements.js";
/** Throws CheckpointCorruptError when the newest of the page is damaged. */
export function readHistory(connection, sessionId, query) {
    return connection.use("read the history", (file) => atomically(file.statements, () => {
        const line = findLine(file, sessionId);
        if (line === undefined || !(query.limit >= 1))
            return [];
        const entries = entriesOf(file.statements, line, query.limit, pageOf(file.statements, line, query));
        const states = new PageStates(connection, line, entries.map(({ placed }) => placed));
        return Object.freeze(entries.map((entry) => checkpointOf(entry, states)));
    }));
}
/** The checkpoint at that place; undefined when the session does not show one. Throws CheckpointCorruptError. */
export function readAt(statements, line, place) {
    const found = "step" in place ? findStep(statements, line, place.step) : findRef(statements, line, place);
    if (found === undefined || ("step" in place && found.row.step !== place.step))
        return undefined;
    const { checkpoint } = readCheckpoint(statements, line, found.row.id);
    return Object.freeze({ ...checkpoint, note: noteNow(statements, line, found) ?? checkpoint.note });
}
/** The note that stands beside the row now, if it is the head. */
function noteNow(statements, line, { row, segment }) {
    const { key, seen, note } = line.session;
    if (note === null || segment.key !== key || seqOf(row.id) !== seen)
        return undefined;
    const head = readHead(statements, line);
    return head.id === row.id ? noteBeside(line, head) : undefined;
}
/** One row more than asked for: what ran may stand in the parent of the oldest. */
function pageOf(statements, line, { limit, before }) {
    if (before === undefined || ("seq" in before && before.seq >= SPAN))
        return newestPage(statements, line, limit);
    if ("step" in before)
        return pageBelowStep(statements, line, limit, before.step);
    const rows = rowsUpTo(statements, line, before.seq, limit + 2);
    const [newest, ...below] = rows;
    if (newest !== undefined && seqOf(newest.row.id) === before.seq)
        return { above: newest, rows: below };
    return { above: rowAbove(statements, line, before.seq), rows: rows.slice(0, limit + 1) };
}
function newestPage(statements, line, limit) {
    const rows = rowsUpTo(statements, line, SPAN - 1, limit + 1);
    const [head] = rows;
    if (head?.segment.key !== line.session.key || seqOf(head.row.id) < line.session.seen)
        throw damagedLog(line);
    return { above: undefined, rows };
}
function pageBelowStep(statements, line, limit, step) {
    const newest = findStep(statements, line, Math.ceil(step) - 1);
    if (newest === undefined)
        return { above: undefined, rows: [] };
    const rows = rowsUpTo(statements, line, seqOf(newest.row.id), limit + 1);
    if (rows[0]?.row.id !== newest.row.id)
        throw damagedLog(line);
    return { above: undefined, rows };
}
function rowsUpTo(statements, line, seq, limit) {
    const rows = [];
    for (const segment of segmentsOf(statements, line, line.session.floor)) {
        const last = Math.min(segment.last, idOf(segment.key, seq));
        const found = statements.page.all(segment.first, last, limit - rows.length);
        for (const row of found)
            rows.push({ row, segment });
        if (rows.length >= limit)
            break;
    }
    return rows;
}
function entriesOf(statements, line, limit, page) {
    const entries = [];
    const decoded = new Map();
    const decode = ({ row, segment }) => {
        const record = decoded.get(row) ?? decodeRow(segment, row);
        decoded.set(row, record);
        return record;
    };
    try {
        while (entries.length < limit) {
            const entry = entryAt({ statements, line, decode }, page, entries.length);
            if (entry === undefined)
                break;
            entries.push(entry);
        }
    }
    catch (error) {
        if (entries.length === 0 || !(error instanceof CheckpointCorruptError))
            throw error;
    }
    return entries;
}
/** Undefined behind the oldest checkpoint of the line. */
function entryAt({ statements, line, decode }, { above, rows }, place) {
    const newer = place === 0 ? above : rows[place - 1];
    const placed = rows[place];
    if (newer !== undefined && (placed ? !follows(placed, newer) : !isLineEnd(line, newer)))
        throw gapBefore(newer);
    if (placed === undefined)
        return undefined;
    const record = decode(placed);
    const older = rows[place + 1];
    const parent = () => (older && follows(older, placed) ? decode(older) : readParent(statements, placed));
    const outline = reading(placed.segment, placed.row, () => outlineOf(record, parent));
    return { placed, outline: { ...outline, note: noteNow(statements, line, placed) ?? outline.note } };
}
function checkpointOf({ placed, outline }, states) {
    return Object.freeze({
        ...outline,
        get state() {
            return states.of(placed).state;
        },
        get versions() {
            return states.of(placed).versions;
        },
    });
}
