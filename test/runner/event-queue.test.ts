import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/index.js";
import { EventQueue } from "../../src/runner/event-queue.js";

const task = { id: "t", node: "a" };

function eventOf(seq: number, kind: number): RunEvent {
  const envelope = { seq, at: 0, sessionId: "s", step: 1 };
  if (kind === 0) return { ...envelope, type: "node.started", task, attempt: 1 };
  return kind === 1
    ? { ...envelope, type: "node.emitted", task, data: seq }
    : { ...envelope, type: "node.progress", task, done: seq };
}

test("whatever comes and goes, the queue is a list from which the oldest live event is dropped when it is full", async () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 2, arbitrary: fc.constant("take" as const) });
  await fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 120, size: "max" }), (most, steps) => {
      const queue = new EventQueue(most);
      const list: RunEvent[] = [];
      for (const [seq, one] of steps.entries()) {
        if (one === "take") expect(queue.take()).toEqual(list.shift());
        else {
          const event = eventOf(seq, one);
          const live = list.findIndex(({ type }) => type !== "node.started");
          if (list.length >= most && live >= 0) list.splice(live, 1);
          list.push(event);
          queue.push(event);
        }
      }
      while (list.length > 0) expect(queue.take()).toEqual(list.shift());
      expect(queue.take()).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("nothing is left after it was cleared", () => {
  const queue = new EventQueue(2);
  for (let seq = 0; seq < 9; seq++) queue.push(eventOf(seq, seq % 3));
  queue.clear();
  expect(queue.take()).toBeUndefined();
  queue.push(eventOf(10, 0));
  expect(queue.take()).toMatchObject({ seq: 10 });
});
