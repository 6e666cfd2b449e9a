/** What SQLite reports, as errors that say what to do. */
import {
  ArtifactCorruptError,
  ArtifactNotFoundError,
  CheckpointCorruptError,
  CheckpointError,
  SuperstepError,
} from "../../errors.js";

const HELP: readonly (readonly [code: string, help: string])[] = [
  ["SQLITE_BUSY", "another process holds the write lock; raise `busyTimeoutMs`, or run fewer writers on one file"],
  ["SQLITE_FULL", "free some disk and run the session again; nothing of this superstep was written"],
  ["SQLITE_READONLY", "make the file and its folder writable for this process"],
  [
    "SQLITE_IOERR",
    "check the disk, then run the session again; a store that was given a database must be opened again with a new one",
  ],
  ["SQLITE_CANTOPEN", "check that the folder exists and that this process may open more files"],
];

/** SQLite's name for what happened, from either driver. */
function codeOf(error: unknown): string {
  const { code, errstr } = (error ?? {}) as { code?: unknown; errstr?: unknown };
  if (typeof code === "string" && code.startsWith("SQLITE_")) return code;
  return CODES_BY_TEXT[String(errstr)] ?? "";
}

/** How node:sqlite names the same things. */
const CODES_BY_TEXT: Readonly<Record<string, string>> = {
  "database is locked": "SQLITE_BUSY",
  "database table is locked": "SQLITE_LOCKED",
  "database or disk is full": "SQLITE_FULL",
  "attempt to write a readonly database": "SQLITE_READONLY",
  "disk I/O error": "SQLITE_IOERR",
  "unable to open database file": "SQLITE_CANTOPEN",
  "database disk image is malformed": "SQLITE_CORRUPT",
  "file is not a database": "SQLITE_NOTADB",
};

export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}

/** After these, what a connection says of the file cannot be trusted: a failed write may be on the disk or not. */
export function isFatal(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_CANTOPEN");
}

/** Whether what was to be read is not what was written. */
export function isDamage(error: unknown): boolean {
  return [CheckpointCorruptError, ArtifactCorruptError, ArtifactNotFoundError].some((kind) => error instanceof kind);
}

/** The typed error for what went wrong while doing `operation`. */
export function failureOf(operation: string, error: unknown, path?: string): SuperstepError {
  if (SuperstepError.is(error)) return error;
  const code = codeOf(error);
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return new CheckpointCorruptError(path === undefined ? "the store's file" : `the file "${path}"`, { cause: error });
  return new CheckpointError(operation, error, HELP.find(([prefix]) => code.startsWith(prefix))?.[1]);
}
