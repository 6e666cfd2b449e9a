import { crashPoint } from "../crash-point.js";
import { CheckpointCorruptError, SuperstepError } from "../errors.js";
import { checkpointId } from "../session/checkpoint.js";
import { decodeRecord, encodeSnapshot } from "../session/log-record.js";
import { checksum, verify } from "./checksum.js";
import { idOf, keyOf, seqOf } from "./schema.js";
/** Bodies may weigh this much before the first snapshot after a small one, in characters. */
const SMALL = 8 * 1024;
/** The row of a checkpoint; a snapshot goes with it when the bodies since the last one outweigh it. */
export function rowOf(key, { checkpoint, body, whole }, former) {
    const weight = (former?.weight ?? 0) + body.length;
    const isDue = whole || former === undefined || weight > Math.max(former.base_weight, SMALL);
    const snapshot = isDue ? encodeSnapshot(checkpoint) : null;
    const { seq, parentSeq, step, source, createdAt, format, note } = checkpoint;
    const head = {
        id: idOf(key, seq),
        parent: parentSeq ?? null,
        step,
        source,
        status: note.status.kind,
        created_at: createdAt,
        format,
        base_weight: snapshot?.length ?? former?.base_weight ?? 0,
        weight: isDue ? 0 : weight,
    };
    const columns = columnsOf(head, checksum(body), crcOf(snapshot));
    columns.push(checksum(...columns));
    return {
        id: head.id,
        base_weight: head.base_weight,
        weight: head.weight,
        columns,
        body,
        snapshot,
        bytes: Buffer.byteLength(body) + (snapshot === null ? 0 : Buffer.byteLength(snapshot)),
    };
}
export function addRow({ addLog }, row) {
    addLog.run(...row.columns, row.body, row.snapshot);
    crashPoint("sqlite.logged");
}
/** Writes a row again under new texts and weights. */
export function rewriteRow({ setLog }, row) {
    const { id, base_weight, weight, body, snapshot } = row;
    const [bodyCrc, snapshotCrc] = [checksum(body), crcOf(snapshot)];
    const crc = checksum(...columnsOf(row, bodyCrc, snapshotCrc));
    setLog.run(base_weight, weight, bodyCrc, snapshotCrc, crc, body, snapshot, id);
}
/** The row, when its columns are what was written, and it is the owner's: a damaged tree leads anywhere. Throws CheckpointCorruptError. */
export function checkHead(owner, row) {
    if (keyOf(row.id) !== owner.key || row.crc !== checksum(...columnsOf(row, row.body_crc, row.snapshot_crc)))
        throw damaged(owner, row);
    return row;
}
/** Reads a row, and its snapshot if it was fetched. Throws CheckpointCorruptError. */
export function decodeRow(owner, row) {
    checkHead(owner, row);
    const { body, snapshot = null } = row;
    verify(nameOf(owner, row), row.body_crc, body);
    if ("snapshot" in row && row.snapshot_crc !== crcOf(snapshot))
        throw damaged(owner, row);
    return reading(owner, row, () => decodeRecord({
        sessionId: owner.sessionId,
        incarnation: owner.incarnation,
        seq: seqOf(row.id),
        parentSeq: row.parent ?? undefined,
        source: row.source,
        step: row.step,
        createdAt: row.created_at,
        format: row.format,
        body,
        snapshot: snapshot ?? undefined,
    }));
}
/** What cannot be read is damaged: CheckpointCorruptError. A class that nobody registered is not. */
export function reading(owner, row, read) {
    try {
        return read();
    }
    catch (error) {
        throw SuperstepError.is(error) ? error : damaged(owner, row, error);
    }
}
/** Names a row as the caller knows it. */
export function nameOf({ sessionId, incarnation }, { id, step }) {
    return `checkpoint "${checkpointId(incarnation, seqOf(id))}" (step ${step}) of session "${sessionId}"`;
}
function damaged(owner, row, cause) {
    return new CheckpointCorruptError(nameOf(owner, row), cause);
}
function crcOf(text) {
    return text === null ? null : checksum(text);
}
/** What a row's own checksum covers, in the order of the table. */
function columnsOf(row, bodyCrc, snapshotCrc) {
    const { id, parent, step, source, status, created_at, format, base_weight, weight } = row;
    return [id, parent, step, source, status, created_at, format, base_weight, weight, bodyCrc, snapshotCrc];
}
