/** How a SQLite store is opened. */
import { InvalidOptionError } from "../errors.js";
/** Throws InvalidOptionError. */
export function checkOptions(pathOrDatabase, { synchronous, driver, busyTimeoutMs = 0 }) {
    const isDatabase = typeof pathOrDatabase === "object" && pathOrDatabase !== null && "prepare" in pathOrDatabase;
    if (!isDatabase && (typeof pathOrDatabase !== "string" || pathOrDatabase === "")) {
        throw new InvalidOptionError("pathOrDatabase", "is neither a path nor a database", 'pass a file name, ":memory:", or an open database');
    }
    if (synchronous !== undefined && synchronous !== "full" && synchronous !== "normal") {
        throw new InvalidOptionError("synchronous", `is ${JSON.stringify(synchronous)}`, 'use "full" or "normal"');
    }
    if (driver !== undefined && driver !== "better-sqlite3" && driver !== "node:sqlite") {
        throw new InvalidOptionError("driver", `is ${JSON.stringify(driver)}`, 'use "better-sqlite3" or "node:sqlite"');
    }
    if (!(busyTimeoutMs >= 0 && busyTimeoutMs < 2 ** 31)) {
        throw new InvalidOptionError("busyTimeoutMs", `is ${busyTimeoutMs}`, "give a number of milliseconds, 0 or more");
    }
}
