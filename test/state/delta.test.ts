import { describe, expect, test } from "vitest";
import { decode, encode } from "../../src/session/codec.js";
import { appendSealed, applyDeltas, type Delta, replaceAll, toPatch } from "../../src/state/delta.js";
import { seal } from "../../src/state/seal.js";

function sealedCopy<T>(value: T): T {
  seal(value);
  return value;
}

describe("one operation applied:", () => {
  test.each<[what: string, before: unknown, delta: Delta, after: unknown]>([
    ["the whole is replaced", { a: 1 }, replaceAll([1]), [1]],
    ["a key is added", { a: 1 }, [{ op: "add", path: ["b"], value: 2 }], { a: 1, b: 2 }],
    ["a key is replaced", { a: 1 }, [{ op: "replace", path: ["a"], value: 2 }], { a: 2 }],
    ["a key is removed", { a: 1, b: 2 }, [{ op: "remove", path: ["a"] }], { b: 2 }],
    ["an item is added in between", [1, 3], [{ op: "add", path: [1], value: 2 }], [1, 2, 3]],
    ["an item is replaced", [1, 3], [{ op: "replace", path: [1], value: 2 }], [1, 2]],
    ["an item is removed", [1, 2, 3], [{ op: "remove", path: [1] }], [1, 3]],
    ["items are appended", [1], [{ op: "append", path: [], items: [2, [3]] }], [1, 2, [3]]],
    [
      "items are appended deep inside",
      { a: [{ b: [1] }] },
      [{ op: "append", path: ["a", 0, "b"], items: [2] }],
      { a: [{ b: [1, 2] }] },
    ],
    [
      "a deep key is replaced",
      { a: [{ b: 1 }] },
      [{ op: "replace", path: ["a", 0, "b"], value: 2 }],
      { a: [{ b: 2 }] },
    ],
    ["nothing at all", { a: 1 }, [], { a: 1 }],
  ])("%s", (_, before, delta, after) => {
    const result = applyDeltas(sealedCopy(before), [delta]);
    expect(result).toStrictEqual(after);
    expect(typeof result !== "object" || Object.isFrozen(result)).toBe(true);
  });
});

test("deltas are applied in order, each on what the former left", () => {
  const deltas: Delta[] = [
    [{ op: "add", path: ["list"], value: [] }],
    [
      { op: "append", path: ["list"], items: [{ n: 1 }] },
      { op: "replace", path: ["list", 0, "n"], value: 2 },
    ],
    [{ op: "remove", path: ["gone"] }],
  ];
  expect(applyDeltas(sealedCopy({ gone: 1 }), deltas)).toEqual({ list: [{ n: 2 }] });
});

test("B7: what no delta touches stays the same by reference", () => {
  const before = sealedCopy({ a: { deep: {} }, list: [{ n: 1 }, { n: 2 }] });
  const after = applyDeltas(before, [[{ op: "replace", path: ["list", 1, "n"], value: 3 }]]);
  expect(after.a).toBe(before.a);
  expect(after.list[0]).toBe(before.list[0]);
  expect(applyDeltas(before, [])).toBe(before);
  expect(before.list[1]).toEqual({ n: 2 });
});

test("neither the former value nor the deltas are changed, frozen or not: they may be applied again", () => {
  const make = (): { before: object; deltas: Delta[] } => ({
    before: { kept: [1] },
    deltas: [
      [
        { op: "add", path: ["list"], value: [1] },
        { op: "add", path: ["record"], value: { n: 1 } },
      ],
      [
        { op: "append", path: ["list"], items: [2] },
        { op: "replace", path: ["record", "n"], value: 2 },
      ],
      [{ op: "append", path: ["kept"], items: [2] }],
    ],
  });
  const { before, deltas } = make();
  const once = applyDeltas(before, deltas);
  expect({ before, deltas }).toEqual(make());
  expect(applyDeltas(before, deltas)).toEqual(once);
});

test("one object in two places of a decoded value is changed in the one place only", () => {
  const shared = { n: 1 };
  const before = decode(encode({ a: shared, b: shared })) as object;
  const delta: Delta = [{ op: "replace", path: ["a", "n"], value: 2 }];
  expect(applyDeltas(before, [delta])).toEqual({ a: { n: 2 }, b: { n: 1 } });
  const deltas = decode(
    encode([replaceAll([shared, shared]), [{ op: "replace", path: [0, "n"], value: 2 }]]),
  ) as Delta[];
  expect(applyDeltas<unknown>(0, deltas)).toEqual([{ n: 2 }, { n: 1 }]);
});

test("a record without a prototype stays one", () => {
  const before = sealedCopy(Object.assign(Object.create(null) as object, { a: 1 }));
  const after = applyDeltas(before, [[{ op: "add", path: ["b"], value: 2 }]]);
  expect(Object.getPrototypeOf(after)).toBeNull();
});

test("a path out of a damaged store reaches no prototype", () => {
  for (const path of [
    ["__proto__", "hacked"],
    ["constructor", "prototype", "hacked"],
    ["a", "__proto__", "hacked"],
    ["__proto__"],
  ]) {
    const before = sealedCopy({ a: {} });
    expect(() => applyDeltas(before, [[{ op: "add", path, value: { hacked: true } }]])).toThrow(TypeError);
  }
  expect(({} as { hacked?: true }).hacked).toBeUndefined();
});

test("a hundred thousand appends copy the list once", () => {
  const deltas = Array.from({ length: 100_000 }, (_, i): Delta => [{ op: "append", path: [], items: [i] }]);
  expect(applyDeltas(sealedCopy<number[]>([]), deltas)).toHaveLength(100_000);
});

test("RFC 6902: operations with JSON pointers; an append is as many adds at the end", () => {
  const delta: Delta = [
    { op: "add", path: ["a/b", 0], value: 1 },
    { op: "replace", path: [], value: {} },
    { op: "remove", path: ["m~n"] },
    { op: "append", path: ["list"], items: [1, [2]] },
    { op: "append", path: [], items: ["x"] },
  ];
  expect(toPatch(delta)).toEqual([
    { op: "add", path: "/a~1b/0", value: 1 },
    { op: "replace", path: "", value: {} },
    { op: "remove", path: "/m~0n" },
    { op: "add", path: "/list/-", value: 1 },
    { op: "add", path: "/list/-", value: [2] },
    { op: "add", path: "/-", value: "x" },
  ]);
});

test("RFC 6902: holes among appended items count as undefined", () => {
  const items: unknown[] = [1];
  items[2] = 3;
  expect(toPatch([{ op: "append", path: [], items }])).toHaveLength(3);
  expect(applyDeltas<unknown>(sealedCopy([]), [[{ op: "append", path: [], items }]])).toEqual([1, undefined, 3]);
});

test("appendSealed copies the list and freezes the copy", () => {
  const list = sealedCopy([1]);
  const longer = appendSealed(list, [2, 3]);
  expect(longer).toEqual([1, 2, 3]);
  expect(Object.isFrozen(longer)).toBe(true);
  expect(list).toEqual([1]);
});
