/** Outcomes of nodes, for every session: one that cannot be read is none, because it can be made again. */
import type { CacheEntry } from "../../session/checkpointer.js";
import { decode, encode, type Noted } from "../../session/codec.js";
import { sealStored } from "../../state/seal.js";
import type { TaskOutcome } from "../../superstep/outcome.js";
import { dropMentions, mentionKnown } from "../artifacts/mentions.js";
import { checksum } from "../connection/checksum.js";
import type { Statements } from "../connection/statements.js";

interface CachedRow {
  readonly expires_at: number | null;
  readonly crc: number;
  readonly body: string;
}

export function readOutcome({ cached }: Statements, key: string, at: number): TaskOutcome | undefined {
  const row = cached.get(key) as CachedRow | undefined;
  if (row === undefined || (row.expires_at !== null && at >= row.expires_at)) return undefined;
  return row.crc === checksum(key, row.expires_at, row.body) ? decoded(row.body) : undefined;
}

/** An outcome as it is written, and what it refers to. */
export interface EncodedOutcome {
  readonly body: string;
  readonly noted: Noted;
}

/** Whoever writes it need not encode within a transaction. */
export function encodeOutcome({ outcome }: CacheEntry): EncodedOutcome {
  const noted: Noted = {};
  return { body: encode(outcome, noted), noted };
}

/** What has expired by then goes. One that refers to what is not there would fail whoever takes it, and is not kept. */
export function writeOutcome(statements: Statements, entry: CacheEntry, { body, noted }: EncodedOutcome): void {
  const { key, at, expiresAt = null } = entry;
  const { addCached, dropExpired, artifact } = statements;
  dropExpired.run(at);
  for (const digest of noted.artifacts ?? []) if (artifact.get(digest) === undefined) return;
  const { id } = addCached.get(key, expiresAt, checksum(key, expiresAt, body), body) as { readonly id: number };
  dropMentions(statements, "cache", id, id);
  mentionKnown(statements, "cache", id, noted.artifacts ?? []);
}

/** It may hold instances of a class that this process has not registered. */
function decoded(body: string): TaskOutcome | undefined {
  try {
    const outcome = decode(body) as TaskOutcome;
    sealStored(outcome);
    return outcome;
  } catch {
    return undefined;
  }
}
