/** Which checkpoints a session shows no longer, and what becomes of their rows (T6). */
import type { Pruned, PrunePolicy } from "../../session/checkpointer.js";
import type { OpenFile } from "../connection/connection.js";
import { seqOf } from "../connection/schema.js";
import { atomically, type SessionRow, type Statements } from "../connection/statements.js";
import { segmentsOf } from "../reading/line.js";
import { checkSession, findLine, type Line, readHead, setSession } from "../reading/session-row.js";
import { collect } from "./collecting.js";
import { mentionAllAt } from "./hidden.js";
import { countShown } from "./shown.js";

/** A session, and where it begins from now on. */
interface Cut {
  readonly line: Line;
  readonly floor: number;
}

/** The sessions that are meant: that one, or every one of users. */
export function keysOf(file: OpenFile, sessionId: string | undefined): readonly number[] {
  if (sessionId === undefined) return (file.statements.keys.all() as { key: number }[]).map(({ key }) => key);
  const line = findLine(file, sessionId);
  return line === undefined ? [] : [line.session.key];
}

/** Prunes these sessions, all or none. Counts what nobody shows any more. Throws CheckpointCorruptError. */
export function pruneSessions(file: OpenFile, keys: readonly number[], policy: PrunePolicy): Pruned {
  const { statements } = file;
  return atomically(statements, () => {
    const cuts = keys.flatMap((key) => cutOf(statements, key, policy));
    const touched = touchedBy(statements, cuts);
    const before = countAll(statements, touched);
    for (const { line, floor } of cuts) {
      mentionAllAt(statements, line, floor);
      setSession(statements, { ...line.session, floor });
    }
    const checkpoints = before - countAll(statements, touched);
    const { bytes } = collect(
      file,
      cuts.map(({ line }) => line.session.key),
    );
    return { checkpoints, bytes };
  });
}

/** None when the session goes on showing what it shows, or is nobody's any more. */
function cutOf(statements: Statements, key: number, policy: PrunePolicy): readonly Cut[] {
  const session = statements.sessionByKey.get(key) as SessionRow | undefined;
  if (session === undefined || session.session_id === null) return [];
  const line: Line = { sessionId: session.session_id, session: checkSession(session) };
  const floor = Math.min(newestThatStay(statements, line, policy), madeSince(statements, line, policy));
  return floor > session.floor ? [{ line, floor }] : [];
}

/** The sessions whose rows are shown less, each with the place below which that is so. */
function touchedBy(statements: Statements, cuts: readonly Cut[]): ReadonlyMap<number, number> {
  const touched = new Map<number, number>();
  for (const { line, floor } of cuts) {
    for (const { key } of segmentsOf(statements, line, line.session.floor))
      touched.set(key, Math.max(floor, touched.get(key) ?? 0));
  }
  return touched;
}

function countAll(statements: Statements, touched: ReadonlyMap<number, number>): number {
  return [...touched].reduce((sum, [key, below]) => sum + countShown(statements, key, below), 0);
}

/** The place of the oldest of the newest that stay; 0 when the line has no more than those. */
function newestThatStay(statements: Statements, line: Line, { keepLast = 1 }: PrunePolicy): number {
  readHead(statements, line);
  let wanted = Math.max(1, Math.ceil(keepLast));
  for (const { first, last } of segmentsOf(statements, line, line.session.floor)) {
    const found = statements.nthNewest.get(first, last, wanted - 1) as { readonly id: number } | undefined;
    if (found !== undefined) return seqOf(found.id);
    wanted -= (statements.count.get(first, last) as { readonly count: number }).count;
  }
  return 0;
}

/** The place of the oldest checkpoint that was made at that time or later. */
function madeSince(statements: Statements, line: Line, { madeBefore }: PrunePolicy): number {
  if (madeBefore === undefined) return Number.POSITIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { first, last } of segmentsOf(statements, line, line.session.floor)) {
    const found = statements.madeSince.get(first, last, madeBefore) as { readonly id: number } | undefined;
    if (found !== undefined) oldest = seqOf(found.id);
  }
  return oldest;
}
