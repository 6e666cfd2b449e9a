/** Time that moves from one event to the next, at once: what would take minutes takes milliseconds, in the same order every time. */

interface Event {
  readonly at: number;
  readonly order: number;
  act: (() => void) | undefined;
}

export class VirtualTime {
  #now = 0;
  #order = 0;
  /** A heap: the next one first. */
  readonly #events: Event[] = [];

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Whether anything is still to come. */
  get isOver(): boolean {
    return !this.#events.some(({ act }) => act !== undefined);
  }

  /** Returns what calls it off. */
  after(ms: number, act: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, ms), order: ++this.#order, act };
    this.#push(event);
    return () => {
      event.act = undefined;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Event after event, until that is so, or until then; false when it was not so by then. */
  async pass(isEnough: () => boolean, until: number): Promise<boolean> {
    await settled();
    while (!isEnough()) {
      const next = this.#events[0];
      if (next === undefined || next.at > until) return false;
      this.#pop();
      if (next.act === undefined) continue;
      this.#now = next.at;
      next.act();
      await settled();
    }
    return true;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (isBefore(heap[above] as Event, event)) break;
      heap[place] = heap[above] as Event;
      place = above;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Event, heap[below] as Event)) below++;
      if (isBefore(last, heap[below] as Event)) break;
      heap[place] = heap[below] as Event;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** All that follows from an event has happened: first what waits for nothing, then what the library puts off to the next turn. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
}
