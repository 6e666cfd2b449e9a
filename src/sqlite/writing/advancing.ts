/**
 * The short way of a superstep into the file: one statement, which is a transaction by itself. It writes what the long way writes, and only
 * while the head, the lease and what stands beside the head are what this process knows of them. Else it writes nothing, and the long
 * way finds out what is amiss.
 */
import { crashPoint } from "../../crash-point.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { CommitOptions } from "../../session/checkpointer.js";
import type { KnownHead, OpenFile } from "../connection/connection.js";
import { idOf, SPAN } from "../connection/schema.js";
import { type NewRecord, rowOf } from "../reading/log.js";
import { keptBeside } from "../reading/session-row.js";
import type { Written } from "./writing.js";

/** Adds the checkpoint on top of a head that is known. Undefined, with nothing written, where that cannot be done in one statement. */
export function advanceKnown(
  { statements, known }: OpenFile,
  record: NewRecord,
  { fence, keepsRecords = false }: CommitOptions,
): Written | undefined {
  const { checkpoint } = record;
  const head = parentIn(known, checkpoint);
  if (head === undefined || fence === undefined || keepsRecords || !isBare(head, checkpoint)) return undefined;
  if (!record.links.isEmpty) return undefined;
  const { session } = head;
  const { key } = session;
  const row = rowOf(session, record, head);
  if (!row.links.isEmpty) return undefined;
  const { sessionId } = checkpoint;
  crashPoint("sqlite.begun");
  const { changes } = statements.advanceLog.run(
    ...row.columns,
    ...[idOf(key, 1), idOf(key, SPAN - 1), head.id, head.crc],
    ...[key, sessionId, head.seq],
    ...[fence, sessionId],
    row.body,
    row.snapshot,
  ) as { readonly changes: number | bigint };
  if (Number(changes) === 0) return undefined;
  crashPoint("sqlite.committed");
  return { row, session, bytes: row.bytes };
}

/** The head that a checkpoint was made on, if it is the one that was last seen here. */
export function parentIn(
  known: ReadonlyMap<string, KnownHead>,
  { sessionId, incarnation, parentSeq }: Checkpoint,
): KnownHead | undefined {
  const head = known.get(sessionId);
  return head?.incarnation === incarnation && head.seq === parentSeq ? head : undefined;
}

/** Nothing to put beside it, or to take away; and a place that comes after the head's. */
function isBare(head: KnownHead, { seq, ephemeral }: Checkpoint): boolean {
  return (
    !head.hasEphemeral && keptBeside(head.session, head) === 0 && ephemeral.length === 0 && seq > head.seq && seq < SPAN
  );
}
