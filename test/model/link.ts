/** A runner's way to its store. The n-th call from now on may be refused, may be done with its answer lost, or may find the runner dead. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Checkpointer, LeaseClaim } from "../../src/index.js";
import { intercept, type StoreCall, type StoreMethod } from "../../src/testing.js";

/** What happens at one call of the store. */
export interface Fault {
  /**
   * Two that the runner hears of, and two that it does not live to hear of: before the call is done, and after. A runner that is stopped
   * looks like a dead one, until it wakes up and makes the call.
   */
  readonly kind: "refused" | "forgotten" | "killed" | "killedAfter" | "stopped";
  /** Which call of the command, from 1. */
  readonly at: number;
}

/** What a link throws. */
class LostCall extends TypeError {}

export class Link {
  readonly store: Checkpointer;
  /** Resolves when the runner is dead. */
  readonly death: Promise<void>;
  #die: () => void = () => undefined;
  #wake: () => void = () => undefined;
  readonly #waking: Promise<void>;
  #isDead = false;
  #left = 0;
  #fault: Fault | undefined;
  #hit: StoreMethod | undefined;

  /** `isLate`: every answer comes in a later turn. `pid`: the process that takes its leases, by what the store is told. */
  constructor(inner: Checkpointer, isLate: boolean, pid?: string) {
    this.death = new Promise((resolve) => {
      this.#die = resolve;
    });
    this.#waking = new Promise((resolve) => {
      this.#wake = resolve;
    });
    const known = pid === undefined ? inner : inTheNameOf(pid, inner);
    this.store = intercept(known, (call) => (isLate ? nextTurn().then(() => this.#meet(call)) : this.#meet(call)));
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Whether it may wake up and have its session no more. One that had not taken its lease yet would take it then. */
  get isStopped(): boolean {
    return this.#isDead && this.#fault?.kind === "stopped" && this.#hit !== "acquire";
  }

  /** For the next command. */
  arm(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#left = fault?.at ?? 0;
    this.#hit = undefined;
  }

  /** The call that met the fault. */
  get hit(): StoreMethod | undefined {
    return this.#hit;
  }

  /** Those who had to take it for dead have gone on without it. */
  wake(): void {
    this.#wake();
  }

  #meet({ method, proceed }: StoreCall): unknown {
    if (this.#isDead) return this.#waking.then(proceed);
    if (this.#fault === undefined || --this.#left !== 0) return proceed();
    this.#hit = method;
    switch (this.#fault.kind) {
      case "refused":
        throw new LostCall(`${method} was refused`);
      case "forgotten":
        return this.#done(proceed, () => Promise.reject<unknown>(new LostCall(`the answer to ${method} was lost`)));
      case "killed":
      case "stopped":
        return this.#kill().then(proceed);
      case "killedAfter":
        return this.#done(proceed, () => this.#kill());
    }
  }

  async #done(proceed: () => unknown, then: () => Promise<unknown>): Promise<unknown> {
    await proceed();
    return then();
  }

  #kill(): Promise<void> {
    this.#isDead = true;
    this.#die();
    return this.#waking;
  }
}

/** The same store; leases are taken by the owners of another process. */
function inTheNameOf(pid: string, inner: Checkpointer): Checkpointer {
  return intercept(inner, ({ method, args, proceed }) => {
    if (method !== "acquire") return proceed();
    const claim = args[0] as LeaseClaim;
    return inner.acquire({ ...claim, owner: claim.owner.replace(/\/\d+\//, `/${pid}/`) });
  });
}
