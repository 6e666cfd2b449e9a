/** Outcomes of nodes, for every session: one that cannot be read is none, because it can be made again. */
import type { CacheEntry } from "../session/checkpointer.js";
import { decode, encode } from "../session/codec.js";
import { sealStored } from "../state/seal.js";
import type { TaskOutcome } from "../superstep/outcome.js";
import { checksum } from "./checksum.js";
import type { Statements } from "./statements.js";

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

/** Its text; whoever writes it need not encode within a transaction. */
export function encodeOutcome({ outcome }: CacheEntry): string {
  return encode(outcome);
}

/** What has expired by then goes. */
export function writeOutcome({ addCached, dropExpired }: Statements, entry: CacheEntry, body: string): void {
  const { key, at, expiresAt = null } = entry;
  dropExpired.run(at);
  addCached.run(key, expiresAt, checksum(key, expiresAt, body), body);
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
