/** What stands beside a head and goes with the next commit: task records, ephemeral values, the note. */
import { CheckpointCorruptError } from "../errors.js";
import { decode, encode } from "../session/codec.js";
import { ephemeralOf } from "../session/log-record.js";
import { sealStored } from "../state/seal.js";
import { recordKey } from "../superstep/record.js";
import { checksum, verify } from "./checksum.js";
import { seqOf } from "./schema.js";
import { keptBeside } from "./session-row.js";
const EPHEMERAL = "ephemeral";
/** The key may hold anything; SQL text may not: a NUL would cut it, a half surrogate be replaced. */
export function encodeRecord(record) {
    return { kind: record.kind, key: JSON.stringify(recordKey(record)), body: encode(record) };
}
/** Everything beside the head. Throws CheckpointCorruptError, also when a record is missing. */
export function readBeside({ pending }, line, head) {
    const records = [];
    let ephemeral = [];
    for (const { kind, key, crc, body } of pending.all(line.session.key)) {
        verify(`a pending record of session "${line.sessionId}"`, crc, line.session.key, kind, key, body);
        const value = decode(body);
        sealStored(value);
        if (kind === EPHEMERAL)
            ephemeral = value;
        else
            records.push(value);
    }
    checkCount(line, head, records.length);
    return { records, ephemeral };
}
/** Counts the task records without reading them. Throws CheckpointCorruptError when one is missing. */
export function countBeside(statements, line, head) {
    const count = countRecords(statements, line.session.key);
    checkCount(line, head, count);
    return count;
}
export function countRecords({ pendingCount }, key) {
    return pendingCount.get(key).count;
}
export function addRecord({ addPending }, session, { kind, key, body }) {
    addPending.run(session, kind, key, checksum(session, kind, key, body), body);
}
export function dropResults({ dropKind }, session) {
    dropKind.run(session, "result");
}
/** The ephemeral values of a new head, in place of those of the former one. */
export function replaceEphemeral(statements, session, { ephemeral, state }) {
    statements.dropKind.run(session, EPHEMERAL);
    if (ephemeral.length === 0)
        return;
    const body = encode(ephemeral.map((name) => [name, state[name]]));
    addRecord(statements, session, { kind: EPHEMERAL, key: "", body });
}
/** Throws CheckpointCorruptError unless the values are those of the channels that the head's record names. */
export function checkEphemeral({ sessionId }, head, { ephemeral }) {
    const expected = ephemeralOf(head);
    if (expected.length !== ephemeral.length || ephemeral.some(([name], place) => name !== expected[place]))
        throw new CheckpointCorruptError(`what the newest checkpoint of session "${sessionId}" keeps for the next superstep`);
}
/** The head's checkpoint with the values that only the head has. */
export function withEphemeral(checkpoint, { ephemeral }) {
    if (ephemeral.length === 0)
        return checkpoint;
    const state = Object.freeze({ ...checkpoint.state, ...Object.fromEntries(ephemeral) });
    return Object.freeze({ ...checkpoint, state, ephemeral: ephemeral.map(([name]) => name) });
}
/** The note beside the head, if one was written since the head was. */
export function noteBeside({ session }, head) {
    if (session.seen !== seqOf(head.id) || session.note === null)
        return undefined;
    const note = decode(session.note);
    sealStored(note);
    return note;
}
function checkCount({ sessionId, session }, head, count) {
    if (count !== keptBeside(session, head))
        throw new CheckpointCorruptError(`a pending record of session "${sessionId}"`);
}
