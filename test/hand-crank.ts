/** A node that the test finishes by hand: no sleeps, the test decides who finishes first. */
import type { NodeContext } from "../src/index.js";

/** One call of a hand-cranked node. */
export interface CrankedCall {
  readonly ctx: NodeContext;
  readonly state: unknown;
  /** What the node returns. */
  finish(result?: unknown): void;
  /** What it rejects with. */
  fail(error: unknown): void;
  /** Rejects with the reason once the task is told to stop, as a well-behaved node does. */
  heedSignal(): void;
}

export class HandCrank {
  readonly calls: CrankedCall[] = [];
  #handedOut = 0;
  #waiting: ((call: CrankedCall) => void)[] = [];

  /** Fits any graph. */
  readonly node = (state: unknown, ctx: NodeContext): Promise<never> =>
    new Promise<unknown>((finish, fail) => {
      const heedSignal = (): void =>
        ctx.signal.addEventListener("abort", () => fail(ctx.signal.reason), { once: true });
      const call: CrankedCall = { ctx, state, finish, fail, heedSignal };
      this.calls.push(call);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      this.#handedOut++;
      waiting(call);
    }) as Promise<never>;

  /** The next call that was not handed out yet, once it is there. */
  started(): Promise<CrankedCall> {
    const call = this.calls[this.#handedOut];
    if (call === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#handedOut++;
    return Promise.resolve(call);
  }
}
