/** What is written of a session, within a transaction. Each refuses before it writes anything, or leaves no trace. */
import { CheckpointConflictError, CheckpointError, CheckpointNotFoundError } from "../../errors.js";
import { type Checkpoint, checkpointId } from "../../session/checkpoint.js";
import type { CommitOptions, Pruned } from "../../session/checkpointer.js";
import { linkRow } from "../artifacts/artifacts.js";
import { type Swept, sweepSome } from "../artifacts/sweeping.js";
import type { OpenFile } from "../connection/connection.js";
import { SPAN } from "../connection/schema.js";
import { atomically, type LogHead, type SessionRow, type Statements } from "../connection/statements.js";
import { collect, NOTHING_GONE } from "../pruning/collecting.js";
import type { Placed } from "../reading/line.js";
import { addRow, type NewRecord, type NewRow, rowOf } from "../reading/log.js";
import { findRef } from "../reading/places.js";
import { addSession, checkSessions, findLine, setSession, unname } from "../reading/session-row.js";
import { replaceEphemeral } from "./beside.js";
import { type ExpectedHead, expectHead } from "./expected-head.js";
import { checkFence } from "./fence.js";
import { dropParts } from "./kept-results.js";

/** A head as it was written, and its session's record. */
export interface Written {
  readonly row: Pick<LogHead, "id" | "created_at" | "weight" | "base_weight" | "crc">;
  readonly session: SessionRow;
  /** Of its texts. */
  readonly bytes: number;
}

/** Adds the checkpoint. Throws CheckpointConflictError and CheckpointNotFoundError. */
export function writeCheckpoint(file: OpenFile, record: NewRecord, options: CommitOptions): Written {
  const { parentSeq } = record.checkpoint;
  return parentSeq === undefined ? begin(file, record, options) : advance(file, record, options, parentSeq);
}

/** Forgets the session; its rows stay as far as forks need them. Throws CheckpointConflictError. */
export function writeDeletion(
  file: OpenFile,
  sessionId: string,
  fence: number | undefined,
): Pruned & Pick<Swept, "digests"> & { readonly swept: number } {
  checkFence(file.statements, sessionId, fence, undefined);
  const session = file.statements.session.get(sessionId) as SessionRow | undefined;
  if (session === undefined) return { ...NOTHING_GONE, digests: [], swept: 0 };
  return atomically(file.statements, () => {
    retire(file.statements, session);
    const { unmentioned, ...freed } = collect(file, [session.key]);
    const { digests, bytes: swept } = sweepSome(file, unmentioned);
    return { ...freed, digests, swept };
  });
}

/** The first checkpoint of a session. */
function begin(file: OpenFile, record: NewRecord, { fence, replace = false, origin }: CommitOptions): Written {
  const { statements } = file;
  const { checkpoint } = record;
  const { sessionId } = checkpoint;
  checkFence(statements, sessionId, fence, undefined);
  const former = statements.session.get(sessionId) as SessionRow | undefined;
  if (former === undefined) checkSessions(file);
  else if (!replace) throw new CheckpointConflictError(sessionId, undefined);
  const start = origin === undefined ? undefined : findOrigin(file, origin, checkpoint);
  checkSeq(checkpoint);
  return atomically(statements, () => {
    if (former !== undefined) retire(statements, former);
    const written = addFirst(statements, record, start);
    if (former !== undefined) collect(file, [former.key]);
    return written;
  });
}

/** Where a fork starts, and the place of the oldest checkpoint that its origin shows. */
interface Start {
  readonly placed: Placed;
  readonly floor: number;
}

function addFirst(statements: Statements, record: NewRecord, start: Start | undefined): Written {
  const { checkpoint } = record;
  const { sessionId, incarnation, seq, createdAt, fingerprint } = checkpoint;
  const session = addSession(statements, {
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
  const row = rowOf(session, record, start?.placed.row);
  if (checkpoint.ephemeral.length > 0) replaceEphemeral(statements, row.id, checkpoint);
  addRow(statements, row);
  linkRow(statements, row.id, row.links);
  return { row, session, bytes: row.bytes };
}

function advance(file: OpenFile, record: NewRecord, options: CommitOptions, parentSeq: number): Written {
  const { sessionId, incarnation } = record.checkpoint;
  const expected = expectHead(file, { sessionId, incarnation, seq: parentSeq, fence: options.fence });
  checkSeq(record.checkpoint);
  const row = rowOf(expected.line.session, record, expected.head);
  const write = (): Written => addNext(file, expected, { row, ...record }, options);
  return row.links.isEmpty ? write() : atomically(file.statements, write);
}

function addNext(
  file: OpenFile,
  { line: { session }, head, kept, hasEphemeral }: ExpectedHead,
  { checkpoint, row }: Pick<NewRecord, "checkpoint"> & { readonly row: NewRow },
  { keepsRecords = false }: CommitOptions,
): Written {
  const { statements } = file;
  if (!keepsRecords && (hasEphemeral || kept > 0)) statements.dropPending.run(session.key);
  if (keepsRecords) statements.moveMentions.run(row.id, head.id);
  if (keepsRecords || checkpoint.ephemeral.length > 0) replaceEphemeral(statements, row.id, checkpoint);
  addRow(statements, row);
  linkRow(statements, row.id, row.links);
  if (!keepsRecords && kept > 0) dropParts(file, head.id);
  const { seq: seen, createdAt } = checkpoint;
  const isKept = keepsRecords && kept > 0;
  const now = isKept
    ? setSession(statements, { ...session, seen, kept, note: null, note_status: null, updated_at: createdAt })
    : session;
  return { row, session: now, bytes: row.bytes };
}

/** Where a fork starts, which its origin may itself have from another session. */
function findOrigin(file: OpenFile, origin: string, { forkedFrom }: Checkpoint): Start {
  const line = findLine(file, origin);
  const placed = line && forkedFrom && findRef(file.statements, line, forkedFrom);
  if (line !== undefined && placed !== undefined) return { placed, floor: line.session.floor };
  const wanted = forkedFrom && checkpointId(forkedFrom.incarnation, forkedFrom.seq);
  throw new CheckpointNotFoundError(origin, `"${wanted ?? "that the fork starts from"}"`);
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
