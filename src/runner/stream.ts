/** A run as events: it runs whether or not anyone iterates; iteration ends after the terminal event and never throws. */
import { crashPoint } from "../crash-point.js";
import type { Channels } from "../state/channel.js";
import type { RunCancellation } from "./cancellation.js";
import { EventQueue } from "./event-queue.js";
import type { RunEvent } from "./events.js";
import type { RunResult } from "./report.js";

/** A wish to resume instead of giving input. Branded: a channel may be called `resume` too. */
export interface Resume {
  readonly answer: unknown;
  readonly __resume: true;
}

/** Makes `stream` resume a paused session with this answer. */
export function resumeWith(answer?: unknown): Resume {
  return { answer, __resume: true };
}

export function isResume(value: unknown): value is Resume {
  return typeof value === "object" && value !== null && (value as { __resume?: unknown }).__resume === true;
}

/** Iteration ends after the terminal event and never throws; `result` rejects on failure (and never as an unhandled rejection). Breaking off stops the run at the next boundary. */
export interface RunStream<C extends Channels> extends AsyncIterable<RunEvent> {
  readonly result: Promise<RunResult<C>>;
  abort(reason?: unknown): void;
}

const TERMINAL: ReadonlySet<RunEvent["type"]> = new Set(["run.completed", "run.paused", "run.failed"]);
export class EventStream<C extends Channels> implements RunStream<C> {
  readonly result: Promise<RunResult<C>>;
  readonly #cancellation: RunCancellation;
  readonly #waiting = new EventQueue();
  readonly #readers = new Set<() => void>();
  #isOver = false;
  #ended = false;
  #abandoned = false;

  constructor(cancellation: RunCancellation, start: (stream: EventStream<C>) => Promise<RunResult<C>>) {
    this.#cancellation = cancellation;
    this.result = start(this).finally(() => this.#end());
    this.result.catch(() => undefined);
  }

  /** Whether the terminal event was told. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes an event; nothing comes after the terminal one. Never throws. */
  push(event: RunEvent): void {
    if (this.#isOver) return;
    this.#isOver = TERMINAL.has(event.type);
    if (this.#abandoned) return;
    this.#waiting.push(event);
    this.#wake();
  }

  abort(reason?: unknown): void {
    this.#cancellation.abort(reason ?? new DOMException("the stream was aborted", "AbortError"));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, void> {
    try {
      for (;;) {
        const event = this.#waiting.take();
        if (event !== undefined) {
          yield event;
          crashPoint("event.heard");
        } else if (this.#ended) return;
        else await this.#more();
      }
    } finally {
      if (!this.#ended) this.#breakOff();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#readers.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#readers) resolve();
    this.#readers.clear();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #breakOff(): void {
    this.#abandoned = true;
    this.#waiting.clear();
    this.#cancellation.stopAtBoundary ??= {
      reason: new DOMException("nobody reads the stream any more", "AbortError"),
    };
  }
}
