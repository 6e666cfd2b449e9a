/** A run as events: it runs whether or not anyone iterates; iteration ends after the terminal event and never throws. */
import { checkNames, InvalidOptionError, type OptionNames, shown } from "../../errors.js";
import type { Channels } from "../../state/channel.js";
import type { InvokeOptions } from "../calls/calls.js";
import type { RunCancellation } from "../cancellation.js";
import type { RunEvent } from "../events.js";
import type { RunResult } from "../report.js";
import { EventBuffer } from "./event-buffer.js";
import { EventReader } from "./event-reader.js";

/** Where a reader begins. */
export interface ReadOptions {
  /** The `seq` of the last event that it had. Default 0: from the first event on. */
  readonly after?: number | undefined;
}
/** How a run is streamed. */
export interface StreamOptions<N extends string = string> extends InvokeOptions<N> {
  /**
   * How many live events (`node.emitted`, `node.progress`) wait for slow readers: a whole number of at least 1. Default 10,000. The oldest of
   * them go first, are counted in `dropped`, and readers that miss some get a `stream.dropped` in their place. All other events are never
   * dropped before they are read; of those that are read, as many stay for readers that come back.
   */
  readonly buffer?: number | undefined;
}
/** Iteration ends after the terminal event and never throws; `result` rejects on failure (and never as an unhandled rejection). Breaking off stops the run at the next boundary. */
export interface RunStream<C extends Channels> extends AsyncIterable<RunEvent> {
  /** What `invoke`, or `resume`, would give or throw; settles with the last event. */
  readonly result: Promise<RunResult<C>>;
  /** Live events that were dropped before everybody who reads had them. */
  readonly dropped: number;
  /**
   * Another reader, which sees every event behind `after`, for a connection that was lost or a second screen. Events that are gone by then
   * are one `stream.dropped` with their number. Breaking off ends this reader only, never the run. Throws InvalidOptionError for an `after`
   * that no event of this stream has had yet.
   */
  events(options?: ReadOptions): AsyncIterableIterator<RunEvent>;
  /** Ends the run as its `signal` would: tasks are told, what finished is kept, and `result` rejects with RunAbortedError, whose `cause` is the reason. */
  abort(reason?: unknown): void;
}

const TERMINAL: ReadonlySet<RunEvent["type"]> = new Set(["run.completed", "run.paused", "run.failed"]);
const READ_OPTIONS = { after: true } satisfies OptionNames<ReadOptions>;
const DEFAULT_BUFFER = 10_000;

export class EventStream<C extends Channels> implements RunStream<C> {
  readonly result: Promise<RunResult<C>>;
  readonly #cancellation: RunCancellation;
  readonly #buffer: EventBuffer;
  readonly #readers = new Set<EventReader>();
  /** Readers whose leaving stops the run. */
  #keepers = 0;
  #isOver = false;
  #ended = false;

  /** `start` must check the size of the buffer: a stream tells of a wrong option by its events, which need a buffer. */
  constructor(
    cancellation: RunCancellation,
    start: (stream: EventStream<C>) => Promise<RunResult<C>>,
    buffer: number = DEFAULT_BUFFER,
  ) {
    this.#cancellation = cancellation;
    this.#buffer = new EventBuffer(buffer >= 1 ? buffer : DEFAULT_BUFFER);
    this.result = start(this).finally(() => this.#end());
    this.result.catch(() => undefined);
  }

  /** Whether the terminal event was told. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get dropped(): number {
    return this.#buffer.dropped;
  }

  /** Takes an event; nothing comes after the terminal one. Never throws, and waits for nobody. */
  push(event: RunEvent): void {
    if (this.#isOver) return;
    this.#isOver = TERMINAL.has(event.type);
    this.#buffer.add(event);
    for (const reader of this.#readers) reader.serve();
  }

  abort(reason?: unknown): void {
    this.#cancellation.abort(reason ?? new DOMException("the stream was aborted", "AbortError"));
  }

  events(options: ReadOptions = {}): AsyncIterableIterator<RunEvent> {
    checkNames(options, READ_OPTIONS);
    const { after = 0 } = options;
    checkAfter(after, this.#buffer.newest);
    return this.#open(after, () => undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent, undefined> {
    this.#keepers++;
    return this.#open(0, () => {
      this.#keepers--;
      if (this.#keepers === 0 && !this.#ended) this.#breakOff();
    });
  }

  #open(after: number, onLeave: () => void): EventReader {
    const reader: EventReader = new EventReader(this.#buffer, after, () => {
      this.#readers.delete(reader);
      onLeave();
    });
    if (this.#ended) reader.end();
    else this.#readers.add(reader);
    return reader;
  }

  #end(): void {
    this.#ended = true;
    for (const reader of [...this.#readers]) reader.end();
  }

  #breakOff(): void {
    this.#cancellation.stopAtBoundary ??= {
      reason: new DOMException("nobody reads the stream any more", "AbortError"),
    };
  }
}

/** A number from another stream would wait for events that never come. */
function checkAfter(after: unknown, newest: number): void {
  if (typeof after === "number" && Number.isInteger(after) && after >= 0 && after <= newest) return;
  const problem = `is ${shown(after)}, and the newest event of this stream has ${newest}`;
  throw new InvalidOptionError("after", problem, "give the `seq` of an event of this stream, or 0");
}
