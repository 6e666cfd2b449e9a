/** A module by what is in its file: what was made with another version of it does not count for this one. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NodeModuleError } from "../errors.js";

/** Digests by URL, of files as they were. */
const known = new Map<string, { readonly mtimeMs: number; readonly size: number; readonly digest: string }>();

/** The SHA-256 of the file, read again when it has changed. Throws NodeModuleError. */
export function contentDigest(url: string): string {
  try {
    const path = fileURLToPath(url);
    const { mtimeMs, size } = statSync(path);
    const last = known.get(url);
    if (last?.mtimeMs === mtimeMs && last.size === size) return last.digest;
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    known.set(url, { mtimeMs, size, digest });
    return digest;
  } catch (cause) {
    throw new NodeModuleError(url, "cannot be read", cause);
  }
}
