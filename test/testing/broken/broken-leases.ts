/** Stores that grant what is held, forget whom they granted it to, or do not ask. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { CheckpointConflictError, type Lease, type LeaseAnswer, type LeaseClaim, MemoryCheckpointer } from "superstep";
import { firstOf } from "superstep/testing";
import { type BrokenStore, broken, insteadOf, type Mistakes } from "./broken-store.js";

const HELD = "C4: a lease that holds is not granted again, not even to its owner, and says whose it is";
const ENDS = "C4: a lease ends by itself at the very millisecond";
const RENEWED = "C4: a renewed lease holds longer, since when it was granted";
const LOST = "C4: renewing tells which leases were lost, and leaves their successors";
const EVICT = "C4: a holder that is known to be gone is evicted by its number, and by no other";
const GROWS = "C4: a fence grows with every lease of a session, also while it is deleted";
const OLDER = "C4: a write under an older lease than the newest is a conflict and writes nothing";

const STOP = "C4: who holds a lease hears of the first request to stop at each renewal, and its successor of none";
const NOBODY = "C4: nobody is asked to stop where no lease holds, and nothing of it is kept";

export const brokenLeases: readonly BrokenStore[] = [
  broken("forgets who was asked to stop", STOP, {
    renew: (inner, leases, until) => inner.renew(leases, until).filter(({ stop }) => stop === undefined),
  }),
  broken("keeps a request for an owner whose lease has ended", NOBODY, {
    askToStop: (inner, sessionId, request) => inner.askToStop(sessionId, request, 0),
  }),
  broken(
    "commits under any lease",
    [
      OLDER,
      "C4: no session is begun, forked or replaced under an older lease",
      "C4: a write under a lease that nobody was granted is a conflict",
    ],
    {
      commit: (inner, checkpoint, { fence: _, ...options } = {}) => inner.commit(checkpoint, options),
    },
  ),
  broken("writes notes under any lease", OLDER, { annotate: (inner, { fence: _, ...write }) => inner.annotate(write) }),
  broken("lets late owners begin a session again", "C4: a late owner does not begin a deleted session again", {
    commit: (inner, checkpoint, options) => {
      const begin = () => inner.commit(checkpoint, { replace: options?.replace === true });
      const commit = () => inner.commit(checkpoint, options);
      return checkpoint.parentSeq === undefined ? insteadOf(CheckpointConflictError, commit, begin) : commit();
    },
  }),
  broken(
    "refuses a lease that was given back, though nobody took it over",
    "C4: a write under the newest lease is written, also when it has ended or was given back",
    {
      release: (inner, lease) => {
        inner.release(lease);
        inner.acquire({ sessionId: lease.sessionId, owner: "store", at: 0, ttlMs: 0 });
      },
    },
  ),
  broken("grants what is held", HELD, () => {
    const newest = new Newest();
    return { acquire: (inner, claim) => newest.note(inner.acquire(newest.evicted(claim))) };
  }),
  broken("grants it to its owner again", HELD, {
    acquire: (inner, claim) => {
      const answer = inner.acquire(claim);
      const isOwn = answer.kind === "held" && answer.holder.owner === claim.owner;
      return isOwn ? inner.acquire({ ...claim, evict: answer.holder.fence }) : answer;
    },
  }),
  broken("grants no lease of nobody", "C4: a lease is granted of a session that does not exist yet, and makes none", {
    acquire: (inner, claim) =>
      inner.load(claim.sessionId) === undefined
        ? { kind: "held", holder: { owner: "nobody", fence: 0, since: 0 } }
        : inner.acquire(claim),
  }),
  broken(
    "makes a session with a lease",
    "C4: a lease is granted of a session that does not exist yet, and makes none",
    {
      acquire: (inner, claim) => {
        if (inner.load(claim.sessionId) === undefined) inner.commit(firstOf(claim.sessionId));
        return inner.acquire(claim);
      },
    },
  ),
  broken(
    "looks who holds in one turn, and grants in the next",
    "C4: of twenty claims in one turn, one is granted",
    () => {
      const held = new Set<string>();
      return {
        acquire: async (inner, claim) => {
          const evict = held.has(claim.sessionId) ? claim : undefined;
          await nextTurn();
          held.add(claim.sessionId);
          const answer = inner.acquire(claim);
          return answer.kind === "granted" || evict ? answer : inner.acquire({ ...claim, evict: answer.holder.fence });
        },
      };
    },
  ),
  broken("trims the names of owners", "C4: a session and an owner may be called anything", {
    acquire: (inner, claim) => inner.acquire({ ...claim, owner: claim.owner.trim() }),
  }),
  broken("writes under a lease only", "C4: a write without a lease is not held to one", () => {
    const leased = new Set<string>();
    return {
      acquire: (inner, claim) => {
        leased.add(claim.sessionId);
        return inner.acquire(claim);
      },
      commit: (inner, checkpoint, options) =>
        inner.commit(checkpoint, leased.has(checkpoint.sessionId) ? { fence: 0, ...options } : options),
    };
  }),
  broken("lets leases hold for ever", ENDS, {
    acquire: (inner, claim) => inner.acquire({ ...claim, ttlMs: Number.POSITIVE_INFINITY }),
  }),
  broken("lets leases end a millisecond late", ENDS, {
    acquire: (inner, claim) => inner.acquire({ ...claim, ttlMs: claim.ttlMs + 1 }),
  }),
  broken("renews nothing", RENEWED, { renew: () => [] }),
  broken("renews what has not ended only", "C4: a lease that ended and was not taken over is renewed", {
    renew: (inner, leases, until) => inner.renew(leases, Math.min(until, 1_500)),
  }),
  broken("says that nothing was lost", LOST, {
    renew: (inner, leases, until) => {
      inner.renew(leases, until);
      return [];
    },
  }),
  broken("renews the lease of the successor", LOST, () => {
    const newest = new Newest();
    return {
      ...newest.noting,
      renew: (inner, leases, until) => {
        const lost = inner.renew(leases, until);
        inner.renew(lost.map(newest.since), until);
        return lost;
      },
    };
  }),
  broken("gives the successor's lease back", "C4: giving a lost lease back does nothing to its successor", () => {
    const newest = new Newest();
    return { ...newest.noting, release: (inner, lease) => inner.release(newest.since(lease)) };
  }),
  broken("does not give leases back", "C4: a lease that was given back is granted at once", {
    release: () => undefined,
  }),
  broken("evicts whoever holds", EVICT, () => {
    const newest = new Newest();
    return {
      acquire: (inner, claim) => newest.note(inner.acquire(claim.evict === undefined ? claim : newest.evicted(claim))),
    };
  }),
  broken("evicts nobody", EVICT, { acquire: (inner, { evict: _, ...claim }) => inner.acquire(claim) }),
  broken(
    "counts from one again when a lease is given back",
    [GROWS, "C4: a fence does not come again after the session is gone"],
    () => {
      const counts = new Map<string, MemoryCheckpointer>();
      return {
        acquire: (_, claim) => {
          const count = counts.get(claim.sessionId) ?? new MemoryCheckpointer();
          counts.set(claim.sessionId, count);
          return count.acquire(claim);
        },
        renew: (_, leases, until) =>
          leases.flatMap((lease) => counts.get(lease.sessionId)?.renew([lease], until) ?? []),
        release: (_, { sessionId }) => counts.delete(sessionId),
      };
    },
  ),
  broken("forgets the lease of a session that is deleted", GROWS, () => {
    const newest = new Newest();
    return {
      ...newest.noting,
      delete: (inner, sessionId) => {
        inner.release(newest.since({ sessionId, fence: 0 }));
        inner.delete(sessionId);
      },
    };
  }),
  broken("forgets the lease of a session that is replaced", "C4: a replacing commit keeps the lease", () => {
    const newest = new Newest();
    return {
      ...newest.noting,
      commit: (inner, checkpoint, options) => {
        const bytes = inner.commit(checkpoint, options);
        if (options?.replace === true) inner.release(newest.since({ sessionId: checkpoint.sessionId, fence: 0 }));
        return bytes;
      },
    };
  }),
  broken("has one lease for all sessions", "C4: leases of many sessions are independent", {
    acquire: (inner, claim) => {
      const answer = inner.acquire({ ...claim, sessionId: "all" });
      return answer.kind === "held" ? answer : { ...answer, lease: { ...answer.lease, sessionId: claim.sessionId } };
    },
  }),
];

/** Remembers the newest lease of each session. */
class Newest {
  readonly #leases = new Map<string, Lease>();
  readonly noting: Mistakes = { acquire: (inner, claim) => this.note(inner.acquire(claim)) };

  note(answer: LeaseAnswer): LeaseAnswer {
    if (answer.kind === "granted") this.#leases.set(answer.lease.sessionId, answer.lease);
    return answer;
  }

  since = (lease: Lease): Lease => this.#leases.get(lease.sessionId) ?? lease;

  evicted(claim: LeaseClaim): LeaseClaim {
    const newest = this.#leases.get(claim.sessionId);
    return newest === undefined ? claim : { ...claim, evict: newest.fence };
  }
}
