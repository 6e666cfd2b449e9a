/**
 * Reading back along a line, newest first, a page at a time (T2). Of a page's checkpoints only the bodies are read; their states are when
 * one of them is looked at. Where a record is damaged, what is newer is given first. Ephemeral values are none of the past.
 */
import { CheckpointCorruptError } from "../../errors.js";
import type { Checkpoint, CheckpointRef, Note } from "../../session/checkpoint.js";
import type { HistoryQuery } from "../../session/checkpointer.js";
import { type DecodedRecord, type Outline, outlineOf } from "../../session/log-record.js";
import type { Connection } from "../connection/connection.js";
import { idOf, SPAN, seqOf } from "../connection/schema.js";
import { atomically, type LogBody, type Statements } from "../connection/statements.js";
import { noteBeside } from "../writing/beside.js";
import { damagedLog, follows, gapBefore, type Placed, readCheckpoint, readParent, segmentsOf } from "./line.js";
import { decodeRow, reading } from "./log.js";
import { PageStates } from "./page-states.js";
import { findRef, findStep, isLineEnd, rowAbove } from "./places.js";
import { findLine, type Line, readHead } from "./session-row.js";

/** Rows of the line, newest first, and the row above them when it was read. */
interface Page {
  readonly above: Placed | undefined;
  readonly rows: readonly Placed<LogBody>[];
}
/** A checkpoint of the page, but for its state. */
interface Entry {
  readonly placed: Placed<LogBody>;
  readonly outline: Outline;
}

/** Throws CheckpointCorruptError when the newest of the page is damaged. */
export function readHistory(connection: Connection, sessionId: string, query: HistoryQuery): readonly Checkpoint[] {
  return connection.use("read the history", (file) =>
    atomically(file.statements, () => {
      const line = findLine(file, sessionId);
      if (line === undefined || !(query.limit >= 1)) return [];
      const entries = entriesOf(file.statements, line, query.limit, pageOf(file.statements, line, query));
      const states = new PageStates(
        connection,
        line,
        entries.map(({ placed }) => placed),
      );
      return Object.freeze(entries.map((entry) => checkpointOf(entry, states)));
    }),
  );
}

/** The checkpoint at that place; undefined when the session does not show one. Throws CheckpointCorruptError. */
export function readAt(
  statements: Statements,
  line: Line,
  place: CheckpointRef | { readonly step: number },
): Checkpoint | undefined {
  const found = "step" in place ? findStep(statements, line, place.step) : findRef(statements, line, place);
  if (found === undefined || ("step" in place && found.row.step !== place.step)) return undefined;
  const { checkpoint } = readCheckpoint(statements, line, found.row.id);
  return Object.freeze({ ...checkpoint, note: noteNow(statements, line, found) ?? checkpoint.note });
}

/** The note that stands beside the row now, if it is the head. */
function noteNow(statements: Statements, line: Line, { row, segment }: Placed): Note | undefined {
  const { key, seen, note } = line.session;
  if (note === null || segment.key !== key || seqOf(row.id) !== seen) return undefined;
  const head = readHead(statements, line);
  return head.id === row.id ? noteBeside(line, head) : undefined;
}

/** One row more than asked for: what ran may stand in the parent of the oldest. */
function pageOf(statements: Statements, line: Line, { limit, before }: HistoryQuery): Page {
  if (before === undefined || ("seq" in before && before.seq >= SPAN)) return newestPage(statements, line, limit);
  if ("step" in before) return pageBelowStep(statements, line, limit, before.step);
  const rows = rowsUpTo(statements, line, before.seq, limit + 2);
  const [newest, ...below] = rows;
  if (newest !== undefined && seqOf(newest.row.id) === before.seq) return { above: newest, rows: below };
  return { above: rowAbove(statements, line, before.seq), rows: rows.slice(0, limit + 1) };
}

function newestPage(statements: Statements, line: Line, limit: number): Page {
  const rows = rowsUpTo(statements, line, SPAN - 1, limit + 1);
  const [head] = rows;
  if (head?.segment.key !== line.session.key || seqOf(head.row.id) < line.session.seen) throw damagedLog(line);
  return { above: undefined, rows };
}

function pageBelowStep(statements: Statements, line: Line, limit: number, step: number): Page {
  const newest = findStep(statements, line, Math.ceil(step) - 1);
  if (newest === undefined) return { above: undefined, rows: [] };
  const rows = rowsUpTo(statements, line, seqOf(newest.row.id), limit + 1);
  if (rows[0]?.row.id !== newest.row.id) throw damagedLog(line);
  return { above: undefined, rows };
}

function rowsUpTo(statements: Statements, line: Line, seq: number, limit: number): Placed<LogBody>[] {
  const rows: Placed<LogBody>[] = [];
  for (const segment of segmentsOf(statements, line, line.session.floor)) {
    const last = Math.min(segment.last, idOf(segment.key, seq));
    const found = statements.page.all(segment.first, last, limit - rows.length) as LogBody[];
    for (const row of found) rows.push({ row, segment });
    if (rows.length >= limit) break;
  }
  return rows;
}

function entriesOf(statements: Statements, line: Line, limit: number, page: Page): readonly Entry[] {
  const entries: Entry[] = [];
  const decoded = new Map<LogBody, DecodedRecord>();
  const decode = ({ row, segment }: Placed<LogBody>): DecodedRecord => {
    const record = decoded.get(row) ?? decodeRow(segment, row);
    decoded.set(row, record);
    return record;
  };
  try {
    while (entries.length < limit) {
      const entry = entryAt({ statements, line, decode }, page, entries.length);
      if (entry === undefined) break;
      entries.push(entry);
    }
  } catch (error) {
    if (entries.length === 0 || !(error instanceof CheckpointCorruptError)) throw error;
  }
  return entries;
}

interface Reader {
  readonly statements: Statements;
  readonly line: Line;
  /** Reads each body once. */
  decode(placed: Placed<LogBody>): DecodedRecord;
}

/** Undefined behind the oldest checkpoint of the line. */
function entryAt({ statements, line, decode }: Reader, { above, rows }: Page, place: number): Entry | undefined {
  const newer = place === 0 ? above : rows[place - 1];
  const placed = rows[place];
  if (newer !== undefined && (placed ? !follows(placed, newer) : !isLineEnd(line, newer))) throw gapBefore(newer);
  if (placed === undefined) return undefined;
  const record = decode(placed);
  const older = rows[place + 1];
  const parent = () => (older && follows(older, placed) ? decode(older) : readParent(statements, placed));
  const outline = reading(placed.segment, placed.row, () => outlineOf(record, parent));
  return { placed, outline: { ...outline, note: noteNow(statements, line, placed) ?? outline.note } };
}

function checkpointOf({ placed, outline }: Entry, states: PageStates): Checkpoint {
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
