/** The leases of a store in memory. */
import type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "./lease.js";

interface Entry {
  readonly fence: number;
  /** Undefined: given back. */
  readonly owner: string | undefined;
  readonly since: number;
  readonly until: number;
  readonly stop?: StopRequest;
}

export class LeaseTable {
  readonly #bySession = new Map<string, Entry>();
  /** One count for all sessions: the numbers of a session that was deleted never come again. */
  #lastFence = 0;

  acquire({ sessionId, owner, at, ttlMs, evict }: LeaseClaim): LeaseAnswer {
    const former = this.#bySession.get(sessionId);
    if (former?.owner !== undefined && former.until > at && former.fence !== evict) {
      return { kind: "held", holder: { owner: former.owner, fence: former.fence, since: former.since } };
    }
    const fence = ++this.#lastFence;
    this.#bySession.set(sessionId, { fence, owner, since: at, until: at + ttlMs });
    return { kind: "granted", lease: { sessionId, fence } };
  }

  renew(leases: readonly Lease[], until: number): readonly LeaseNews[] {
    return leases.flatMap((lease): readonly LeaseNews[] => {
      const { sessionId, fence } = lease;
      const entry = this.#bySession.get(sessionId);
      if (entry?.owner === undefined || entry.fence !== fence) return [lease];
      this.#bySession.set(sessionId, { ...entry, until });
      return entry.stop === undefined ? [] : [{ sessionId, fence, stop: entry.stop }];
    });
  }

  askToStop(sessionId: string, stop: StopRequest, at: number): LeaseHolder | undefined {
    const entry = this.#bySession.get(sessionId);
    if (entry?.owner === undefined || entry.until <= at) return undefined;
    this.#bySession.set(sessionId, { stop, ...entry });
    return { owner: entry.owner, fence: entry.fence, since: entry.since };
  }

  /** The entry stays, so that a former owner is still refused; unless there is nothing left to fence. */
  release({ sessionId, fence }: Lease, isGone: boolean): void {
    const entry = this.#bySession.get(sessionId);
    if (entry?.fence !== fence) return;
    if (isGone) this.#bySession.delete(sessionId);
    else this.#bySession.set(sessionId, { ...entry, owner: undefined });
  }

  /** Who took the session over from the owner of that fence; undefined while nobody has, and it did not go with the session. */
  newerThan(sessionId: string, fence: number | undefined): { readonly owner: string | undefined } | undefined {
    if (fence === undefined) return undefined;
    const entry = this.#bySession.get(sessionId);
    return entry?.fence === fence ? undefined : { owner: entry?.owner };
  }
}
