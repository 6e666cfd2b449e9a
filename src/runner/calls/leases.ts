/**
 * The leases that a runner holds (C4): taken before a session is read, renewed while it is driven, given back after. A lease that its
 * owner no longer renews ends after 5 s; at once when its owner's process is known to be gone.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import { crashPoint } from "../../crash-point.js";
import { CheckpointConflictError, InvalidOptionError, SessionBusyError, SessionCancelledError } from "../../errors.js";
import type { Lease, LeaseHolder, LeaseNews, StopRequest } from "../../session/lease.js";
import type { Clock } from "../../superstep/task-context.js";
import { quietClock } from "../clock.js";
import type { Store } from "../store.js";
import { isGone, nameOwner } from "./owner.js";

/** How long a lease outlives its owner. */
export interface LeaseOptions {
  /** Milliseconds, below 2³¹. Default 5000. */
  readonly ttlMs?: number | undefined;
  /** For simulations. Default the system's clock: leases are about processes, not about the time that nodes see. */
  readonly clock?: Clock | undefined;
}
interface Held {
  readonly lease: Lease;
  readonly onStop: (cause: CheckpointConflictError | SessionCancelledError) => void;
}

const TTL_MS = 5_000;
/** Renewals in the time that a lease holds. Two in a row may fail: the third comes before the lease has ended. */
const BEATS = 4;

export class Leases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #owner = nameOwner();
  readonly #held = new Map<string, Held>();
  #isBeating = false;

  constructor(store: Store, { ttlMs = TTL_MS, clock = quietClock }: LeaseOptions = {}) {
    this.#store = store;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /**
   * `onStop` hears when the lease is lost, and when somebody asks its owner to stop. The caller knows that nobody else has it from this
   * runner. Throws SessionBusyError while another owner drives the session. `since`: since when the caller has the session around this
   * one; whoever took this one before that has lost both.
   */
  async take(sessionId: string, onStop: Held["onStop"], since?: number): Promise<Lease> {
    const lease = await this.#claim(sessionId, { since });
    crashPoint("lease.taken");
    this.#held.set(sessionId, { lease, onStop });
    if (!this.#isBeating) void this.#beat();
    return lease;
  }

  /** Milliseconds since the epoch, on the clock that leases are on. */
  now(): number {
    return this.#clock.now();
  }

  /** What was done under a lease that cannot be given back stands; this runner may take it again, for others it ends by itself. */
  async giveBack(lease: Lease): Promise<void> {
    this.#held.delete(lease.sessionId);
    crashPoint("lease.held");
    try {
      await this.#store.release(lease);
      crashPoint("lease.given-back");
    } catch {
      // see above
    }
  }

  /**
   * Asks whoever drives the session to stop. False when nobody does: a holder that is known to be gone does not. Throws InvalidOptionError when
   * the store cannot be asked.
   */
  async askToStop(sessionId: string, stop: StopRequest): Promise<boolean> {
    const ask = this.#store.askToStop;
    if (ask === undefined)
      throw new InvalidOptionError("checkpointer", "has no method `askToStop`", "cancel where the session is driven");
    const holder = await ask(sessionId, stop, this.#clock.now());
    return holder !== undefined && !this.#isGone(holder);
  }

  /** Who this runner is to others. */
  get owner(): string {
    return this.#owner;
  }

  async #claim(sessionId: string, { since, evict }: { since: number | undefined; evict?: number }): Promise<Lease> {
    const claim = { sessionId, owner: this.#owner, at: this.#clock.now(), ttlMs: this.#ttlMs };
    const answer = await this.#store.acquire(evict === undefined ? claim : { ...claim, evict });
    if (answer.kind === "granted") return answer.lease;
    const { holder } = answer;
    const isOver = this.#isGone(holder) || (since !== undefined && holder.since < since);
    if (evict === undefined && isOver) return this.#claim(sessionId, { since, evict: holder.fence });
    throw new SessionBusyError(sessionId, holder.owner, holder.since);
  }

  /** A lease of this very runner is one that could not be given back. */
  #isGone({ owner }: LeaseHolder): boolean {
    return owner === this.#owner || isGone(owner);
  }

  /**
   * Ends when nothing is held, or when the clock fails. A store that does not answer must not keep the next renewal, nor a clock whose sleep
   * is over at once keep others from their turn.
   */
  async #beat(): Promise<void> {
    this.#isBeating = true;
    try {
      while (this.#held.size > 0) {
        await this.#clock.sleep(this.#ttlMs / BEATS);
        await nextTurn(undefined, { ref: false });
        void this.#renew();
      }
    } catch {
      // without a clock leases end by themselves; the fencing number still protects the session
    } finally {
      this.#isBeating = false;
    }
  }

  /** A store that fails now may work at the next beat; until then the fencing number protects the session. */
  async #renew(): Promise<void> {
    const leases = [...this.#held.values()].map(({ lease }) => lease);
    if (leases.length === 0) return;
    try {
      const news = await this.#store.renew(leases, this.#clock.now() + this.#ttlMs);
      for (const lease of news) this.#hear(lease);
    } catch {
      // see above
    }
  }

  #hear({ sessionId, fence, stop }: LeaseNews): void {
    const held = this.#held.get(sessionId);
    if (held?.lease.fence !== fence) return;
    if (stop !== undefined) return held.onStop(new SessionCancelledError(sessionId, stop.by, stop.reason));
    this.#held.delete(sessionId);
    held.onStop(new CheckpointConflictError(sessionId, undefined, "another owner"));
  }
}
