import { expect, test } from "vitest";
import { Command, ConcurrentWriteError, lastValue } from "../../src/index.js";
import { fold, folded, standing } from "../fold.js";

test("a write replaces the value, whatever it is", () => {
  for (const value of [null, 0, "", false, Number.NaN, [], {}, new Date(0), 7n]) {
    expect(folded(lastValue<unknown>("before"), value)).toBe(value);
  }
});

test("a key whose value is undefined is not written", () => {
  const before = standing({ value: lastValue<unknown>(1) });
  expect(fold(before, { value: undefined }).state).toBe(before.state);
});

test("of several writes of one task the last counts", () => {
  const commands = [new Command({ update: { value: 1 } }), new Command({ update: { value: 2 } })];
  expect(fold(standing({ value: lastValue(0) }), commands).state.value).toBe(2);
});

test("B5: two tasks that write it in one superstep are a ConcurrentWriteError that names both", () => {
  const before = standing({ value: lastValue(0) });
  expect(() => fold(before, { value: 1 }, {}, { value: 1 })).toThrow(
    expect.objectContaining({ code: "CONCURRENT_WRITE", channel: "value", nodes: ["n1", "n3"] }),
  );
  expect(() => fold(before, { value: 0 }, { value: 0 })).toThrow(ConcurrentWriteError);
});

test("B8: where the new value resembles the former, the delta is what differs", () => {
  const before = standing({ value: lastValue<object>({ kept: { deep: 1 }, changed: 1, gone: true }) });
  const { deltas } = fold(before, { value: { kept: { deep: 1 }, changed: 2 } });
  expect(deltas[0]?.delta).toEqual([
    { op: "remove", path: ["gone"] },
    { op: "replace", path: ["changed"], value: 2 },
  ]);
});
