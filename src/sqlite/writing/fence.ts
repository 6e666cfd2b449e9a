/** Who was taken over from writes nothing (C4). */
import { CheckpointConflictError } from "../../errors.js";
import type { LeaseRow, Statements } from "../connection/statements.js";

/** Throws CheckpointConflictError when the lease of that fence is not the session's newest, or went with the session. */
export function checkFence(
  { lease }: Statements,
  sessionId: string,
  fence: number | undefined,
  expected: string | undefined,
): void {
  if (fence === undefined) return;
  const row = lease.get(sessionId) as LeaseRow | undefined;
  if (row?.fence !== fence) throw new CheckpointConflictError(sessionId, expected, row?.owner ?? "another owner");
}
