/** Log rows: reading a chain back, and writing the next record of one (T1). */
import type { TaskRef } from "../errors.js";
import { CheckpointCorruptError } from "../errors.js";
import { type Checkpoint, checkpointId } from "../session/checkpoint.js";
import { decodeChain, decodeFrontier, encodeSnapshot, type StoredRecord } from "../session/log-record.js";
import { checksum, verify } from "./checksum.js";
import { SPAN } from "./schema.js";
import type { HeadRow, LogRow, SessionRow, Statements } from "./statements.js";

/** Bodies may weigh this much before the first snapshot after a small one, in characters. */
const SMALL = 8 * 1024;

/** The newest row of a session. */
export function readHead({ head }: Statements, key: number): HeadRow | undefined {
  return head.get(key * SPAN, key * SPAN + SPAN - 1) as HeadRow | undefined;
}

/** The head's checkpoint, from its chain. Throws CheckpointCorruptError. */
export function readCheckpoint(statements: Statements, session: SessionRow, head: HeadRow): Checkpoint {
  const rows = statements.chain.all(head.base, head.id) as LogRow[];
  const chain = rows.map((row) => toRecord(session, row));
  if (rows[0]?.id !== head.base || rows.at(-1)?.id !== head.id || chain[0]?.snapshot === undefined) {
    throw new CheckpointCorruptError(`the log of session "${session.session_id}"`);
  }
  try {
    return decodeChain(chain, () => frontierOf(statements, session, rows.at(-1)?.parent ?? null));
  } catch (error) {
    throw new CheckpointCorruptError(
      `checkpoint "${checkpointId(session.incarnation, head.id % SPAN)}" of session "${session.session_id}"`,
      error,
    );
  }
}

/** Adds a checkpoint; a snapshot goes with it when the bodies since the last one outweigh it. Gives the bytes written. */
export function addCheckpoint(
  { addLog }: Statements,
  key: number,
  record: { readonly checkpoint: Checkpoint; readonly body: string },
  former: HeadRow | undefined,
): { readonly head: HeadRow; readonly bytes: number } {
  const { checkpoint, body } = record;
  const id = key * SPAN + checkpoint.seq;
  const weight = (former?.weight ?? 0) + body.length;
  const isDue = former === undefined || weight > Math.max(former.base_weight, SMALL);
  const snapshot = isDue ? encodeSnapshot(checkpoint) : null;
  const head: HeadRow = isDue
    ? { id, base: id, base_weight: (snapshot ?? "").length, weight: 0 }
    : { id, base: former.base, base_weight: former.base_weight, weight };
  const { step, source, createdAt, format, note, parentSeq = null } = checkpoint;
  const crc = checksum(id, parentSeq, step, source, createdAt, format, head.base, body, snapshot);
  addLog.run(
    id,
    parentSeq,
    step,
    source,
    note.status.kind,
    createdAt,
    format,
    head.base,
    head.base_weight,
    head.weight,
    crc,
    body,
    snapshot,
  );
  return { head, bytes: body.length + (snapshot?.length ?? 0) };
}

function frontierOf({ log }: Statements, session: SessionRow, parent: number | null): readonly TaskRef[] {
  const row = parent === null ? undefined : (log.get(session.key * SPAN + parent) as LogRow | undefined);
  return row === undefined ? [] : decodeFrontier(toRecord(session, row));
}

function toRecord(session: SessionRow, row: LogRow): StoredRecord {
  const seq = row.id % SPAN;
  const what = `checkpoint "${checkpointId(session.incarnation, seq)}" of session "${session.session_id}"`;
  verify(
    what,
    row.crc,
    row.id,
    row.parent,
    row.step,
    row.source,
    row.created_at,
    row.format,
    row.base,
    row.body,
    row.snapshot,
  );
  return {
    sessionId: session.session_id,
    incarnation: session.incarnation,
    seq,
    parentSeq: row.parent ?? undefined,
    source: row.source as Checkpoint["source"],
    step: row.step,
    createdAt: row.created_at,
    format: row.format,
    body: row.body,
    snapshot: row.snapshot ?? undefined,
  };
}
