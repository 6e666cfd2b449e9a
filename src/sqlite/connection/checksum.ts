/** Checksums of stored records (T1): a flipped byte is found on reading, never taken for state. */
import { crc32 } from "node:zlib";
import { CheckpointCorruptError } from "../../errors.js";

/** CRC-32 over all parts, lengths included, so that nothing can move from one to the next. */
export function checksum(...parts: readonly (string | number | null)[]): number {
  let text = "";
  for (const part of parts) text += typeof part === "string" ? `${part.length}:${part}|` : `${part}|`;
  return crc32(text);
}

/** Throws CheckpointCorruptError. */
export function verify(what: string, expected: number | null, ...parts: readonly (string | number | null)[]): void {
  if (expected !== checksum(...parts)) throw new CheckpointCorruptError(what);
}
