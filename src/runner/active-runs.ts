/** The calls that drive sessions at this moment: one a session, and all of them end when the runner closes. */
import { InvalidOptionError, SessionBusyError } from "../errors.js";
import { RunCancellation } from "./cancellation.js";

export class ActiveRuns {
  readonly #bySession = new Map<string, { readonly cancellation: RunCancellation; readonly done: Promise<unknown> }>();
  #closed = false;

  /** Throws SessionBusyError while another call drives the session. */
  async exclusively<R>(sessionId: string, cancellation: RunCancellation, work: () => Promise<R>): Promise<R> {
    try {
      if (this.#closed) throw new InvalidOptionError("runner", "is closed", "make a new AppRunner");
      if (this.#bySession.has(sessionId)) throw new SessionBusyError(sessionId, "another call of this runner");
      return await this.#take(sessionId, cancellation, work);
    } finally {
      cancellation.dispose();
    }
  }

  async #take<R>(sessionId: string, cancellation: RunCancellation, work: () => Promise<R>): Promise<R> {
    const done = work();
    this.#bySession.set(sessionId, { cancellation, done });
    return done.finally(() => this.#bySession.delete(sessionId));
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
}

/** A cancellation for calls that nobody can abort. */
export function uncancelled(): RunCancellation {
  return new RunCancellation();
}
