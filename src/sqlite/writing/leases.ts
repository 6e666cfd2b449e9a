/**
 * Leases (C4). A row stays when its lease is given back, so that a former owner is still refused, as long as the session exists. None of
 * this must survive a power cut: every owner dies in it.
 */
import { CheckpointCorruptError } from "../../errors.js";
import type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "../../session/lease.js";
import type { OpenFile } from "../connection/connection.js";
import { idOf, SPAN, seqOf } from "../connection/schema.js";
import type { LeaseRow, LogHead, Statements } from "../connection/statements.js";
import { findLine, type Line, readHead, setSession } from "../reading/session-row.js";
import { keepRecord, knownHead } from "./expected-head.js";

/** With one statement when it is granted. */
export function acquire(statements: Statements, claim: LeaseClaim): LeaseAnswer {
  const granted = grant(statements, claim);
  if (granted !== undefined) return granted;
  const { owner, fence, since } = statements.lease.get(claim.sessionId) as LeaseRow;
  return { kind: "held", holder: { owner: owner ?? "another owner", fence, since } };
}

/** Undefined when another lease holds. */
export function grant({ claimLease }: Statements, claim: LeaseClaim): LeaseAnswer | undefined {
  const { sessionId, owner, at, ttlMs, evict = null } = claim;
  const row = claimLease.get(sessionId, owner, at, at + ttlMs, sessionId, at, evict) as LeaseRow | undefined;
  return row && { kind: "granted", lease: { sessionId, fence: row.fence } };
}

/** Gives those that were lost, and those whose owner was asked to stop. */
export function renew({ renewLease }: Statements, leases: readonly Lease[], until: number): readonly LeaseNews[] {
  return leases.flatMap((lease): readonly LeaseNews[] => {
    const renewed = renewLease.get(until, lease.sessionId, lease.fence) as { readonly stop: string | null } | undefined;
    if (renewed === undefined) return [lease];
    return renewed.stop === null ? [] : [{ ...lease, stop: JSON.parse(renewed.stop) as StopRequest }];
  });
}

/** A new lease replaces the row, and the request with it. */
export function askToStop(
  { askToStop }: Statements,
  sessionId: string,
  { by, reason }: StopRequest,
  at: number,
): LeaseHolder | undefined {
  return askToStop.get(JSON.stringify({ by, reason }), sessionId, at) as LeaseHolder | undefined;
}

/** Gives a lease back, and lets the session's record bear witness of the head that the owner leaves behind. */
export function release(file: OpenFile, lease: Lease): void {
  if (releaseKnown(file, lease) || releaseExpected(file, lease)) return;
  const { sessionId, fence } = lease;
  const { lease: find, dropLease, freeLease } = file.statements;
  if ((find.get(sessionId) as LeaseRow | undefined)?.fence !== fence) return;
  if (witness(file, sessionId)) freeLease.run(sessionId, fence);
  else dropLease.run(sessionId, fence);
}

/** With one statement, when the session's record is known and names the head already. False when nothing was done. */
export function releaseKnown({ statements, known }: OpenFile, { sessionId, fence }: Lease): boolean {
  const head = known.get(sessionId);
  if (head === undefined || head.session.seen !== head.seq) return false;
  const { key, crc } = head.session;
  const { changes } = statements.freeKnownLease.run(
    ...[sessionId, fence],
    ...[idOf(key, 1), idOf(key, SPAN - 1), head.id, head.crc],
    ...[key, sessionId, crc],
  ) as { readonly changes: number | bigint };
  return Number(changes) > 0;
}

/** When the head is what is known of it. False when nothing was done. */
function releaseExpected(file: OpenFile, { sessionId, fence }: Lease): boolean {
  const head = file.known.get(sessionId);
  const expected = head && knownHead(file, { sessionId, incarnation: head.incarnation, seq: head.seq, fence });
  if (expected === undefined) return false;
  bearWitness(file, expected.line, expected.head);
  file.statements.freeLease.run(sessionId, fence);
  return true;
}

/** False when the session does not exist. Damage is for those to find who read the session. */
function witness(file: OpenFile, sessionId: string): boolean {
  try {
    const line = findLine(file, sessionId);
    if (line === undefined) return false;
    bearWitness(file, line, readHead(file.statements, line));
    return true;
  } catch (error) {
    if (error instanceof CheckpointCorruptError) return true;
    throw error;
  }
}

function bearWitness(file: OpenFile, { sessionId, session }: Line, head: Pick<LogHead, "id" | "created_at">): void {
  const seen = seqOf(head.id);
  if (session.seen >= seen) return;
  const nothing = { kept: 0, note: null, note_status: null, updated_at: head.created_at };
  keepRecord(file, sessionId, setSession(file.statements, { ...session, ...nothing, seen }));
}
