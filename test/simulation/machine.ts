/**
 * What a runner runs on. It may stop for a while, as by SIGSTOP: then nothing reaches it until it goes on, and time has passed. It may
 * die: then nothing reaches it any more, while what it has sent is still on its way.
 */
import type { Clock } from "../../src/index.js";
import type { VirtualTime } from "./virtual-time.js";

export class Machine {
  readonly name: string;
  /** Resolves when it dies. */
  readonly death: Promise<void>;
  readonly #time: VirtualTime;
  #state: "runs" | "stopped" | "dead" = "runs";
  #waiting: (() => void)[] = [];
  #die: () => void = () => undefined;

  constructor(name: string, time: VirtualTime) {
    this.name = name;
    this.#time = time;
    this.death = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }
  get isStopped(): boolean {
    return this.#state === "stopped";
  }

  /** The time as it is seen here. */
  readonly clock: Clock = {
    now: () => this.#time.now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const giveUp = (): void => {
          callOff();
          reject(signal?.reason);
        };
        const wake = (): void => {
          signal?.removeEventListener("abort", giveUp);
          resolve();
        };
        const callOff = this.#time.after(ms, () => this.reach(wake));
        signal?.addEventListener("abort", giveUp, { once: true });
      }),
  };

  /** Something comes in from outside: an answer, a call, the ring of a clock. */
  reach(act: () => void): void {
    if (this.#state === "runs") act();
    else if (this.#state === "stopped") this.#waiting.push(act);
  }

  stop(): void {
    if (this.#state === "runs") this.#state = "stopped";
  }

  goOn(): void {
    if (this.#state !== "stopped") return;
    this.#state = "runs";
    for (const act of this.#waiting.splice(0)) this.#time.after(0, () => this.reach(act));
  }

  die(): void {
    this.#state = "dead";
    this.#waiting = [];
    this.#die();
  }
}
