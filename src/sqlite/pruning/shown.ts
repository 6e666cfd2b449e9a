/** Which rows are shown by some session: by their own, and by every fork that started at or above them. */
import { idOf, SPAN, seqOf } from "../connection/schema.js";
import type { SessionRow, Statements } from "../connection/statements.js";
import { checkSession } from "../reading/session-row.js";

/** From one id to another, both included. */
type Range = readonly [from: number, to: number];

/** Counts the rows of a session below a place that are shown by anybody. */
export function countShown(statements: Statements, key: number, below: number): number {
  const session = statements.sessionByKey.get(key) as SessionRow | undefined;
  const ranges = session === undefined ? [] : shownRanges(statements, session);
  let counted = idOf(key, 0);
  let shown = 0;
  for (const [from, to] of ranges.toSorted(([one], [other]) => one - other)) {
    const [first, last] = [Math.max(from, counted + 1), Math.min(to, idOf(key, below) - 1)];
    if (first > last) continue;
    shown += (statements.count.get(first, last) as { readonly count: number }).count;
    counted = last;
  }
  return shown;
}

/** The sessions that were forked from rows of this one. Throws CheckpointCorruptError. */
export function forksOf({ forks }: Statements, { key }: SessionRow): readonly SessionRow[] {
  return (forks.all(idOf(key, 1), idOf(key, SPAN - 1)) as SessionRow[]).map(checkSession);
}

/** Rows of a session that somebody shows; in no order, and they may overlap. */
export function shownRanges(statements: Statements, session: SessionRow): readonly Range[] {
  const { key, session_id, floor } = session;
  const ranges: Range[] = session_id === null ? [] : [[idOf(key, floor), idOf(key, SPAN - 1)]];
  for (const fork of forksOf(statements, session)) {
    const origin = fork.origin ?? 0;
    const lowest = lowestShown(statements, fork);
    if (lowest <= seqOf(origin)) ranges.push([idOf(key, lowest), origin]);
  }
  return ranges;
}

/** The oldest place that a session or a fork of it shows. */
function lowestShown(statements: Statements, session: SessionRow): number {
  const places = forksOf(statements, session).map((fork) => lowestShown(statements, fork));
  if (session.session_id !== null) places.push(session.floor);
  return Math.min(...places);
}
