/** Readers of a stream: late, slow, stuck, several, and come back after their connection was lost. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AppRunner, type Channels, InvalidOptionError, type RunEvent, type RunStream } from "../../src/index.js";
import { EventBuffer } from "../../src/runner/stream/event-buffer.js";
import { HandCrank } from "../hand-crank.js";
import { chain, failureOf, looping, says, type TestNode } from "./graphs.js";

async function read(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const list: RunEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

function seqs(events: readonly RunEvent[]): readonly number[] {
  return events.map(({ seq }) => seq);
}

function flood(count: number): TestNode {
  return (_, { emit }) => {
    for (let i = 1; i <= count; i++) emit(i);
  };
}

/** What a reader was told is gone. */
function missed(events: readonly RunEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === "stream.dropped" ? event.count : 0), 0);
}

test("a reader that comes back with the `seq` of its last event has all that came after it", async () => {
  const crank = new HandCrank();
  const stream = new AppRunner(chain({ a: crank.node, b: says })).stream("s");
  const first = stream.events();
  const heard: RunEvent[] = [];
  for await (const event of first) {
    heard.push(event);
    if (event.type === "node.started") break;
  }
  const call = await crank.started();
  call.ctx.emit("while nobody listens");
  call.finish({ log: "a" });
  expect(await stream.result).toMatchObject({ outcome: "completed" });
  const rest = await read(stream.events({ after: heard.at(-1)?.seq ?? 0 }));
  expect([...heard, ...rest]).toEqual(await read(stream));
  expect(await read(stream.events({ after: rest.at(-1)?.seq ?? 0 }))).toEqual([]);
});

test("breaking off from `events` ends that reader only, not the run", async () => {
  const stream = new AppRunner(looping(9, async () => ({ count: 1 }))).stream("s");
  for await (const _ of stream.events()) break;
  expect(await stream.result).toMatchObject({ outcome: "completed" });
});

test("of several who iterate over a stream, the last to break off stops the run", async () => {
  const crank = new HandCrank();
  const runner = new AppRunner(looping(3, crank.node));
  const stream = runner.stream("s");
  const [one, two] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()];
  await one.return?.();
  (await crank.started()).finish({ count: 1 });
  (await crank.started()).finish({ count: 1 });
  const call = await crank.started();
  await two.return?.();
  call.finish({ log: "third" });
  expect(await failureOf(stream.result)).toMatchObject({ code: "RUN_ABORTED" });
  expect(await runner.session("s")).toMatchObject({ step: 3, state: { log: ["third"] }, status: { kind: "ready" } });
});

test("a reader that breaks off while it waits for an event hears at once that there is none", async () => {
  const crank = new HandCrank();
  const stream = new AppRunner(chain({ a: crank.node })).stream("s");
  const call = await crank.started();
  const reader = stream.events({ after: 3 });
  const [next, another] = [reader.next(), reader.next()];
  await reader.return?.();
  expect(await Promise.all([next, another, reader.next()])).toEqual(Array(3).fill({ done: true, value: undefined }));
  call.finish();
  await stream.result;
});

test("an `after` that no event of this stream has had is an InvalidOptionError", async () => {
  const stream = new AppRunner(chain({ a: says })).stream("s");
  await stream.result;
  for (const after of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 7, "3", null, 3n]) {
    const error = await failureOf(() => stream.events({ after: after as number }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: "after" });
  }
  expect(seqs(await read(stream.events({ after: 5 })))).toEqual([6]);
});

test("a `buffer` that is no whole number of at least 1 is told like every wrong option, and nothing runs", async () => {
  const runner = new AppRunner(chain({ a: says }));
  for (const buffer of [0, -1, 1.5, Number.NaN, "many", null]) {
    const stream = runner.stream("s", {}, { buffer: buffer as number });
    expect(await read(stream)).toMatchObject([{ type: "run.failed", error: { code: "INVALID_OPTION" } }]);
    expect(await failureOf(stream.result)).toMatchObject({ code: "INVALID_OPTION", option: "buffer" });
  }
  expect(await failureOf(runner.session("s"))).toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("L14: what had to go is counted, and stands in the order of `seq` as one event", async () => {
  const stream = new AppRunner(chain({ a: flood(10), b: says })).stream("s", {}, { buffer: 3 });
  await stream.result;
  const events = await read(stream);
  expect(events.map(({ seq, type }) => `${seq} ${type}`).slice(2, 8)).toEqual([
    "3 node.started",
    "10 stream.dropped",
    "11 node.emitted",
    "12 node.emitted",
    "13 node.emitted",
    "14 node.completed",
  ]);
  expect(events[3]).toMatchObject({ count: 7, step: 1, sessionId: "s" });
  expect(stream.dropped).toBe(7);
});

test("L14: a stuck reader never holds the run, and a flood of 100,000 leaves no more than the buffer", async () => {
  const stream = new AppRunner(chain({ a: flood(100_000), b: says })).stream("s", {}, { buffer: 100 });
  const stuck = stream[Symbol.asyncIterator]();
  expect((await stuck.next()).value).toMatchObject({ type: "run.started" });
  expect(await stream.result).toMatchObject({ outcome: "completed", state: { log: ["b"] } });
  expect(stream.dropped).toBe(99_900);
  const rest = await read({ [Symbol.asyncIterator]: () => stuck });
  expect(rest).toHaveLength(100 + 1 + 9);
  expect(missed(rest)).toBe(99_900);
});

test("a reader that keeps up loses nothing, whatever the buffer", async () => {
  const crank = new HandCrank();
  const stream = new AppRunner(chain({ a: crank.node })).stream("s", {}, { buffer: 1 });
  const reader = stream[Symbol.asyncIterator]();
  const call = await crank.started();
  for (let i = 0; i < 3; i++) await reader.next();
  for (let i = 0; i < 50; i++) {
    call.ctx.emit(i);
    expect((await reader.next()).value).toMatchObject({ type: "node.emitted", data: i });
  }
  call.finish();
  await stream.result;
  expect(stream.dropped).toBe(0);
});

test("what everybody has read does not pile up over a long run", async () => {
  const runner = new AppRunner(looping(2_000, async () => ({ count: 1 })));
  const stream = runner.stream("s", {}, { maxSteps: 2_000, buffer: 10 });
  const heard = await read(stream);
  expect(heard).toHaveLength(2_000 * 4 + 2);
  const [gone, ...kept] = await read(stream.events());
  expect(gone).toMatchObject({ type: "stream.dropped", count: heard.length - 10 });
  expect(kept).toEqual(heard.slice(-10));
  expect(stream.dropped).toBe(0);
});

interface Move {
  readonly kind: "live" | "lasting" | "open" | "read" | "close";
  readonly reader: number;
  readonly after: number;
}

const moves = fc.array(
  fc.record<Move>({
    kind: fc.constantFrom("live", "live", "lasting", "open", "read", "read", "close"),
    reader: fc.nat(2),
    after: fc.nat(40),
  }),
  { maxLength: 80 },
);

function eventOf(seq: number, kind: "live" | "lasting"): RunEvent {
  const event =
    kind === "live"
      ? ({ type: "node.emitted", task: { id: "", node: "" }, data: 0 } as const)
      : ({ type: "run.started" } as const);
  return { seq, at: 0, sessionId: "s", step: 0, ...event };
}

test("L14: however readers come, go and lag, each has every number once, in order, as an event or counted as gone; what lasts is never gone before it is read", () => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 5 }), (list, size) => {
      const buffer = new EventBuffer(size);
      const kinds = new Map<number, "live" | "lasting">();
      const readers = new Map<number, { place: ReturnType<EventBuffer["open"]>; at: number; fresh: boolean }>();
      let furthest = 0;
      const readOne = (reader: number) => {
        const one = readers.get(reader);
        if (one === undefined) return false;
        const event = buffer.take(one.place);
        if (event === undefined) return false;
        const from = one.at + 1;
        const isGap = event.type === "stream.dropped";
        expect(event.seq).toBe(isGap ? one.at + event.count : from);
        for (let seq = from; isGap && seq <= event.seq; seq++) {
          if (seq > furthest || !one.fresh) expect(kinds.get(seq)).toBe("live");
        }
        one.at = event.seq;
        furthest = Math.max(furthest, event.seq);
        return true;
      };
      for (const { kind, reader, after } of list) {
        if (kind === "live" || kind === "lasting") {
          const seq = buffer.newest + 1;
          kinds.set(seq, kind);
          buffer.add(eventOf(seq, kind));
        }
        if (kind === "open" && !readers.has(reader)) {
          const at = Math.min(after, buffer.newest);
          readers.set(reader, { place: buffer.open(at), at, fresh: at < furthest });
        }
        if (kind === "read") readOne(reader);
        const left = readers.get(reader);
        if (kind === "close" && left !== undefined) {
          buffer.close(left.place);
          readers.delete(reader);
        }
      }
      for (const reader of readers.keys()) while (readOne(reader));
      for (const { at } of readers.values()) expect(at).toBe(buffer.newest);
    }),
    { numRuns: 500 },
  );
});

/** Ways for a run to end, in any order and several at once. */
const endings = fc.uniqueArray(fc.constantFrom("finish", "fail", "ask", "abort", "signal", "close", "break", "stuck"), {
  minLength: 1,
});

test("exactly one terminal event, the last one, whatever ends a run, and `result` settles", async () => {
  await fc.assert(
    fc.asyncProperty(endings, fc.integer({ min: 1, max: 3 }), async (ways, steps) => {
      const crank = new HandCrank();
      const controller = new AbortController();
      const runner = new AppRunner(looping(2, crank.node));
      const options = { signal: controller.signal, maxSteps: steps };
      const stream: RunStream<Channels> = runner.stream("s", {}, options) as RunStream<Channels>;
      const watching = read(stream.events());
      const breaker = stream[Symbol.asyncIterator]();
      const call = await crank.started();
      call.heedSignal();
      let closing: Promise<void> | undefined;
      for (const way of ways) {
        if (way === "finish") call.finish({ count: 2 });
        if (way === "fail") call.fail(new TypeError("broken"));
        if (way === "abort") stream.abort();
        if (way === "signal") controller.abort();
        if (way === "close") closing = runner.close();
        if (way === "break") await breaker.return?.();
      }
      call.finish({ count: 2 });
      await stream.result.catch(() => undefined);
      await closing;
      const types = (await watching).map(({ type }) => type);
      const ends = types.filter((type) => ["run.completed", "run.paused", "run.failed"].includes(type));
      expect(ends).toEqual(types.slice(-1));
    }),
    { numRuns: 200 },
  );
});
