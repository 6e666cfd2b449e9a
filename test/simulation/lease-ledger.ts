/** Who may write to which session (C4): never two at a time, and nobody whose lease is not the newest. */
import type { Lease, LeaseAnswer, LeaseClaim } from "../../src/index.js";

interface Entry {
  readonly fence: number;
  readonly owner: string;
  readonly until: number;
  readonly isOver: boolean;
}

export class LeaseLedger {
  readonly #bySession = new Map<string, Entry>();
  readonly #accuse: (law: string) => void;

  constructor(accuse: (law: string) => void) {
    this.#accuse = accuse;
  }

  acquired({ sessionId, owner, at, ttlMs, evict }: LeaseClaim, answer: LeaseAnswer): void {
    if (answer.kind === "held") return;
    const former = this.#bySession.get(sessionId);
    const { fence } = answer.lease;
    if (former !== undefined && fence <= former.fence) this.#accuse(`lease ${fence} of ${sessionId} comes again`);
    const isFree = former === undefined || former.isOver || former.until <= at;
    if (!isFree && !(evict === former.fence && former.owner === owner))
      this.#accuse(`${sessionId} has two owners, by the leases ${former.fence} and ${fence}`);
    this.#bySession.set(sessionId, { fence, owner, until: at + ttlMs, isOver: false });
  }

  renewed(leases: readonly Lease[], until: number, lost: readonly Lease[]): void {
    for (const { sessionId, fence } of leases) {
      const entry = this.#bySession.get(sessionId);
      const isOurs = entry?.fence === fence && !entry.isOver;
      const isLost = lost.some((one) => one.sessionId === sessionId);
      if (isOurs === isLost) this.#accuse(`lease ${fence} of ${sessionId} is told to be ${isLost ? "lost" : "held"}`);
      if (isOurs) this.#bySession.set(sessionId, { ...entry, until });
    }
  }

  /** Of a session that does not exist nothing is fenced. */
  released({ sessionId, fence }: Lease, exists: boolean): void {
    const entry = this.#bySession.get(sessionId);
    if (entry?.fence !== fence) return;
    if (exists) this.#bySession.set(sessionId, { ...entry, isOver: true });
    else this.#bySession.delete(sessionId);
  }

  /** Somebody writes under this lease. */
  check(sessionId: string, fence: number | undefined): void {
    const lease = this.#bySession.get(sessionId);
    if (fence === undefined || (lease !== undefined && lease.fence !== fence))
      this.#accuse(`somebody writes to ${sessionId} under lease ${fence}, and the newest is ${lease?.fence}`);
  }
}
