/**
 * The open file, and what is known through it. After an I/O error nothing that SQLite says of a connection is to be trusted, so it is
 * given up with all that was known, and the next call opens the file again.
 */
import { existsSync } from "node:fs";
import { CheckpointError } from "../errors.js";
import { openDatabase } from "./driver.js";
import { failureOf, isFatal } from "./failures.js";
import { migrate } from "./schema.js";
import { prepareAll } from "./statements.js";
/** The write-ahead log is copied into the file when it has grown to this: 16 MB of pages of 4 KB. Four times SQLite's default, for a tenth of the time. */
const WAL_PAGES = 4_000;
/** Milliseconds that SQLite itself waits for a lock before the event loop gets its turn. */
const LOCK_MS = 20;
export class Connection {
    #opening;
    #file;
    #isClosed = false;
    /** Several writes of one transaction fail by the same error. */
    #lastFatal;
    /** Throws CheckpointError and CheckpointCorruptError. */
    constructor(database, opening) {
        this.#opening = opening;
        this.#file = this.#guard("open the store", () => prepare(database, opening));
    }
    /** The file, opened again if it had to be given up. Throws CheckpointError. */
    file() {
        this.#file ??= this.#reopen();
        return this.#file;
    }
    /** Does what needs the file. What goes wrong is a typed error. */
    use(operation, work) {
        return this.#guard(operation, () => work(this.file()));
    }
    /** The typed error for what went wrong; gives the connection up when it is not to be trusted any more. */
    failed(operation, error) {
        if (isFatal(error) && error !== this.#lastFatal) {
            this.#lastFatal = error;
            this.#giveUp();
        }
        return failureOf(operation, error);
    }
    get isClosed() {
        return this.#isClosed;
    }
    close() {
        this.#isClosed = true;
        this.#release();
    }
    #guard(operation, work) {
        try {
            return work();
        }
        catch (error) {
            throw this.failed(operation, error);
        }
    }
    #giveUp() {
        try {
            this.#release();
        }
        catch {
            // it is not used again, whatever it says
        }
    }
    /** A database of the caller's stays open. */
    #release() {
        const file = this.#file;
        this.#file = undefined;
        if (this.#opening.reopen !== undefined)
            file?.database.close();
    }
    #reopen() {
        const { reopen } = this.#opening;
        if (reopen === undefined || this.#isClosed)
            throw new CheckpointError("use the store", new TypeError(this.#isClosed ? "it is closed" : "its database failed to read or write the disk"), "open the database and the store again");
        return prepare(reopen(), this.#opening);
    }
}
/** Opens a file, and says how to open it again. A file that vanished is not begun anew, and neither is what was in memory. */
export function openPath(path, driver) {
    const reopen = () => {
        if (existsSync(path))
            return openDatabase(path, driver);
        throw new CheckpointError(`open "${path}"`, new TypeError("the file is gone"), "open the store again");
    };
    return { database: openDatabase(path, driver), reopen };
}
function prepare(database, { synchronous, busyTimeoutMs }) {
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    // says something only as long as the file is empty
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${synchronous}`);
    database.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
    migrate(database);
    database.exec(`PRAGMA busy_timeout = ${LOCK_MS}`);
    return { database, statements: prepareAll(database), known: new Map(), hasCheckedSessions: false };
}
