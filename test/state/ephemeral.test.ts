import { expect, test } from "vitest";
import { ConcurrentWriteError, ephemeral, sum } from "../../src/index.js";
import { fold, standing } from "../fold.js";

const channels = { note: ephemeral<string>(), total: sum() };

test("the value lives for the next superstep only", () => {
  const first = fold(standing(channels), { note: "hello" });
  expect(first.state.note).toBe("hello");
  expect(fold(first, { total: 1 }).state).toEqual({ note: undefined, total: 1 });
  expect(fold(first).state.note).toBeUndefined();
});

test("it begins anew each superstep: a write does not see the former value", () => {
  const first = fold(standing(channels), { note: "hello" });
  const second = fold(first, { note: "there" });
  expect(second.state.note).toBe("there");
  expect(second.deltas.map(({ delta }) => delta)).toEqual([[{ op: "replace", path: [], value: "there" }]]);
});

test("B5: it takes one writer a superstep", () => {
  const first = fold(standing(channels), { note: "hello" });
  expect(() => fold(first, { note: "a" }, { note: "b" })).toThrow(ConcurrentWriteError);
});

test("B6: its version grows when it comes, when it changes and when it goes, and at no other time", () => {
  const came = fold(standing(channels), { note: "a" });
  const changed = fold(came, { note: "b" });
  const same = fold(changed, { note: "b" });
  const gone = fold(same, { total: 1 });
  const still = fold(gone, { total: 1 });
  expect([came, changed, same, gone, still].map(({ versions }) => versions.note)).toEqual([1, 2, 2, 3, 3]);
  expect(gone.updatedChannels).toEqual(["note", "total"]);
});

test("a falsy value is a value", () => {
  const first = fold(standing({ count: ephemeral<number>() }), { count: 0 });
  expect(first.state.count).toBe(0);
  expect(fold(first).updatedChannels).toEqual(["count"]);
});
