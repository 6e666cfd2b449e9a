/** One wish to stop a run: from the caller's signal, from `stream.abort`, from `close`, or because its lease is lost. Leaves no listener behind (L14). */
import { CheckpointConflictError, RunAbortedError } from "../errors.js";
export class RunCancellation {
    #cause;
    #listeners = new Set();
    #signal;
    #onSignal = () => this.abort(this.#signal?.reason);
    /** Set: the run ends at its next boundary; what runs now may finish. */
    stopAtBoundary;
    /** Heeds the caller's signal from now on, until `dispose`. */
    follow(signal) {
        this.#signal = signal;
        if (signal?.aborted === true)
            this.abort(signal.reason);
        else
            signal?.addEventListener("abort", this.#onSignal, { once: true });
    }
    get aborted() {
        return this.#cause !== undefined;
    }
    get reason() {
        return this.#cause?.reason;
    }
    /** What a stopped run ends with. Who lost the session to another owner was not aborted by anybody (C4). */
    toError(sessionId) {
        const { reason } = this.#cause ?? this.stopAtBoundary ?? {};
        return reason instanceof CheckpointConflictError ? reason : new RunAbortedError(sessionId, reason);
    }
    abort(reason) {
        if (this.#cause !== undefined)
            return;
        this.#cause = { reason };
        for (const listener of [...this.#listeners])
            listener();
    }
    onAbort(listener) {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }
    dispose() {
        this.#signal?.removeEventListener("abort", this.#onSignal);
        this.#listeners.clear();
    }
}
/** What the work gives, or a RunAbortedError as soon as nobody wants it any more; it must not outlive the caller's patience. */
export async function unlessAborted(cancellation, sessionId, work) {
    let forget = () => undefined;
    const aborted = new Promise((_, reject) => {
        const giveUp = () => reject(cancellation.toError(sessionId));
        if (cancellation.aborted)
            giveUp();
        else
            forget = cancellation.onAbort(giveUp);
    });
    try {
        return await Promise.race([work, aborted]);
    }
    finally {
        forget();
    }
}
