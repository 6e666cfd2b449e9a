/** Finding a checkpoint on a line, by its name or by its step. Steps never decrease along a line, so places are found by halving. */
import type { CheckpointRef } from "../../session/checkpoint.js";
import { idOf, SPAN, seqOf } from "../connection/schema.js";
import type { LogHead, Statements } from "../connection/statements.js";
import { checked, damagedLog, follows, type Placed, type Segment, segmentsOf } from "./line.js";
import { type Line, readHead } from "./session-row.js";

/** The row of that checkpoint; undefined when the line does not show it. Throws CheckpointCorruptError. */
export function findRef(statements: Statements, line: Line, { incarnation, seq }: CheckpointRef): Placed | undefined {
  const { floor } = line.session;
  if (!(Number.isSafeInteger(seq) && seq > 0 && seq >= floor && seq < SPAN)) return undefined;
  for (const segment of segmentsOf(statements, line, floor)) {
    if (segment.incarnation !== incarnation) continue;
    const id = idOf(segment.key, seq);
    const row = id > segment.last ? undefined : (statements.newest.get(id, id) as LogHead | undefined);
    if (row?.id === id) return checked({ row, segment });
    if (id <= segment.last) checkAbsent(statements, line, seq);
    return undefined;
  }
  return undefined;
}

/** The newest row of a step that is at most that one; undefined when the line shows only later ones. Throws CheckpointCorruptError. */
export function findStep(statements: Statements, line: Line, step: number): Placed | undefined {
  let lowest: Placed | undefined;
  for (const segment of segmentsOf(statements, line, line.session.floor)) {
    const oldest = statements.oldest.get(segment.first, segment.last) as LogHead | undefined;
    if (oldest === undefined) continue;
    lowest = checked({ row: oldest, segment });
    if (oldest.step > step) continue;
    const newest = newestUpTo(statements, lowest, step);
    if (newest === undefined) throw damagedLog(line);
    const found = checked({ row: newest, segment });
    checkNewest(statements, line, found, step);
    return found;
  }
  if (lowest === undefined || !isLineEnd(line, lowest)) throw damagedLog(line);
  return undefined;
}

/** The row that comes next on the line after a place. Undefined when the head is not newer. Throws CheckpointCorruptError. */
export function rowAbove(statements: Statements, line: Line, seq: number): Placed | undefined {
  let above: Placed | undefined;
  for (const segment of segmentsOf(statements, line, line.session.floor)) {
    above = oldestAbove(statements, segment, seq) ?? above;
    if (segment.origin === null || seqOf(segment.origin) <= seq) break;
  }
  const newer = above === undefined ? seqOf(readHead(statements, line).id) : seqOf(checked(above).row.id);
  if (above === undefined ? newer > seq : newer <= seq) throw damagedLog(line);
  return above;
}

function oldestAbove({ oldest }: Statements, segment: Segment, seq: number): Placed | undefined {
  const first = Math.max(segment.first, idOf(segment.key, seq + 1));
  const row = first > segment.last ? undefined : (oldest.get(first, segment.last) as LogHead | undefined);
  return row && { row, segment };
}

/** Whether nothing that the line shows comes before that row. */
export function isLineEnd({ session }: Line, { row, segment }: Placed): boolean {
  return seqOf(row.id) === session.floor || (row.parent === null && segment.origin === null);
}

/** A row that is missing is damage, unless the next one was written on top of an older one. */
function checkAbsent(statements: Statements, line: Line, seq: number): void {
  const next = rowAbove(statements, line, seq);
  const before = next === undefined ? seqOf(readHead(statements, line).id) : parentOf(next);
  if (before >= seq) throw damagedLog(line);
}

/** The place of the checkpoint that a row was written on top of; 0 for the first of a line. */
function parentOf({ row, segment }: Placed): number {
  return row.parent ?? seqOf(segment.origin ?? 0);
}

/** What was found is the newest of its step, if the row that was written on top of it is of a later one, or there is none. */
function checkNewest(statements: Statements, line: Line, found: Placed, step: number): void {
  const next = rowAbove(statements, line, seqOf(found.row.id));
  if (next !== undefined && !(follows(found, next) && next.row.step > step)) throw damagedLog(line);
}

/** Halves the segment. What the rows say is looked at when one is found; here only that a damaged tree leads to an end. */
function newestUpTo({ newest }: Statements, { segment, row: oldest }: Placed, step: number): LogHead | undefined {
  let found = oldest;
  let low = oldest.id;
  let high = segment.last + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const row = newest.get(oldest.id, middle) as LogHead | undefined;
    if (row === undefined || row.id > middle) return undefined;
    if (row.step <= step) {
      found = row;
      low = middle;
    } else high = row.id;
  }
  return found;
}
