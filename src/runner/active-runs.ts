/** The calls that drive sessions at this moment: one a session, here and in every other process. All of them end when the runner closes. */
import { InvalidOptionError, SessionBusyError } from "../errors.js";
import type { RunCancellation } from "./cancellation.js";
import type { Leases } from "./leases.js";

interface ActiveRun {
  readonly cancellation: RunCancellation;
  readonly since: number;
  readonly done: Promise<unknown>;
}

export class ActiveRuns {
  readonly #leases: Leases;
  readonly #bySession = new Map<string, ActiveRun>();
  #closed = false;

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /**
   * The work gets the fencing number to write under. Throws SessionBusyError while somebody else drives the session. `within`: the
   * session around this one, which is driven by the caller; what is within it ends with it.
   */
  async exclusively<R>(
    sessionId: string,
    cancellation: RunCancellation,
    work: (fence: number) => Promise<R>,
    within?: string,
  ): Promise<R> {
    try {
      if (this.#closed && within === undefined)
        throw new InvalidOptionError("runner", "is closed", "make a new AppRunner");
      const other = this.#bySession.get(sessionId);
      if (other !== undefined) throw new SessionBusyError(sessionId, "another call of this runner", other.since);
      const around = within === undefined ? undefined : this.#bySession.get(within);
      const since = this.#leases.now();
      const done = this.#underLease(sessionId, { cancellation, since: around?.since }, work);
      this.#bySession.set(sessionId, { cancellation, since, done });
      return await done.finally(() => this.#bySession.delete(sessionId));
    } finally {
      cancellation.dispose();
    }
  }

  /** Ends what runs at its next boundary, and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    const active = [...this.#bySession.values()];
    for (const { cancellation } of active) {
      cancellation.stopAtBoundary ??= { reason: new DOMException("the runner was closed", "AbortError") };
    }
    await Promise.allSettled(active.map(({ done }) => done));
  }

  async #underLease<R>(
    sessionId: string,
    { cancellation, since }: { readonly cancellation: RunCancellation; readonly since: number | undefined },
    work: (fence: number) => Promise<R>,
  ): Promise<R> {
    const lease = await this.#leases.take(sessionId, (cause) => cancellation.abort(cause), since);
    try {
      return await work(lease.fence);
    } finally {
      await this.#leases.giveBack(lease);
    }
  }
}
