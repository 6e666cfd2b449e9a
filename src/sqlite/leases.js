/**
 * Leases (C4). A row stays when its lease is given back, so that a former owner is still refused, as long as the session exists. None of
 * this must survive a power cut: every owner dies in it.
 */
import { CheckpointConflictError, CheckpointCorruptError } from "../errors.js";
import { seqOf } from "./schema.js";
import { findLine, readHead, setSession } from "./session-row.js";
export function acquire({ lease, addLease }, claim) {
    const { sessionId, owner, at, ttlMs, evict } = claim;
    const former = lease.get(sessionId);
    if (former?.owner != null && former.expires_at > at && former.fence !== evict) {
        return { kind: "held", holder: { owner: former.owner, fence: former.fence, since: former.since } };
    }
    const { fence } = addLease.get(sessionId, owner, at, at + ttlMs);
    return { kind: "granted", lease: { sessionId, fence } };
}
/** Gives those that were lost. */
export function renew({ renewLease }, leases, until) {
    return leases.filter(({ sessionId, fence }) => renewLease.get(until, sessionId, fence) === undefined);
}
/** Gives a lease back, and lets the session's record bear witness of the head that the owner leaves behind. */
export function release(file, { sessionId, fence }) {
    const { lease, dropLease, freeLease } = file.statements;
    if (lease.get(sessionId)?.fence !== fence)
        return;
    if (witness(file, sessionId))
        freeLease.run(sessionId, fence);
    else
        dropLease.run(sessionId, fence);
}
/** Throws CheckpointConflictError when the lease of that fence is not the session's newest, or went with the session. */
export function checkFence({ lease }, sessionId, fence, expected) {
    if (fence === undefined)
        return;
    const row = lease.get(sessionId);
    if (row?.fence !== fence)
        throw new CheckpointConflictError(sessionId, expected, row?.owner ?? "another owner");
}
/** False when the session does not exist. Damage is for those to find who read the session. */
function witness(file, sessionId) {
    try {
        const line = findLine(file, sessionId);
        if (line === undefined)
            return false;
        const head = readHead(file.statements, line);
        const seen = seqOf(head.id);
        const nothing = { kept: 0, note: null, note_status: null, updated_at: head.created_at };
        if (line.session.seen < seen)
            setSession(file.statements, { ...line.session, ...nothing, seen });
        return true;
    }
    catch (error) {
        if (error instanceof CheckpointCorruptError)
            return true;
        throw error;
    }
}
