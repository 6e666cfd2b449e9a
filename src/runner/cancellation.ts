/** One wish to stop a run, from the caller's signal, from `stream.abort`, or from `close`. Leaves no listener behind (L14). */
import type { Cancellation } from "../superstep/schedule.js";

export class RunCancellation implements Cancellation {
  #cause: { readonly reason: unknown } | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #signal: AbortSignal | undefined;
  readonly #onSignal = (): void => this.abort(this.#signal?.reason);
  /** Set: the run ends at its next boundary; what runs now may finish. */
  stopAtBoundary: { readonly reason: unknown } | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted === true) this.abort(signal.reason);
    else signal?.addEventListener("abort", this.#onSignal, { once: true });
  }

  get aborted(): boolean {
    return this.#cause !== undefined;
  }
  get reason(): unknown {
    return this.#cause?.reason;
  }

  abort(reason: unknown): void {
    if (this.#cause !== undefined) return;
    this.#cause = { reason };
    for (const listener of [...this.#listeners]) listener();
  }

  onAbort(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves on abort. */
  whenAborted(): { readonly promise: Promise<void>; readonly forget: () => void } {
    let forget = (): void => undefined;
    const promise = new Promise<void>((resolve) => {
      if (this.aborted) resolve();
      else forget = this.onAbort(resolve);
    });
    return { promise, forget: () => forget() };
  }

  dispose(): void {
    this.#signal?.removeEventListener("abort", this.#onSignal);
    this.#listeners.clear();
  }
}
