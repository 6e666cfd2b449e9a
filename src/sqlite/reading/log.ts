import { crashPoint } from "../../crash-point.js";
import { CheckpointCorruptError, SuperstepError } from "../../errors.js";
import { type Checkpoint, checkpointId } from "../../session/checkpoint.js";
import type { Links } from "../../session/links.js";
import { type DecodedLink, type DecodedRecord, decodeRecord, encodeSnapshot } from "../../session/log-record.js";
import { checksum, verify } from "../connection/checksum.js";
import { idOf, keyOf, seqOf } from "../connection/schema.js";
import type { LogBody, LogHead, LogLink, LogRow, Statements } from "../connection/statements.js";

/** Whose a row is: the session that is read, and what is known of the one that wrote the row, which may be an ancestor of a fork. */
export interface Owner {
  readonly sessionId: string;
  readonly incarnation: string;
  readonly key: number;
  /** The one that the session began under. */
  readonly fingerprint: string;
}
/** A checkpoint on its way into the log. */
export interface NewRecord {
  readonly checkpoint: Checkpoint;
  readonly body: string;
  /** A snapshot goes with it in any case. */
  readonly whole: boolean;
  /** What its body refers to. */
  readonly links: Links;
}

/** What a row is called by. */
type RowName = Pick<LogHead, "id" | "step">;
/** A row before its checksums are known. */
type Unsealed = Omit<LogHead, "body_crc" | "snapshot_crc" | "crc">;

/** Bodies may weigh this much whatever the state weighs, in characters. */
const SMALL = 8 * 1024;
/** Bodies that make up no more than this much of what the state weighs are better read than replaced by a snapshot. */
const SHARE = 2 / 3;

/** What a new row weighs: a part of its head. */
type Weights = Pick<LogHead, "weight" | "base_weight">;
/** A row as it is written. */
export interface NewRow extends Weights {
  readonly id: number;
  readonly created_at: number;
  readonly crc: number;
  /** Up to its own checksum, in the order of the table. */
  readonly columns: readonly (string | number | null)[];
  readonly body: string;
  readonly snapshot: string | null;
  /** What its texts refer to. */
  readonly links: Links;
  /** Of its texts. */
  readonly bytes: number;
}

/** The row of a checkpoint; a snapshot goes with it when the bodies since the last one outweigh the state. */
export function rowOf({ key }: Pick<Owner, "key">, record: NewRecord, former: Weights | undefined): NewRow {
  const { checkpoint, body, links } = record;
  const weight = (former?.weight ?? 0) + body.length + links.size;
  const { snapshot, base_weight, links: more } = snapshotOf(record, weight, former);
  const { seq, parentSeq, step, source, createdAt, format, note } = checkpoint;
  const head: Unsealed = {
    id: idOf(key, seq),
    parent: parentSeq ?? null,
    step,
    source,
    status: note.status.kind,
    created_at: createdAt,
    format,
    base_weight,
    weight: snapshot === null ? weight : 0,
  };
  const columns = columnsOf(head, checksum(body), crcOf(snapshot));
  const crc = checksum(...columns);
  columns.push(crc);
  return {
    id: head.id,
    created_at: head.created_at,
    crc,
    base_weight,
    weight: head.weight,
    columns,
    body,
    snapshot,
    links: more === undefined ? links : links.and(more),
    bytes: Buffer.byteLength(body) + (snapshot === null ? 0 : Buffer.byteLength(snapshot)),
  };
}

/**
 * The snapshot that is due, and what the state weighs as far as that is known: it is weighed when the bodies outweigh what it weighed the
 * last time. One that grew along with them, as a list does that is appended to, may need none.
 */
function snapshotOf(
  { checkpoint, whole, links }: NewRecord,
  weight: number,
  former: Weights | undefined,
): Pick<LogRow, "snapshot" | "base_weight"> & { readonly links?: Links } {
  const isSure = whole || former === undefined;
  if (!isSure && weight <= Math.max(former.base_weight, SMALL))
    return { snapshot: null, base_weight: former.base_weight };
  const own = links.fresh();
  const text = encodeSnapshot(checkpoint, own);
  const base_weight = text.length + own.size;
  const isDue = isSure || weight > SHARE * base_weight;
  return isDue ? { snapshot: text, base_weight, links: own } : { snapshot: null, base_weight };
}

export function addRow({ addLog }: Statements, row: NewRow): void {
  addLog.run(...row.columns, row.body, row.snapshot);
  crashPoint("sqlite.logged");
}

/** Writes a row again under new texts and weights. */
export function rewriteRow({ setLog }: Statements, row: Unsealed & Pick<LogRow, "body" | "snapshot">): void {
  const { id, base_weight, weight, body, snapshot } = row;
  const [bodyCrc, snapshotCrc] = [checksum(body), crcOf(snapshot)];
  const crc = checksum(...columnsOf(row, bodyCrc, snapshotCrc));
  setLog.run(base_weight, weight, bodyCrc, snapshotCrc, crc, body, snapshot, id);
}

/** The row, when its columns are what was written, and it is the owner's: a damaged tree leads anywhere. Throws CheckpointCorruptError. */
export function checkHead<R extends LogHead>(owner: Owner, row: R): R {
  if (keyOf(row.id) !== owner.key || row.crc !== checksum(...columnsOf(row, row.body_crc, row.snapshot_crc)))
    throw damaged(owner, row);
  return row;
}

/** Reads a row, and its snapshot if it was fetched. Throws CheckpointCorruptError. */
export function decodeRow(owner: Owner, row: LogBody & { readonly snapshot?: string | null }): DecodedRecord {
  checkHead(owner, row);
  const { body, snapshot = null } = row;
  verify(nameOf(owner, row), row.body_crc, body);
  if ("snapshot" in row && row.snapshot_crc !== crcOf(snapshot)) throw damaged(owner, row);
  return reading(owner, row, () =>
    decodeRecord({
      sessionId: owner.sessionId,
      incarnation: owner.incarnation,
      seq: seqOf(row.id),
      parentSeq: row.parent ?? undefined,
      source: row.source as Checkpoint["source"],
      step: row.step,
      createdAt: row.created_at,
      format: row.format,
      fingerprint: owner.fingerprint,
      body,
      snapshot: snapshot ?? undefined,
    }),
  );
}

/** Reads what those after it need of a row: its texts. Throws CheckpointCorruptError. */
export function decodeLink(owner: Owner, row: LogLink): DecodedLink {
  const { id, body, snapshot } = row;
  if (row.body_crc !== checksum(body) || row.snapshot_crc !== crcOf(snapshot)) throw damaged(owner, row);
  const { incarnation } = owner;
  return reading(owner, row, () =>
    decodeRecord({ incarnation, seq: seqOf(id), body, snapshot: snapshot ?? undefined }),
  );
}

/** What cannot be read is damaged: CheckpointCorruptError. A class that nobody registered is not. */
export function reading<T>(owner: Owner, row: RowName, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw SuperstepError.is(error) ? error : damaged(owner, row, error);
  }
}

/** Names a row as the caller knows it. */
export function nameOf({ sessionId, incarnation }: Owner, { id, step }: RowName): string {
  return `checkpoint "${checkpointId(incarnation, seqOf(id))}" (step ${step}) of session "${sessionId}"`;
}

function damaged(owner: Owner, row: RowName, cause?: unknown): CheckpointCorruptError {
  return new CheckpointCorruptError(nameOf(owner, row), { cause, sessionId: owner.sessionId, step: row.step });
}

function crcOf(text: string | null): number | null {
  return text === null ? null : checksum(text);
}

/** What a row's own checksum covers, in the order of the table. */
function columnsOf(row: Unsealed, bodyCrc: number, snapshotCrc: number | null): (string | number | null)[] {
  const { id, parent, step, source, status, created_at, format, base_weight, weight } = row;
  return [id, parent, step, source, status, created_at, format, base_weight, weight, bodyCrc, snapshotCrc];
}
