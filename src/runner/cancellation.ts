/** One wish to stop a run: from the caller's signal, from `stream.abort`, from `close`, or because its lease is lost. Leaves no listener behind. */
import { CheckpointConflictError, RunAbortedError } from "../errors.js";
import type { DrainedReason } from "../superstep/interrupts.js";
import type { Cancellation } from "../superstep/schedule.js";

export class RunCancellation implements Cancellation {
  #cause: { readonly reason: unknown } | undefined;
  readonly #listeners = new Set<() => void>();
  #signal: AbortSignal | undefined;
  readonly #onSignal = (): void => this.abort(this.#signal?.reason);
  readonly #around: RunCancellation | undefined;
  #stop: { readonly reason: unknown } | undefined;

  #drained: DrainedReason | undefined;

  /** `around`: of the run that this one is within. When that one is to end or to pause at its boundary, so is this one. */
  constructor(around?: RunCancellation) {
    this.#around = around;
  }

  /** Set: the run pauses at its next boundary, for this reason. */
  get drained(): DrainedReason | undefined {
    return this.#drained ?? this.#around?.drained;
  }
  set drained(reason: DrainedReason | undefined) {
    this.#drained = reason;
  }

  /** Set: the run ends at its next boundary; what runs now may finish. */
  get stopAtBoundary(): { readonly reason: unknown } | undefined {
    return this.#stop ?? this.#around?.stopAtBoundary;
  }
  set stopAtBoundary(stop: { readonly reason: unknown } | undefined) {
    this.#stop = stop;
  }

  /** Heeds the caller's signal from now on, until `dispose`. */
  follow(signal: AbortSignal | undefined): void {
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

  /** What a stopped run ends with. Who lost the session to another owner was not aborted by anybody (C4). */
  toError(sessionId: string): RunAbortedError | CheckpointConflictError {
    const { reason } = this.#cause ?? this.stopAtBoundary ?? {};
    return isConflict(reason) ? reason : new RunAbortedError(sessionId, reason);
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

  dispose(): void {
    this.#signal?.removeEventListener("abort", this.#onSignal);
    this.#listeners.clear();
  }
}

/** A caller's reason may be anything, also what cannot be looked at. */
function isConflict(reason: unknown): reason is CheckpointConflictError {
  try {
    return reason instanceof CheckpointConflictError;
  } catch {
    return false;
  }
}

/** What the work gives, or a RunAbortedError as soon as nobody wants it any more; it must not outlive the caller's patience. */
export async function unlessAborted<T>(
  cancellation: RunCancellation,
  sessionId: string,
  work: PromiseLike<T>,
): Promise<T> {
  let forget = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(cancellation.toError(sessionId));
    if (cancellation.aborted) giveUp();
    else forget = cancellation.onAbort(giveUp);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    forget();
  }
}
