export class LeaseTable {
    #bySession = new Map();
    /** One count for all sessions: the numbers of a session that was deleted never come again. */
    #lastFence = 0;
    acquire({ sessionId, owner, at, ttlMs, evict }) {
        const former = this.#bySession.get(sessionId);
        if (former?.owner !== undefined && former.until > at && former.fence !== evict) {
            return { kind: "held", holder: { owner: former.owner, fence: former.fence, since: former.since } };
        }
        const fence = ++this.#lastFence;
        this.#bySession.set(sessionId, { fence, owner, since: at, until: at + ttlMs });
        return { kind: "granted", lease: { sessionId, fence } };
    }
    renew(leases, until) {
        return leases.filter(({ sessionId, fence }) => {
            const entry = this.#bySession.get(sessionId);
            if (entry?.owner === undefined || entry.fence !== fence)
                return true;
            this.#bySession.set(sessionId, { ...entry, until });
            return false;
        });
    }
    /** The entry stays, so that a former owner is still refused; unless there is nothing left to fence. */
    release({ sessionId, fence }, isGone) {
        const entry = this.#bySession.get(sessionId);
        if (entry?.fence !== fence)
            return;
        if (isGone)
            this.#bySession.delete(sessionId);
        else
            this.#bySession.set(sessionId, { ...entry, owner: undefined });
    }
    /** Who took the session over from the owner of that fence; undefined while nobody has, and it did not go with the session. */
    newerThan(sessionId, fence) {
        if (fence === undefined)
            return undefined;
        const entry = this.#bySession.get(sessionId);
        return entry?.fence === fence ? undefined : { owner: entry?.owner };
    }
}
