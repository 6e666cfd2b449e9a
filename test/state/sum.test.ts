import { expect, test } from "vitest";
import { ReducerError, sum } from "../../src/index.js";
import { fold, folded, standing } from "../fold.js";

test("pitfall P4: every write is added: three +1 make 3", () => {
  expect(folded(sum(), 1, 1, 1)).toBe(3);
  expect(folded(sum(10), -0.5, 2)).toBe(11.5);
});

test("pitfall P5: the initial value is where the sum begins, once", () => {
  expect(sum().initial()).toBe(0);
  expect(sum(5).initial()).toBe(5);
});

test("what is no number is refused, and named", () => {
  const before = standing({ total: sum() });
  for (const [write, found] of [
    ["1", "string"],
    [null, "null"],
    [1n, "bigint"],
    [{}, "object"],
  ] as const) {
    expect(() => fold(before, { total: write })).toThrow(ReducerError);
    expect(() => fold(before, { total: write })).toThrow(`not ${found}`);
  }
});

test("B6: adding nothing is no change", () => {
  const before = standing({ total: sum(3) });
  expect(fold(before, { total: 0 }).state).toBe(before.state);
  expect(fold(before, { total: 2 }, { total: -2 }).versions).toEqual({});
});
