/** The store as the runner uses it: every failure is a CheckpointError (C3), and sessions in use stay in memory. */
import { crashPoint } from "../crash-point.js";
import { CheckpointError, SuperstepError } from "../errors.js";
import { after, recovering } from "../superstep/thenable.js";
/** Sessions whose newest checkpoint stays in memory, so that going on does not read it again. */
const RESIDENT = 1_000;
export class Store {
    #checkpointer;
    #resident = new Map();
    constructor(checkpointer) {
        this.#checkpointer = checkpointer;
    }
    async load(sessionId) {
        const stored = await guard("load a session", () => this.#checkpointer.load(sessionId, this.#resident.get(sessionId)));
        if (stored !== undefined)
            return this.#stay(stored.checkpoint, stored);
        this.#resident.delete(sessionId);
        return undefined;
    }
    commit(checkpoint, options) {
        crashPoint("commit.before");
        const saved = guard("commit a superstep", () => this.#checkpointer.commit(checkpoint, options));
        return after(saved, (bytes) => this.#committed(checkpoint, bytes));
    }
    annotate(write) {
        return guard("save what is pending", () => this.#checkpointer.annotate(write));
    }
    list(query) {
        return guard("list sessions", () => this.#checkpointer.list(query));
    }
    delete(sessionId, fence) {
        this.#resident.delete(sessionId);
        return guard("delete a session", () => this.#checkpointer.delete(sessionId, fence));
    }
    history(sessionId, query) {
        return guard("read the history", () => this.#checkpointer.history(sessionId, query));
    }
    at(sessionId, place) {
        return guard("read a checkpoint", () => this.#checkpointer.at(sessionId, place));
    }
    prune(policy) {
        return guard("prune", () => this.#checkpointer.prune(policy));
    }
    acquire(claim) {
        return guard("take a lease", () => this.#checkpointer.acquire(claim));
    }
    renew(leases, until) {
        return guard("renew leases", () => this.#checkpointer.renew(leases, until));
    }
    release(lease) {
        return guard("give a lease back", () => this.#checkpointer.release(lease));
    }
    close() {
        return guard("close", () => this.#checkpointer.close());
    }
    #committed(checkpoint, bytes) {
        crashPoint("commit.after");
        return this.#stay(checkpoint, bytes);
    }
    /** Only what is durable: another process may commit a checkpoint of the same id in its place. The one that was used longest ago leaves. */
    #stay(checkpoint, answer) {
        this.#resident.delete(checkpoint.sessionId);
        this.#resident.set(checkpoint.sessionId, checkpoint);
        if (this.#resident.size > RESIDENT)
            dropOldest(this.#resident);
        return answer;
    }
}
function dropOldest(resident) {
    for (const sessionId of resident.keys()) {
        resident.delete(sessionId);
        return;
    }
}
function guard(operation, work) {
    return recovering(work, (error) => {
        throw SuperstepError.is(error) ? error : new CheckpointError(operation, error);
    });
}
