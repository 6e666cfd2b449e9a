/**
 * Lines: a session's own rows, then those of its origin at and below the row that it was forked from, and so on upward. `seq` goes on
 * counting across a fork, so a line is ordered by it. Whatever is read of a line is held to the parent that each row names: a gap is
 * damage, never the end.
 */
import { CheckpointCorruptError } from "../../errors.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import {
  type DecodedLink,
  type DecodedRecord,
  joined,
  outlineOf,
  type StoredState,
  storedStates,
} from "../../session/log-record.js";
import { apartReader } from "../artifacts/artifacts.js";
import { idOf, keyOf, SPAN, seqOf } from "../connection/schema.js";
import type { LogBody, LogHead, LogLink, LogRow, SessionRow, Statements } from "../connection/statements.js";
import { checkHead, decodeLink, decodeRow, nameOf, type Owner, reading } from "./log.js";
import { checkSession, type Line } from "./session-row.js";

/** The part of a line that lies in one session's rows. */
export interface Segment extends Owner {
  /** Where its rows may begin and end. */
  readonly first: number;
  readonly last: number;
  /** The row that comes before its first one. */
  readonly origin: number | null;
}
/** What a row is held to those before it by. */
type Link = Pick<LogHead, "id" | "parent" | "step">;
/** A row, and the segment that it stands in. */
export interface Placed<R extends Link = LogHead> {
  readonly row: R;
  readonly segment: Segment;
}

/** The segments of a line down to a place, newest first. */
export function* segmentsOf(statements: Statements, { sessionId, session }: Line, floor: number): Generator<Segment> {
  let last = idOf(session.key, SPAN - 1);
  for (let row = session; ; row = ancestor(statements, sessionId, last)) {
    const { key, incarnation, fingerprint, origin } = row;
    yield { sessionId, key, incarnation, fingerprint, first: idOf(key, Math.max(floor, 1)), last, origin };
    if (origin === null || seqOf(origin) < floor) return;
    last = origin;
  }
}

/** The checkpoint of that row, without ephemeral values, and its record. Throws CheckpointCorruptError. */
export function readCheckpoint(
  statements: Statements,
  line: Line,
  id: number,
): { readonly checkpoint: Checkpoint; readonly record: DecodedRecord; readonly stored: StoredState } {
  const chain = readChain(statements, line, { from: id, to: id });
  const { segment } = (chain[chain.length - 1] as ReadLink).row;
  const row = statements.row.get(id) as LogRow;
  const record = decodeRow(segment, row);
  const parent = () => chain[chain.length - 2]?.decoded ?? readParent(statements, { row, segment });
  return reading(segment, row, () => {
    const read = apartReader(statements);
    const [stored] = storedStates(decodedOf(chain), 1, read) as readonly [StoredState];
    return { checkpoint: Object.freeze({ ...outlineOf(record, parent), ...joined(stored, read) }), record, stored };
  });
}

/** A row of a chain, read. */
export interface ReadLink {
  readonly row: Placed<LogLink>;
  readonly decoded: DecodedLink;
}

/** The rows that give the states from one row to another: back to the newest snapshot at or before the first, oldest first. Throws CheckpointCorruptError. */
export function readChain(
  statements: Statements,
  line: Line,
  { from, to }: { readonly from: number; readonly to: number },
): readonly ReadLink[] {
  let rows: Placed<LogLink>[] = [];
  for (const segment of segmentsOf(statements, line, 0)) {
    if (segment.key > keyOf(to)) continue;
    const last = segment.key === keyOf(to) ? to : segment.last;
    const base = baseIn(statements, segment, from);
    const part = statements.chain.all(base ?? segment.first, last) as LogLink[];
    rows = [...part.map((row) => ({ row, segment })), ...rows];
    if (base !== undefined) break;
  }
  checkLinks(rows);
  if (rows[0]?.row.snapshot == null || rows[rows.length - 1]?.row.id !== to) throw damagedLog(line);
  return rows.map((row) => ({ row, decoded: decodeLink(row.segment, row.row) }));
}

export function decodedOf(chain: readonly ReadLink[]): readonly DecodedLink[] {
  return chain.map(({ decoded }) => decoded);
}

/** The newest snapshot at or before that row within a segment. */
function baseIn({ base }: Statements, { key, first, last }: Segment, from: number): number | undefined {
  if (key > keyOf(from)) return undefined;
  return (base.get(first, key === keyOf(from) ? from : last) as { id: number } | undefined)?.id;
}

/** The record before one that needs it. Throws CheckpointCorruptError. */
export function readParent(
  { page }: Statements,
  { row, segment }: { readonly row: Link; readonly segment: Owner },
): DecodedRecord {
  const id = idOf(segment.key, row.parent ?? 0);
  const [parent] = page.all(id, id, 1) as LogBody[];
  if (parent === undefined) throw gapBefore({ row, segment });
  return decodeRow(segment, parent);
}

/** Rows in the order of the line, oldest first. Throws CheckpointCorruptError where one does not follow the other. */
function checkLinks(rows: readonly Placed<LogLink>[]): void {
  for (const [place, row] of rows.entries()) {
    const former = rows[place - 1];
    if (former !== undefined && !follows(former, row)) throw gapBefore(row);
  }
}

/** Whether the second row is the one that was written on top of the first. */
export function follows(former: Placed<Link>, { row, segment }: Placed<Link>): boolean {
  return former.segment.key === segment.key
    ? row.parent === seqOf(former.row.id)
    : row.parent === null && segment.origin === former.row.id;
}

export function checked<P extends Placed>(placed: P): P {
  checkHead(placed.segment, placed.row);
  return placed;
}

export function gapBefore({ row, segment }: { readonly row: Link; readonly segment: Owner }): CheckpointCorruptError {
  return new CheckpointCorruptError(`what comes before ${nameOf(segment, row)}`, {
    sessionId: segment.sessionId,
    step: row.step,
  });
}

export function damagedLog({ sessionId }: Line): CheckpointCorruptError {
  return new CheckpointCorruptError(`the log of session "${sessionId}"`, { sessionId });
}

function ancestor({ sessionByKey }: Statements, sessionId: string, origin: number): SessionRow {
  const row = sessionByKey.get(keyOf(origin)) as SessionRow | undefined;
  if (row === undefined) throw new CheckpointCorruptError(`what session "${sessionId}" was forked from`, { sessionId });
  return checkSession(row);
}
