/** What is written of a session, within a transaction. Each refuses before it writes anything, or leaves no trace. */
import { CheckpointConflictError, CheckpointError, CheckpointNotFoundError } from "../errors.js";
import { type Checkpoint, checkpointId } from "../session/checkpoint.js";
import type { CommitOptions, NoteWrite, Pruned } from "../session/checkpointer.js";
import { addRecord, countBeside, countRecords, dropResults, type EncodedRecord, replaceEphemeral } from "./beside.js";
import { collect, NOTHING_GONE } from "./collecting.js";
import type { OpenFile } from "./connection.js";
import { checkFence } from "./leases.js";
import type { Placed } from "./line.js";
import { addRow, type NewRecord, type NewRow, rowOf } from "./log.js";
import { findRef } from "./places.js";
import { SPAN, seqOf } from "./schema.js";
import {
  addSession,
  checkSessions,
  findLine,
  keptBeside,
  type Line,
  readHead,
  setSession,
  unname,
} from "./session-row.js";
import { atomically, type LogHead, type SessionRow, type Statements } from "./statements.js";

/** A note write with its texts. */
export interface EncodedNote {
  readonly write: NoteWrite;
  readonly note: string | undefined;
  readonly records: readonly EncodedRecord[];
}

/** Adds the checkpoint. Throws CheckpointConflictError and CheckpointNotFoundError. */
export function writeCheckpoint(file: OpenFile, record: NewRecord, options: CommitOptions): NewRow {
  const { sessionId, parentSeq } = record.checkpoint;
  checkFence(file.statements, sessionId, options.fence, expectedId(record.checkpoint));
  return parentSeq === undefined ? begin(file, record, options) : advance(file, record, options, parentSeq);
}

/** Writes beside the head. Throws CheckpointConflictError. */
export function writeNote(file: OpenFile, { write, note, records }: EncodedNote): void {
  const { statements } = file;
  const { sessionId, incarnation, seq } = write;
  checkFence(statements, sessionId, write.fence, checkpointId(incarnation, seq));
  const { line, head } = expectHead(file, write, seq);
  const { session } = line;
  countBeside(statements, line, head);
  if (write.discardResults === true) dropResults(statements, session.key);
  for (const record of records) addRecord(statements, session.key, record);
  const kept = countRecords(statements, session.key);
  setSession(statements, { ...session, ...noteColumns(session, write, note), seen: seq, kept, updated_at: write.at });
}

/** Forgets the session; its rows stay as far as forks need them. Throws CheckpointConflictError. */
export function writeDeletion(file: OpenFile, sessionId: string, fence: number | undefined): Pruned {
  checkFence(file.statements, sessionId, fence, undefined);
  const session = file.statements.session.get(sessionId) as SessionRow | undefined;
  if (session === undefined) return NOTHING_GONE;
  return atomically(file.statements, () => {
    retire(file.statements, session);
    return collect(file, [session.key]);
  });
}

/** The first checkpoint of a session. */
function begin(
  file: OpenFile,
  { checkpoint, ...record }: NewRecord,
  { replace = false, origin }: CommitOptions,
): NewRow {
  const { statements } = file;
  const { sessionId, incarnation, seq, createdAt, fingerprint } = checkpoint;
  const former = statements.session.get(sessionId) as SessionRow | undefined;
  if (former === undefined) checkSessions(file);
  else if (!replace) throw new CheckpointConflictError(sessionId, undefined);
  const start = origin === undefined ? undefined : findOrigin(file, origin, checkpoint);
  checkSeq(checkpoint);
  return atomically(statements, () => {
    if (former !== undefined) retire(statements, former);
    const key = addSession(statements, {
      session_id: sessionId,
      incarnation,
      fingerprint,
      origin: start?.placed.row.id ?? null,
      floor: start?.floor ?? 0,
      seen: seq,
      kept: 0,
      note: null,
      note_status: null,
      updated_at: createdAt,
    });
    replaceEphemeral(statements, key, checkpoint);
    const row = rowOf({ key, fingerprint }, { checkpoint, ...record }, start?.placed.row);
    addRow(statements, row);
    if (former !== undefined) collect(file, [former.key]);
    return row;
  });
}

function advance(
  file: OpenFile,
  record: NewRecord,
  { keepsRecords = false }: CommitOptions,
  parentSeq: number,
): NewRow {
  const { statements } = file;
  const { checkpoint } = record;
  const { line, head } = expectHead(file, checkpoint, parentSeq);
  checkSeq(checkpoint);
  const { session } = line;
  const kept = keepsRecords ? countBeside(statements, line, head) : 0;
  if (!keepsRecords && mayHaveBeside(file, line, head)) statements.dropPending.run(session.key);
  if (keepsRecords || checkpoint.ephemeral.length > 0) replaceEphemeral(statements, session.key, checkpoint);
  const row = rowOf(session, record, head);
  addRow(statements, row);
  if (kept > 0) {
    const { seq: seen, createdAt } = checkpoint;
    setSession(statements, { ...session, seen, kept, note: null, note_status: null, updated_at: createdAt });
  }
  return row;
}

function expectHead(
  file: OpenFile,
  { sessionId, incarnation }: { readonly sessionId: string; readonly incarnation: string },
  seq: number,
): { readonly line: Line; readonly head: LogHead } {
  const line = findLine(file, sessionId);
  const head = line && readHead(file.statements, line);
  if (line === undefined || head === undefined || line.session.incarnation !== incarnation || seqOf(head.id) !== seq)
    throw new CheckpointConflictError(sessionId, checkpointId(incarnation, seq));
  return { line, head };
}

/** Where a fork starts, which its origin may itself have from another session. */
function findOrigin(
  file: OpenFile,
  origin: string,
  { forkedFrom }: Checkpoint,
): { readonly placed: Placed; readonly floor: number } {
  const line = findLine(file, origin);
  const placed = line && forkedFrom && findRef(file.statements, line, forkedFrom);
  if (line !== undefined && placed !== undefined) return { placed, floor: line.session.floor };
  const wanted = forkedFrom && checkpointId(forkedFrom.incarnation, forkedFrom.seq);
  throw new CheckpointNotFoundError(origin, `"${wanted ?? "that the fork starts from"}"`);
}

/** False when nothing stands beside the head: the session's record counts task records, and a head that is known says the rest. */
function mayHaveBeside({ known }: OpenFile, { sessionId, session }: Line, head: LogHead): boolean {
  const former = known.get(sessionId);
  const isKnown = former?.incarnation === session.incarnation && former.seq === seqOf(head.id);
  return !isKnown || former.hasEphemeral || keptBeside(session, head) > 0;
}

/** A line counts upward, and no farther than its rows have ids. */
function checkSeq({ seq, parentSeq, forkedFrom }: Checkpoint): void {
  if (!(seq > (parentSeq ?? forkedFrom?.seq ?? 0) && seq < SPAN))
    throw new CheckpointError("commit a superstep", new RangeError(`a session has at most ${SPAN - 1} checkpoints`));
}

/** The session is nobody's any more. */
function retire(statements: Statements, session: SessionRow): void {
  statements.dropPending.run(session.key);
  unname(statements, session);
}

function expectedId({ incarnation, parentSeq }: Checkpoint): string | undefined {
  return parentSeq === undefined ? undefined : checkpointId(incarnation, parentSeq);
}

function noteColumns(
  { seen, note, note_status }: SessionRow,
  write: NoteWrite,
  text: string | undefined,
): Pick<SessionRow, "note" | "note_status"> {
  if (write.note !== undefined) return { note: text ?? null, note_status: write.note.status.kind };
  return seen === write.seq ? { note, note_status } : { note: null, note_status: null };
}
