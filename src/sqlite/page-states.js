/** The states of a page of history: read when one of them is first looked at, all at once, so that they share what did not change. */
import { CheckpointCorruptError, CheckpointNotFoundError } from "../errors.js";
import { checkpointId } from "../session/checkpoint.js";
import { lastStates } from "../session/log-record.js";
import { decodedOf, readChain } from "./line.js";
import { reading } from "./log.js";
import { seqOf } from "./schema.js";
import { findLine } from "./session-row.js";
import { atomically } from "./statements.js";
export class PageStates {
    #connection;
    #line;
    /** Newest first. */
    #rows;
    #states = new Map();
    #wasRead = false;
    constructor(connection, line, rows) {
        this.#connection = connection;
        this.#line = line;
        this.#rows = rows;
    }
    /** Throws CheckpointCorruptError, CheckpointNotFoundError when it was taken away meanwhile, and CheckpointError. */
    of(placed) {
        const known = this.#states.get(placed.row.id);
        if (known !== undefined)
            return known;
        return this.#connection.use("read a checkpoint", (file) => atomically(file.statements, () => this.#read(file, placed)));
    }
    #read(file, placed) {
        const { sessionId, session } = this.#line;
        const line = findLine(file, sessionId);
        const floor = line?.session.floor ?? 0;
        if (line?.session.key !== session.key || seqOf(placed.row.id) < floor)
            throw new CheckpointNotFoundError(sessionId, `"${checkpointId(placed.segment.incarnation, seqOf(placed.row.id))}"`);
        if (!this.#wasRead)
            this.#readAll(file, line, floor);
        if (!this.#states.has(placed.row.id))
            this.#readRows(file, line, [placed]);
        return this.#states.get(placed.row.id);
    }
    /** Where one of them is damaged, each is read for itself. */
    #readAll(file, line, floor) {
        this.#wasRead = true;
        try {
            this.#readRows(file, line, this.#rows.filter(({ row }) => seqOf(row.id) >= floor));
        }
        catch (error) {
            if (!(error instanceof CheckpointCorruptError))
                throw error;
        }
    }
    #readRows(file, line, rows) {
        const [newest, oldest] = [rows[0], rows[rows.length - 1]];
        const chain = readChain(file.statements, line, { from: oldest.row.id, to: newest.row.id });
        const states = reading(newest.segment, newest.row, () => lastStates(decodedOf(chain), rows.length));
        for (const [place, state] of states.entries())
            this.#states.set(chain[chain.length - rows.length + place].row.row.id, state);
    }
}
