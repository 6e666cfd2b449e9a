/**
 * A lease: the right to write to a session until somebody else gets a newer one (C4). It ends by itself when its owner no longer renews
 * it; its fencing number then keeps an owner that wakes up late from writing. (M. Kleppmann, "How to do distributed locking".)
 */

/** The right to write to a session. A store refuses writes under any number but the newest. */
export interface Lease {
  readonly sessionId: string;
  /** The fencing number: grows with every lease of the session. */
  readonly fence: number;
}
/** Who asks for a lease, and for how long. */
export interface LeaseClaim {
  readonly sessionId: string;
  /** Says who it is, to humans and to other owners; opaque to the store. */
  readonly owner: string;
  /** Milliseconds since the epoch, on a clock that all owners share. */
  readonly at: number;
  /** How long the lease holds without being renewed, in milliseconds. */
  readonly ttlMs: number;
  /** The fence of a holder that is known to be gone: its lease counts as ended. */
  readonly evict?: number;
}
/** Who has a session's lease. */
export interface LeaseHolder {
  readonly owner: string;
  readonly fence: number;
  /** When it was granted, in milliseconds since the epoch. */
  readonly since: number;
}
/** A word to whoever holds a session's lease: to stop driving it. It goes with that lease. */
export interface StopRequest {
  /** Who asks. */
  readonly by: string;
  readonly reason?: string;
}
/** News of a lease that was to be renewed: it was lost; or, with `stop`, it holds and its owner was asked to stop. */
export interface LeaseNews extends Lease {
  readonly stop?: StopRequest;
}
/** What a store answers to a claim. */
export type LeaseAnswer =
  | { readonly kind: "granted"; readonly lease: Lease }
  | { readonly kind: "held"; readonly holder: LeaseHolder };
