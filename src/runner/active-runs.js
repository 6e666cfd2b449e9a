/** The calls that drive sessions at this moment: one a session, here and in every other process. All of them end when the runner closes. */
import { InvalidOptionError, SessionBusyError } from "../errors.js";
export class ActiveRuns {
    #leases;
    #bySession = new Map();
    #closed = false;
    constructor(leases) {
        this.#leases = leases;
    }
    /** The work gets the fencing number to write under. Throws SessionBusyError while somebody else drives the session. */
    async exclusively(sessionId, cancellation, work) {
        try {
            if (this.#closed)
                throw new InvalidOptionError("runner", "is closed", "make a new AppRunner");
            const other = this.#bySession.get(sessionId);
            if (other !== undefined)
                throw new SessionBusyError(sessionId, "another call of this runner", other.since);
            const done = this.#underLease(sessionId, cancellation, work);
            this.#bySession.set(sessionId, { cancellation, since: this.#leases.now(), done });
            return await done.finally(() => this.#bySession.delete(sessionId));
        }
        finally {
            cancellation.dispose();
        }
    }
    /** Ends what runs at its next boundary, and waits for it. */
    async close() {
        this.#closed = true;
        const active = [...this.#bySession.values()];
        for (const { cancellation } of active) {
            cancellation.stopAtBoundary ??= { reason: new DOMException("the runner was closed", "AbortError") };
        }
        await Promise.allSettled(active.map(({ done }) => done));
    }
    async #underLease(sessionId, cancellation, work) {
        const lease = await this.#leases.take(sessionId, (cause) => cancellation.abort(cause));
        try {
            return await work(lease.fence);
        }
        finally {
            await this.#leases.giveBack(lease);
        }
    }
}
