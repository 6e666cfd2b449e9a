/** One reader of a run's events: it has each of them once, in order, from its place on; it ends after the last one and never throws. */
import { crashPoint } from "../../crash-point.js";
import type { RunEvent } from "../events.js";
import type { EventBuffer, Place } from "./event-buffer.js";

type Answer = IteratorResult<RunEvent, undefined>;

const DONE: Answer = { done: true, value: undefined };

export class EventReader implements AsyncIterableIterator<RunEvent, undefined> {
  readonly #buffer: EventBuffer;
  readonly #place: Place;
  readonly #onLeave: () => void;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #hasHeard = false;
  /** Nothing will be added to the buffer any more. */
  #isLast = false;
  #isOver = false;

  constructor(buffer: EventBuffer, after: number, onLeave: () => void) {
    this.#buffer = buffer;
    this.#place = buffer.open(after);
    this.#onLeave = onLeave;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Answer> {
    if (this.#hasHeard) crashPoint("event.heard");
    if (this.#isOver) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.serve();
    });
  }

  /** Breaks off; whoever still waits for an event hears that there is none. */
  return(): Promise<Answer> {
    this.#leave();
    return Promise.resolve(DONE);
  }

  /** Hands out what there is. */
  serve(): void {
    while (this.#waiting.length > 0 && !this.#isOver) {
      const value = this.#buffer.take(this.#place);
      if (value === undefined) break;
      this.#hasHeard = true;
      this.#waiting.shift()?.({ done: false, value });
    }
    if (this.#isLast && this.#waiting.length > 0) this.#leave();
  }

  /** What is in the buffer now is all that will come. */
  end(): void {
    this.#isLast = true;
    this.serve();
  }

  #leave(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#buffer.close(this.#place);
      this.#onLeave();
    }
    for (const resolve of this.#waiting.splice(0)) resolve(DONE);
  }
}
