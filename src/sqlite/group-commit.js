/**
 * Group commit: what is written in one turn of the event loop, by whatever session, is one transaction and one fsync, and each write is
 * answered once that is durable. A write that refuses (a conflict) writes nothing and harms no other.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { crashPoint } from "../crash-point.js";
import { SuperstepError } from "../errors.js";
/** Milliseconds between two tries for the write lock that another process holds. */
const RETRY_MS = 4;
export class GroupCommit {
    #transaction;
    #busyTimeoutMs;
    #queue = [];
    #flushing;
    constructor(transaction, busyTimeoutMs) {
        this.#transaction = transaction;
        this.#busyTimeoutMs = busyTimeoutMs;
    }
    /**
     * Runs `work` within the turn's transaction. A SuperstepError that it throws is a refusal: it has written nothing, and only this write
     * fails. Any other error undoes the whole transaction, and every write in it fails. What need not outlive a power cut waits for no disk
     * unless something beside it does.
     */
    write(work, { isDurable = true, alone } = {}) {
        return new Promise((resolve, reject) => {
            this.#queue.push({ work, alone, isDurable, resolve, reject });
            this.#flushing ??= new Promise((turn) => setImmediate(turn)).then(() => this.#flush());
        });
    }
    get isIdle() {
        return this.#flushing === undefined;
    }
    /** Resolves when nothing waits to be written. */
    async idle() {
        while (this.#flushing !== undefined)
            await this.#flushing;
    }
    /** Waits for the write lock without blocking the event loop. */
    async #flush() {
        const deadline = performance.now() + this.#busyTimeoutMs;
        while (!this.#tryNow(performance.now() > deadline))
            await sleep(RETRY_MS);
    }
    /** Everything between begin and commit happens in one go: nobody else sees the connection within a transaction. */
    #tryNow(isLastTry) {
        try {
            const answer = answerAlone(this.#queue);
            if (answer === undefined)
                this.#transaction.begin(this.#queue.some(({ isDurable }) => isDurable));
            const writes = this.#take();
            if (answer === undefined)
                this.#run(writes);
            else
                answer();
        }
        catch (error) {
            if (!isLastTry && this.#transaction.isBusy(error))
                return false;
            for (const { reject } of this.#take())
                reject(error);
        }
        return true;
    }
    #take() {
        const writes = this.#queue;
        this.#queue = [];
        this.#flushing = undefined;
        return writes;
    }
    #run(writes) {
        try {
            crashPoint("sqlite.begun");
            const answers = writes.map(attempt);
            crashPoint("sqlite.full");
            this.#transaction.commit();
            crashPoint("sqlite.committed");
            for (const answer of answers)
                answer();
        }
        catch (error) {
            this.#undo();
            for (const { reject } of writes)
                reject(error);
        }
    }
    #undo() {
        try {
            this.#transaction.rollback();
        }
        catch {
            // SQLite has rolled back by itself
        }
    }
}
/** Undefined: it takes a transaction. */
function answerAlone([only, another]) {
    if (only === undefined || another !== undefined)
        return undefined;
    const value = only.alone?.();
    return value === undefined ? undefined : () => only.resolve(value);
}
function attempt({ work, resolve, reject }) {
    try {
        const value = work();
        return () => resolve(value);
    }
    catch (error) {
        if (!SuperstepError.is(error))
            throw error;
        return () => reject(error);
    }
}
