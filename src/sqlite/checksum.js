/** Checksums of stored records (T1): a flipped byte is found on reading, never taken for state. */
import { crc32 } from "node:zlib";
import { CheckpointCorruptError } from "../errors.js";
/** CRC-32 over all parts, lengths included, so that nothing can move from one to the next. */
export function checksum(...parts) {
    let text = "";
    for (const part of parts)
        text += typeof part === "string" ? `${part.length}:${part}|` : `${part}|`;
    return crc32(text);
}
/** Throws CheckpointCorruptError. */
export function verify(what, expected, ...parts) {
    if (expected !== checksum(...parts))
        throw new CheckpointCorruptError(what);
}
