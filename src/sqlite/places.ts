/** Finding a checkpoint on a line, by its name or by its step. Steps never decrease along a line, so places are found by halving. */
import type { CheckpointRef } from "../session/checkpoint.js";
import { checked, damagedLog, follows, gapBefore, type Placed, type Segment, segmentsOf } from "./line.js";
import { idOf, SPAN, seqOf } from "./schema.js";
import { type Line, readHead } from "./session-row.js";
import type { LogHead, Statements } from "./statements.js";

/** The row of that checkpoint; undefined when the line does not show it. Throws CheckpointCorruptError. */
export function findRef(statements: Statements, line: Line, { incarnation, seq }: CheckpointRef): Placed | undefined {
  const { floor } = line.session;
  if (!(Number.isSafeInteger(seq) && seq > 0 && seq >= floor && seq < SPAN)) return undefined;
  let newer: Segment | undefined;
  for (const segment of segmentsOf(statements, line, floor)) {
    if (segment.incarnation === incarnation) return rowAt(statements, line, { segment, newer, seq });
    newer = segment;
  }
  return undefined;
}

/** The newest row of a step that is at most that one; undefined when the line shows only later ones. Throws CheckpointCorruptError. */
export function findStep(statements: Statements, line: Line, step: number): Placed | undefined {
  let newer: Segment | undefined;
  let lowest: Placed | undefined;
  for (const segment of segmentsOf(statements, line, line.session.floor)) {
    const oldest = statements.oldest.get(segment.first, segment.last) as LogHead | undefined;
    if (oldest !== undefined) {
      lowest = checked({ row: oldest, segment });
      if (oldest.step <= step) {
        const found = checked({ row: newestUpTo(statements, segment, oldest, step), segment });
        checkNext(statements, line, { found, newer, step });
        return found;
      }
    }
    newer = segment;
  }
  if (lowest === undefined || !isLineEnd(line, lowest))
    throw lowest === undefined ? damagedLog(line) : gapBefore(lowest);
  return undefined;
}

/** Whether nothing that the line shows comes before that row. */
export function isLineEnd({ session }: Line, { row, segment }: Placed): boolean {
  return seqOf(row.id) === session.floor || (row.parent === null && segment.origin === null);
}

/** A row that is missing is damage, unless the next one was written on top of an older one. */
function rowAt(
  statements: Statements,
  line: Line,
  { segment, newer, seq }: { readonly segment: Segment; readonly newer: Segment | undefined; readonly seq: number },
): Placed | undefined {
  const id = idOf(segment.key, seq);
  if (id > segment.last) return undefined;
  const row = statements.newest.get(id, id) as LogHead | undefined;
  if (row !== undefined) return checked({ row, segment });
  const next = rowAbove(statements, { segment, newer }, id);
  if (next === undefined ? readHead(statements, line).id >= id : parentOf(checked(next)) >= seq) throw damagedLog(line);
  return undefined;
}

/** The place of the checkpoint that a row was written on top of; 0 for the first of a line. */
function parentOf({ row, segment }: Placed): number {
  return row.parent ?? seqOf(segment.origin ?? 0);
}

/** Halves the segment. What the rows say is looked at when one is found. */
function newestUpTo({ newest }: Statements, { last }: Segment, oldest: LogHead, step: number): LogHead {
  let found = oldest;
  let low = oldest.id;
  let high = (newest.get(oldest.id, last) as LogHead).id + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const row = newest.get(oldest.id, middle) as LogHead;
    if (row.step <= step) {
      found = row;
      low = middle;
    } else high = row.id;
  }
  return found;
}

/** What was found is the newest of its step, if the row that was written on top of it is of a later one, or there is none. */
function checkNext(
  statements: Statements,
  line: Line,
  { found, newer, step }: { readonly found: Placed; readonly newer: Segment | undefined; readonly step: number },
): void {
  const next = rowAbove(statements, { segment: found.segment, newer }, found.row.id);
  if (next === undefined ? readHead(statements, line).id !== found.row.id : !follows(found, checked(next)))
    throw damagedLog(line);
  if (next !== undefined && next.row.step <= step) throw damagedLog(line);
}

/** The row that comes next on the line: in the segment itself, or the first of the one that was forked off at its end. */
function rowAbove(
  { oldest }: Statements,
  { segment, newer }: { readonly segment: Segment; readonly newer: Segment | undefined },
  id: number,
): Placed | undefined {
  const row = id < segment.last ? (oldest.get(id + 1, segment.last) as LogHead | undefined) : undefined;
  if (row !== undefined) return { row, segment };
  const first = newer && (oldest.get(idOf(newer.key, 1), newer.last) as LogHead | undefined);
  return newer && first && { row: first, segment: newer };
}
