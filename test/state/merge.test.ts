import { describe, expect, test } from "vitest";
import { merge, ReducerError } from "../../src/index.js";
import { fold, folded, standing } from "../fold.js";

/** Merges inside a key of its own, where RFC 7396 also takes what is no object. */
function mergedAt(original: unknown, patch: unknown): unknown {
  return (folded(merge<{ x?: unknown }>({ x: original }), { x: patch }) as { x?: unknown }).x;
}

describe("RFC 7396, appendix A:", () => {
  test.each<[original: unknown, patch: unknown, result: unknown]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j with %j is %j", (original, patch, result) => {
    expect(mergedAt(original, patch)).toStrictEqual(result);
  });

  test("a null in the place of the whole deletes it", () => {
    expect(folded(merge<{ x?: unknown }>({ x: { a: "foo" } }), { x: null })).toStrictEqual({});
  });
});

test("every task's patch is folded into what the former left", () => {
  const channel = merge<Record<string, unknown>>({ a: { n: 1 } });
  expect(folded(channel, { a: { m: 2 } }, { a: { n: null } }, { b: 1 })).toStrictEqual({ a: { m: 2 }, b: 1 });
});

test("lists, dates, maps and sets are values: they replace and are not looked into", () => {
  const when = new Date(0);
  const map = new Map([["a", null]]);
  expect(mergedAt({ deep: 1 }, when)).toBe(when);
  expect(mergedAt({ deep: 1 }, map)).toBe(map);
  expect(mergedAt([1, 2, 3], [null])).toEqual([null]);
  expect(mergedAt(new Date(1), { a: 1 })).toEqual({ a: 1 });
});

test("a key whose value is undefined is not written, at any depth", () => {
  expect(mergedAt({ a: { b: 1 } }, { a: { b: undefined, c: 2 } })).toStrictEqual({ a: { b: 1, c: 2 } });
});

test("names that every object inherits are keys like any other", () => {
  const record = mergedAt({ valueOf: 1, hasOwnProperty: 1 }, { constructor: { a: 1 }, toString: null, valueOf: null });
  expect(Object.entries(record as object)).toEqual([
    ["hasOwnProperty", 1],
    ["constructor", { a: 1 }],
  ]);
});

test("a patch that is no plain object is refused", () => {
  const before = standing({ record: merge<object>({}) });
  for (const patch of [[], "text", 1, null, new Date(0), new Map()]) {
    expect(() => fold(before, { record: patch })).toThrow(ReducerError);
  }
});

test("B6, B7: a patch that changes nothing leaves the same record", () => {
  const before = standing({ record: merge<object>({ a: { b: 1 }, c: [1] }) });
  for (const patch of [{}, { a: {} }, { a: { b: 1 } }, { absent: null }, { toString: null }, { a: { absent: null } }]) {
    const after = fold(before, { record: patch });
    expect(after.state).toBe(before.state);
    expect(after.updatedChannels).toEqual([]);
  }
});

test("B7: what the patch does not name stays the same object", () => {
  const before = standing({ record: merge<Record<string, unknown>>({ a: { deep: {} }, b: { deep: {} } }) });
  const { record } = fold(before, { record: { b: { more: 1 } } }).state as { record: Record<string, unknown> };
  expect(record.a).toBe(before.state.record.a);
  expect((record.b as Record<string, unknown>).deep).toBe((before.state.record.b as Record<string, unknown>).deep);
});

test("B7: a record that is written goes into the state as it is, unless there is a null in it", () => {
  const [plain, holed] = [{ deep: { n: 1 } }, { deep: { n: 1 }, gone: { x: null } }];
  const { record } = fold(standing({ record: merge<Record<string, unknown>>({}) }), { record: { plain, holed } }).state;
  expect(record.plain).toBe(plain);
  expect(record.holed).toStrictEqual({ deep: { n: 1 }, gone: {} });
  expect((record.holed as typeof holed).deep).toBe(holed.deep);
});

test("one record in very many places of a patch is looked into once", () => {
  let tower: object = { leaf: 1, gone: null };
  for (let floor = 0; floor < 100; floor++) tower = { left: tower, right: tower };
  const { record } = fold(standing({ record: merge<Record<string, unknown>>({}) }), { record: { tower } }).state;
  let top = record.tower as Record<string, unknown>;
  for (let floor = 0; floor < 100; floor++) top = (floor % 2 ? top.left : top.right) as typeof top;
  expect(top).toStrictEqual({ leaf: 1 });
});

test("a patch that refers to itself is refused, wherever it does; a value that does may stay", () => {
  const ring: Record<string, unknown> = { n: 1 };
  ring.self = ring;
  const before = standing({ record: merge<Record<string, unknown>>({ ring }) });
  const refused = expect.objectContaining({
    code: "REDUCER_FAILED",
    message: expect.stringContaining("refer to itself"),
  });
  const patch: Record<string, unknown> = { n: 2 };
  patch.self = patch;
  for (const record of [{ ring: patch }, { added: patch }]) expect(() => fold(before, { record })).toThrow(refused);
  expect(fold(before, { record: { ring: { n: 2 } } }).state.record.ring).toMatchObject({ n: 2, self: { n: 1 } });
});

test("B8: the delta is what the patch changed", () => {
  const before = standing({ record: merge<object>({ a: 1, b: { c: 1, d: 2 } }) });
  const { deltas } = fold(before, { record: { a: null, b: { c: 3 }, e: {} } });
  expect(deltas[0]?.delta).toEqual([
    { op: "remove", path: ["a"] },
    { op: "replace", path: ["b", "c"], value: 3 },
    { op: "add", path: ["e"], value: {} },
  ]);
});
