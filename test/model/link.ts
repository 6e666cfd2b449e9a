/** A runner's way to its store. The n-th call from now on may be refused, may be done with its answer lost, or may find the runner dead. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Checkpointer, LeaseClaim } from "../../src/index.js";
import { intercept, type StoreCall, type StoreMethod } from "../../src/testing.js";

/** What happens at one call of the store. */
export interface Fault {
  /** Two that the runner hears of, and two that it does not live to hear of: before the call is done, and after. */
  readonly kind: "refused" | "forgotten" | "killed" | "killedAfter";
  /** Which call of the command, from 1. */
  readonly at: number;
}

/** What a link throws. */
export class LostCall extends TypeError {}

export class Link {
  readonly store: Checkpointer;
  /** Resolves when the runner is dead. */
  readonly death: Promise<void>;
  #die: () => void = () => undefined;
  #isDead = false;
  #left = 0;
  #fault: Fault | undefined;
  #hit: StoreMethod | undefined;

  /** `isLate`: every answer comes in a later turn. `pid`: the process that takes its leases, by what the store is told. */
  constructor(inner: Checkpointer, isLate: boolean, pid?: string) {
    this.death = new Promise((resolve) => {
      this.#die = resolve;
    });
    const known = pid === undefined ? inner : inTheNameOf(pid, inner);
    this.store = intercept(known, (call) => (isLate ? nextTurn().then(() => this.#meet(call)) : this.#meet(call)));
  }

  get isDead(): boolean {
    return this.#isDead;
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

  #meet({ method, proceed }: StoreCall): unknown {
    if (this.#isDead) return new Promise(() => undefined);
    if (this.#fault === undefined || --this.#left !== 0) return proceed();
    this.#hit = method;
    switch (this.#fault.kind) {
      case "refused":
        throw new LostCall(`${method} was refused`);
      case "forgotten":
        return this.#done(proceed, () => Promise.reject(new LostCall(`the answer to ${method} was lost`)));
      case "killed":
        return this.#kill();
      case "killedAfter":
        return this.#done(proceed, () => this.#kill());
    }
  }

  async #done(proceed: () => unknown, then: () => Promise<never>): Promise<never> {
    await proceed();
    return then();
  }

  #kill(): Promise<never> {
    this.#isDead = true;
    this.#die();
    return new Promise(() => undefined);
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
