/** How a SQLite store is opened. */
import { checkNames, InvalidOptionError, type OptionNames } from "../errors.js";
import type { DriverName } from "./connection/driver.js";

/** How the file is opened and written. */
export interface SqliteOptions {
  /** Default: better-sqlite3 where it is installed and fits this Node, else node:sqlite. */
  readonly driver?: DriverName | undefined;
  /** full: a commit survives a power cut (default). normal: it survives a crash of the process, and the file stays whole. */
  readonly synchronous?: "full" | "normal" | undefined;
  /** Milliseconds to wait for another process's write lock. Default 5000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Default: the bytes of artifacts are in the file. With a folder they are in files there, which nobody else may keep anything in. */
  readonly artifacts?: { readonly folder: string } | undefined;
}

const OPTIONS = {
  driver: true,
  synchronous: true,
  busyTimeoutMs: true,
  artifacts: true,
} satisfies OptionNames<SqliteOptions>;

/** Throws InvalidOptionError. */
export function checkOptions(pathOrDatabase: unknown, options: SqliteOptions): void {
  checkNames(options, OPTIONS);
  const { synchronous, driver, artifacts, busyTimeoutMs = 0 } = options;
  const isDatabase = typeof pathOrDatabase === "object" && pathOrDatabase !== null && "prepare" in pathOrDatabase;
  if (!isDatabase && (typeof pathOrDatabase !== "string" || pathOrDatabase === "")) {
    throw new InvalidOptionError(
      "pathOrDatabase",
      "is neither a path nor a database",
      'pass a file name, ":memory:", or an open database',
    );
  }
  if (synchronous !== undefined && synchronous !== "full" && synchronous !== "normal") {
    throw new InvalidOptionError("synchronous", `is ${JSON.stringify(synchronous)}`, 'use "full" or "normal"');
  }
  if (driver !== undefined && driver !== "better-sqlite3" && driver !== "node:sqlite") {
    throw new InvalidOptionError("driver", `is ${JSON.stringify(driver)}`, 'use "better-sqlite3" or "node:sqlite"');
  }
  if (artifacts !== undefined && !isFolder(artifacts)) {
    throw new InvalidOptionError("artifacts", "names no folder", 'pass { folder: "path/of/a/folder" }');
  }
  if (!(busyTimeoutMs >= 0 && busyTimeoutMs < 2 ** 31)) {
    throw new InvalidOptionError("busyTimeoutMs", `is ${busyTimeoutMs}`, "give a number of milliseconds, 0 or more");
  }
}

function isFolder(artifacts: unknown): boolean {
  if (typeof artifacts !== "object" || artifacts === null || !("folder" in artifacts)) return false;
  return typeof artifacts.folder === "string" && artifacts.folder !== "" && !artifacts.folder.includes("\0");
}
