/**
 * Events that wait for their reader. Of live ones (data and progress of nodes) the oldest are dropped when too many wait; all others never
 * are. However many come, each costs the same: a node that floods its stream holds nobody up.
 */
import type { RunEvent, RunEventBody } from "./events.js";

/** Events that wait, at most, as long as there are live ones among them to drop. */
const MOST_WAITING = 10_000;

export class EventQueue {
  readonly #most: number;
  /** In order; undefined where one was taken or dropped. */
  #slots: (RunEvent | undefined)[] = [];
  #head = 0;
  /** No live event waits before this slot. */
  #firstLive = 0;
  #size = 0;

  constructor(most = MOST_WAITING) {
    this.#most = most;
  }

  push(event: RunEvent): void {
    if (this.#size >= this.#most) this.#dropLive();
    this.#slots.push(event);
    this.#size++;
    if (this.#slots.length > 2 * this.#most && this.#slots.length > 2 * this.#size) this.#closeGaps();
  }

  /** The oldest one. */
  take(): RunEvent | undefined {
    while (this.#head < this.#slots.length) {
      const event = this.#slots[this.#head];
      this.#slots[this.#head++] = undefined;
      if (event === undefined) continue;
      this.#size--;
      return event;
    }
    this.clear();
    return undefined;
  }

  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#firstLive = 0;
    this.#size = 0;
  }

  #dropLive(): void {
    this.#firstLive = Math.max(this.#firstLive, this.#head);
    while (this.#firstLive < this.#slots.length) {
      const place = this.#firstLive++;
      const event = this.#slots[place];
      if (event === undefined || !isLive(event)) continue;
      this.#slots[place] = undefined;
      this.#size--;
      return;
    }
  }

  #closeGaps(): void {
    this.#slots = this.#slots.filter((event) => event !== undefined);
    this.#head = 0;
    this.#firstLive = 0;
  }
}

function isLive({ type }: RunEventBody): boolean {
  return type === "node.emitted" || type === "node.progress";
}
