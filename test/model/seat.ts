/** One life of a runner: its way to the store, its nodes, and what they notice. When it dies, another seat takes its place. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { AppRunner, type Checkpointer, type NodeContext, pause, type RunEvent } from "../../src/index.js";
import { TestClock } from "../../src/testing.js";
import type { Drive, Settings } from "./commands.js";
import { appOf, type Host, type ModelChannels, TIMEOUT_MS } from "./graph.js";
import { type Fault, Link } from "./link.js";
import type { NodeName, Task } from "./program.js";

/** What was promised of tasks, over all lives of all runners. */
export class Promised {
  /** Tasks that were reported completed and whose superstep may not be committed yet. */
  readonly completed = new Set<string>();
  /** Tasks whose effect is durable. */
  readonly affected = new Set<string>();
  readonly broken: string[] = [];

  hear(event: RunEvent): void {
    if (event.type === "node.completed") this.completed.add(event.task.id);
  }
}

/** The lease of a dead runner: its owner is a process that no system has. */
const GONE_PID = "4194305";
/** Leases that are never renewed, on a clock that stands still: one of no time is over at once. */
const STILL = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };

export class Seat implements Host {
  readonly link: Link;
  readonly runner: AppRunner<ModelChannels, NodeName>;
  readonly #promised: Promised;
  readonly #clock = new TestClock();
  /** Under durability "exit" the runner tells of what is not durable yet. */
  readonly #isHeldBack: boolean;
  #call: Drive = {};
  #runs: Task[] = [];
  #abort = new AbortController();

  constructor(inner: Checkpointer, { isLate, onFailure, durability, ends }: Settings, promised: Promised) {
    this.#promised = promised;
    this.#isHeldBack = durability === "exit";
    this.link = new Link(inner, isLate, ends === "at once" ? undefined : GONE_PID);
    this.runner = new AppRunner(appOf(this), {
      checkpointer: this.link.store,
      onFailure,
      durability,
      clock: this.#clock,
      lease: { clock: STILL, ...(ends === "at once" && { ttlMs: 0 }) },
      hooks: [
        {
          beforeStep: () => (this.#call.hookBefore === true ? pause("before") : undefined),
          afterStep: () => (this.#call.hookAfter === true ? pause("after") : undefined),
        },
      ],
    });
  }

  hear(event: RunEvent): void {
    if (!this.#isHeldBack) this.#promised.hear(event);
  }

  /** Before every command. Gives the signal for its call. */
  begin(call: Drive, fault: Fault | undefined): AbortSignal {
    this.#call = call;
    this.#runs = [];
    this.#abort = new AbortController();
    if (call.abortAt === 0) this.#abort.abort();
    this.link.arm(fault);
    return this.#abort.signal;
  }

  /** The tasks that ran since. */
  get runs(): readonly Task[] {
    return this.#runs;
  }

  started(task: Task, { taskId }: NodeContext): void {
    if (this.link.isDead) return;
    if (this.#promised.completed.has(taskId)) this.#promised.broken.push(`completed task ${taskId} runs again`);
    this.#runs.push(task);
    if (this.#runs.length === this.#call.abortAt) this.#abort.abort();
  }

  troubleOf(node: string): Drive["trouble"] {
    return this.#call.trouble?.node === node ? this.#call.trouble : undefined;
  }

  affected(taskId: string): void {
    if (this.link.isDead) return;
    if (this.#promised.affected.has(taskId)) this.#promised.broken.push(`the effect of ${taskId} is done again`);
  }

  remembered(taskId: string): void {
    if (!this.#isHeldBack) this.#promised.affected.add(taskId);
  }

  async hang(signal: AbortSignal): Promise<never> {
    await nextTurn();
    signal.throwIfAborted();
    void this.#clock.advance(TIMEOUT_MS);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}
