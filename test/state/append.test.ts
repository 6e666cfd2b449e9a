import { expect, test } from "vitest";
import { append } from "../../src/index.js";
import { fold, folded, standing } from "../fold.js";

test("a write is one item, or a list of items", () => {
  expect(folded(append<string>(), "a", ["b", "c"], "d")).toEqual(["a", "b", "c", "d"]);
});

test("an item that is itself a list goes inside a list", () => {
  expect(folded(append<unknown>(), [["a", "b"]], [[], []])).toEqual([["a", "b"], [], []]);
});

test("falsy items are items", () => {
  expect(folded(append<unknown>(), null, 0, "", false, [undefined])).toEqual([null, 0, "", false, undefined]);
});

test("an empty list is no write: the value stays the same list", () => {
  const before = standing({ list: append(["a"]) });
  const after = fold(before, { list: [] });
  expect(after.state).toBe(before.state);
  expect(after.deltas).toEqual([]);
});

test("the initial list is empty unless given, and is never written into", () => {
  const initial = ["a"];
  expect(append().initial()).toEqual([]);
  expect(folded(append(initial), "b")).toEqual(["a", "b"]);
  expect(initial).toEqual(["a"]);
});

test("B7: what stands in the list stays the same object, and the list itself is frozen", () => {
  const before = standing({ list: append<object>([{ id: 1 }, { id: 2 }]) });
  const { list } = fold(before, { list: { id: 3 } }).state;
  expect(list[0]).toBe(before.state.list[0]);
  expect(list[1]).toBe(before.state.list[1]);
  expect(Object.isFrozen(list)).toBe(true);
});

test("B8: the delta of each task is the items that it appended", () => {
  const after = fold(standing({ list: append<number>([1]) }), { list: 2 }, { list: [3, 4] });
  expect(after.deltas).toEqual([
    { task: { id: "t.1", node: "n1" }, channel: "list", delta: [{ op: "append", path: [], items: [2] }] },
    { task: { id: "t.2", node: "n2" }, channel: "list", delta: [{ op: "append", path: [], items: [3, 4] }] },
  ]);
});

test("`reduce` gives what the fold gives", () => {
  const channel = append<number>([1]);
  expect(channel.reduce(channel.reduce([1], 2), [3, 4])).toEqual(folded(channel, 2, [3, 4]));
  const list = [1];
  expect(channel.reduce(list, [])).toBe(list);
});

test("a hundred thousand items in one write need no stack", () => {
  const items = Array.from({ length: 100_000 }, (_, i) => i);
  expect(folded(append<number>(), items)).toHaveLength(100_000);
});

test("an initial that is no list is refused, options in its place too", () => {
  for (const initial of [{ artifactsAbove: 100 }, "text", null])
    expect(() => append(initial as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", option: "initial" }),
    );
});
