/**
 * The events of one run, for any number of readers, each at its own place. Bounded: of live events (`node.emitted`, `node.progress`) the
 * newest `size` stay; all others stay until they are read, and the newest `size` of them after that. A reader that comes too late for some
 * is told how many, in their place. Nobody waits for a reader.
 */
import type { RunEvent } from "../events.js";

/** A reader's place: the events up to `seen` it has had. */
export interface Place {
  seen: number;
}

export class EventBuffer {
  readonly #size: number;
  readonly #live = new Queue();
  readonly #lasting = new Queue();
  readonly #places = new Set<Place>();
  /** The furthest that anybody has read. */
  #read = 0;
  #newest = 0;
  #dropped = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Live events that went before everybody who reads had them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The `seq` of the newest event; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  add(event: RunEvent): void {
    this.#newest = event.seq;
    if (!isLive(event)) {
      this.#lasting.add(event);
      this.#forgetRead();
      return;
    }
    this.#live.add(event);
    if (this.#live.length <= this.#size) return;
    const { seq } = this.#live.drop();
    if (seq > this.#readByAll()) this.#dropped++;
  }

  open(after: number): Place {
    const place = { seen: after };
    this.#places.add(place);
    return place;
  }

  close(place: Place): void {
    this.#places.delete(place);
    this.#forgetRead();
  }

  /** The next event for that reader, or word of those that it can no longer have; undefined while there is none. */
  take(place: Place): RunEvent | undefined {
    const event = earlier(this.#lasting.behind(place.seen), this.#live.behind(place.seen));
    if (event === undefined) return undefined;
    const count = event.seq - place.seen - 1;
    const taken = count === 0 ? event : missing(event, count);
    place.seen = taken.seq;
    if (taken.seq > this.#read) this.#read = taken.seq;
    return taken;
  }

  /** What is read is kept for those who come back, and no longer than that. */
  #forgetRead(): void {
    if (this.#lasting.length <= this.#size) return;
    const read = this.#readByAll();
    while (this.#lasting.length > this.#size && (this.#lasting.first?.seq ?? 0) <= read) this.#lasting.drop();
  }

  #readByAll(): number {
    let read = this.#read;
    for (const { seen } of this.#places) read = Math.min(read, seen);
    return read;
  }
}

function isLive({ type }: RunEvent): boolean {
  return type === "node.emitted" || type === "node.progress";
}

/** Stands in the place of the last of them: in the order of `seq` like any event. */
function missing({ seq, at, sessionId, step }: RunEvent, count: number): RunEvent {
  return { seq: seq - 1, at, sessionId, step, type: "stream.dropped", count };
}

function earlier(one: RunEvent | undefined, other: RunEvent | undefined): RunEvent | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.seq < other.seq ? one : other;
}

/** First in, first out; each event is moved at most once on average. */
class Queue {
  #events: RunEvent[] = [];
  #gone = 0;

  get length(): number {
    return this.#events.length - this.#gone;
  }

  get first(): RunEvent | undefined {
    return this.#events[this.#gone];
  }

  add(event: RunEvent): void {
    this.#events.push(event);
  }

  /** There must be one. */
  drop(): RunEvent {
    const event = this.#events[this.#gone] as RunEvent;
    this.#gone++;
    if (this.#gone * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#gone);
      this.#gone = 0;
    }
    return event;
  }

  /** The first one that comes after that number. Searched by halves, since numbers of the other queue are missing here. */
  behind(seq: number): RunEvent | undefined {
    let low = this.#gone;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle] as RunEvent).seq > seq) high = middle;
      else low = middle + 1;
    }
    return this.#events[low];
  }
}
