/** Heads that are remembered, so that what follows from them need not be written again. */
import type { Checkpoint } from "../../session/checkpoint.js";
import type { KnownHead } from "../connection/connection.js";
import type { Written } from "./writing.js";

const KNOWN_HEADS = 10_000;

/** The one that was used longest ago leaves. */
export function remember(
  heads: Map<string, KnownHead>,
  { sessionId, incarnation, seq, frontier, versions, ephemeral }: Checkpoint,
  { row, session }: Pick<Written, "row" | "session">,
): void {
  heads.delete(sessionId);
  const hasEphemeral = ephemeral.length > 0;
  const { id, created_at, weight, base_weight, crc } = row;
  heads.set(sessionId, {
    incarnation,
    seq,
    id,
    created_at,
    weight,
    base_weight,
    crc,
    session,
    frontier,
    versions,
    fingerprint: session.fingerprint,
    hasEphemeral,
  });
  if (heads.size > KNOWN_HEADS) for (const oldest of heads.keys()) return void heads.delete(oldest);
}
