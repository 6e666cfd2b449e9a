/** The head that a writer expects to write upon, as it stands within the transaction; found with one statement where this process knows it. */
import { CheckpointConflictError } from "../../errors.js";
import { checkpointId } from "../../session/checkpoint.js";
import type { OpenFile } from "../connection/connection.js";
import { idOf, SPAN, seqOf } from "../connection/schema.js";
import type { LogHead, SessionRow } from "../connection/statements.js";
import { findLine, keptBeside, type Line, readHead } from "../reading/session-row.js";
import { countBeside } from "./beside.js";
import { checkFence } from "./fence.js";

/** What a writer knows. */
export interface Expected {
  readonly sessionId: string;
  readonly incarnation: string;
  readonly seq: number;
  readonly fence: number | undefined;
}
/** A head, its session, and what stands beside it. */
export interface ExpectedHead {
  readonly line: Line;
  readonly head: Pick<LogHead, "id" | "created_at" | "weight" | "base_weight">;
  /** Task records. */
  readonly kept: number;
  /** Whether ephemeral values may be among it. */
  readonly hasEphemeral: boolean;
}

/** Throws CheckpointConflictError when the session has moved on, or its lease was lost; and CheckpointCorruptError. */
export function expectHead(file: OpenFile, expected: Expected): ExpectedHead {
  return knownHead(file, expected) ?? searchedHead(file, expected);
}

/** Undefined when it is not known here, or is not any more what was known of it. */
export function knownHead(
  { statements, known }: OpenFile,
  { sessionId, incarnation, seq, fence }: Expected,
): ExpectedHead | undefined {
  const head = known.get(sessionId);
  if (fence === undefined || head?.incarnation !== incarnation || head.seq !== seq) return undefined;
  const { session, hasEphemeral } = head;
  const { key, crc } = session;
  const found = statements.standing.get(
    ...[key, idOf(key, 1), idOf(key, SPAN - 1), head.id, head.crc],
    ...[key, sessionId, crc],
    ...[fence, sessionId],
  ) as { readonly kept: number } | undefined;
  if (found?.kept !== keptBeside(session, head)) return undefined;
  return { line: { sessionId, session }, head, kept: found.kept, hasEphemeral };
}

/** The session's record was written anew. When that is undone, what is known is wrong, and the head is searched for the next time. */
export function keepRecord({ known }: OpenFile, sessionId: string, session: SessionRow): void {
  const head = known.get(sessionId);
  if (head !== undefined) known.set(sessionId, { ...head, session });
}

function searchedHead(file: OpenFile, { sessionId, incarnation, seq, fence }: Expected): ExpectedHead {
  const expected = checkpointId(incarnation, seq);
  checkFence(file.statements, sessionId, fence, expected);
  const line = findLine(file, sessionId);
  const head = line && readHead(file.statements, line);
  if (line === undefined || head === undefined || line.session.incarnation !== incarnation || seqOf(head.id) !== seq)
    throw new CheckpointConflictError(sessionId, expected);
  return { line, head, kept: countBeside(file.statements, line, head), hasEphemeral: true };
}
