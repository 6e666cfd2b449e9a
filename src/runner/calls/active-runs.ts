/** The calls that drive sessions at this moment: one a session, here and in every other process. All of them end when the runner closes. */
import {
  DrainTimeoutError,
  InvalidOptionError,
  RunnerDrainingError,
  SessionBusyError,
  SessionCancelledError,
} from "../../errors.js";
import { isChildId } from "../../session/child-id.js";
import type { DrainedReason } from "../../superstep/interrupts.js";
import type { Clock } from "../../superstep/task-context.js";
import type { RunCancellation } from "../cancellation.js";
import type { Leases } from "./leases.js";

/** How a runner drains. */
export interface DrainOptions {
  /** Stands in the sessions that it pauses, for whoever looks at them. */
  readonly reason?: string | undefined;
  /** Milliseconds on the runner's clock to wait for what runs. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
}
/** How a runner is closed. */
export interface CloseOptions {
  /**
   * Milliseconds on the runner's clock for what runs to come to a boundary, before it is aborted; a node that does not end when it is told
   * to is given up 5 s later. Default: as long as it takes.
   */
  readonly timeoutMs?: number | undefined;
}
/** Who was asked to stop: a call of this runner, which is aborted; one elsewhere, which hears of it soon; or nobody, as nothing drives the session. */
export type CancelAnswer = "here" | "elsewhere" | "idle";
interface ActiveRun {
  readonly cancellation: RunCancellation;
  readonly since: number;
  readonly done: Promise<unknown>;
}

export class ActiveRuns {
  readonly #leases: Leases;
  readonly #bySession = new Map<string, ActiveRun>();
  #closed = false;
  /** Set: nothing new begins. */
  #drained: DrainedReason | undefined;

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /**
   * The work gets the fencing number to write under. Throws SessionBusyError while somebody else drives the session. `within`: the
   * session around this one, which is driven by the caller; what is within it ends with it. A former call for it that was given up is
   * waited for: it has been told to stop, and what it still writes comes before what the next one reads.
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
      if (this.#drained !== undefined && within === undefined) throw new RunnerDrainingError(sessionId);
      if (within !== undefined) await this.#left(sessionId);
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

  /** Ends what runs at its next boundary, aborts what has not come to one in time, and waits for all of it. */
  async close({ timeoutMs }: CloseOptions, clock: Clock): Promise<void> {
    this.#closed = true;
    const reason = new DOMException("the runner was closed", "AbortError");
    const active = [...this.#bySession.values()];
    for (const { cancellation } of active) cancellation.stopAtBoundary ??= { reason };
    const ended = Promise.allSettled(active.map(({ done }) => done));
    if (timeoutMs !== undefined && !(await isInTime(ended, timeoutMs, clock)))
      for (const { cancellation } of active) cancellation.abort(reason);
    await ended;
  }

  /** Pauses what runs at its next boundary, and waits for it; the first reason stands. Throws DrainTimeoutError. */
  async drain({ reason, timeoutMs }: DrainOptions, clock: Clock): Promise<void> {
    this.#drained ??= Object.freeze(reason === undefined ? { kind: "drained" } : { kind: "drained", reason });
    const active = [...this.#bySession.entries()];
    for (const [, { cancellation }] of active) cancellation.drained ??= this.#drained;
    const ended = Promise.allSettled(active.map(([, { done }]) => done));
    if (timeoutMs === undefined || (await isInTime(ended, timeoutMs, clock))) return void (await ended);
    const open = active.filter(([sessionId, run]) => this.#bySession.get(sessionId) === run);
    if (open.length === 0) return;
    const sessions = open.map(([sessionId]) => sessionId).filter((id) => !isChildId(id));
    throw new DrainTimeoutError(timeoutMs, sessions);
  }

  /** Aborts what drives the session: here, or in whatever process it is. */
  async cancel(sessionId: string, reason: string | undefined): Promise<CancelAnswer> {
    const by = this.#leases.owner;
    const own = this.#bySession.get(sessionId);
    if (own !== undefined) {
      own.cancellation.abort(new SessionCancelledError(sessionId, by, reason));
      return "here";
    }
    const request = reason === undefined ? { by } : { by, reason };
    return (await this.#leases.askToStop(sessionId, request)) ? "elsewhere" : "idle";
  }

  /** Calls that were told to stop still do. */
  undrain(): void {
    this.#drained = undefined;
  }

  /** Nobody of this runner has the session any more. */
  async #left(sessionId: string): Promise<void> {
    for (let former = this.#bySession.get(sessionId); former !== undefined; former = this.#bySession.get(sessionId))
      await former.done.catch(() => undefined);
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

async function isInTime(work: Promise<unknown>, timeoutMs: number, clock: Clock): Promise<boolean> {
  const timer = new AbortController();
  const late = clock.sleep(timeoutMs, timer.signal).then(
    () => false,
    () => false,
  );
  return Promise.race([work.then(() => true), late]).finally(() => timer.abort());
}
