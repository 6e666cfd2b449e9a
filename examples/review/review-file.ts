/** Reviews one file: really reads it, and asks every rule. */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { RULES } from "./rules.js";

export interface Finding {
  readonly path: string;
  readonly rule: string;
  readonly line: number;
  readonly note: string;
}
export type FileReview =
  | { readonly kind: "reviewed"; readonly lines: number; readonly findings: readonly Finding[] }
  | { readonly kind: "skipped"; readonly reason: string };

/** Of a longer file, only the beginning is read. */
const MOST_BYTES = 1024 * 1024;
/** Of one rule, at most this many findings a file; the last one counts the others. */
const MOST_FINDINGS = 10;

/** `path` is the name in findings, `file` where it is. */
export async function reviewFile(path: string, file: string): Promise<FileReview> {
  try {
    const { bytes, size } = await readBeginning(file);
    if (bytes.subarray(0, 8192).includes(0)) return { kind: "skipped", reason: "binary" };
    const text = bytes.toString("utf8");
    const lines = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
    return { kind: "reviewed", lines: lines.length, findings: findingsIn(path, lines, size) };
  } catch (error) {
    return { kind: "skipped", reason: `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` };
  }
}

async function readBeginning(file: string): Promise<{ readonly bytes: Buffer; readonly size: number }> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(Math.min(size, MOST_BYTES)) });
  return { bytes: buffer.subarray(0, bytesRead), size };
}

function findingsIn(path: string, lines: readonly string[], bytes: number): readonly Finding[] {
  const text = { lines, bytes, extension: extname(path).slice(1).toLowerCase() };
  return RULES.flatMap(({ name, check }) => {
    const all = check(text).map(({ line, note }): Finding => ({ path, rule: name, line, note }));
    const more = all.length - MOST_FINDINGS;
    const last = all[MOST_FINDINGS - 1];
    if (more <= 0 || last === undefined) return all;
    return [...all.slice(0, MOST_FINDINGS - 1), { ...last, note: `${last.note}, and ${more} more like this` }];
  });
}
