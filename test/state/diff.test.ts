import { describe, expect, test } from "vitest";
import { encode } from "../../src/session/codec.js";
import { applyDeltas, type Delta } from "../../src/state/delta.js";
import { diff } from "../../src/state/diff.js";
import { heightOf, seal } from "../../src/state/seal.js";

/** The delta from a sealed value to what was made of it; it must replay to the same bytes. */
function told<T>(before: T, change: (before: T) => unknown): Delta {
  seal(before);
  const after = change(before);
  const delta = diff(before, after, "value");
  if (delta === undefined) throw new TypeError("nothing changed");
  const replayed = applyDeltas<unknown>(before, [delta]);
  expect(encode(replayed)).toBe(encode(after));
  expect(typeof after !== "object" || Object.isFrozen(after)).toBe(true);
  return delta;
}

test("nothing changed: no delta", () => {
  const value = { a: 1 };
  expect(diff(value, value, "value")).toBeUndefined();
  expect(diff(Number.NaN, Number.NaN, "value")).toBeUndefined();
  expect(diff(undefined, undefined, "value")).toBeUndefined();
});

test("0 and -0 are two values", () => {
  expect(told<number>(0, () => -0)).toEqual([{ op: "replace", path: [], value: -0 }]);
  expect(told([0], () => [-0])).toEqual([{ op: "replace", path: [0], value: -0 }]);
});

test("B6: an equal copy is another value, of which there is nothing to tell", () => {
  expect(told({ a: { b: 1 } }, () => ({ a: { b: 1 } }))).toEqual([]);
  expect(told([1, [2]], () => [1, [2]])).toEqual([]);
  expect(told({ list: [1] }, () => ({ list: [1] }))).toEqual([]);
  expect(told<object>([], () => [])).toEqual([]);
});

describe("records:", () => {
  test("what is gone, what is changed and what is new", () => {
    expect(
      told<object>({ gone: 1, same: {}, changed: 1 }, (before) => ({
        same: (before as { same: object }).same,
        changed: 2,
        added: 3,
      })),
    ).toEqual([
      { op: "remove", path: ["gone"] },
      { op: "replace", path: ["changed"], value: 2 },
      { op: "add", path: ["added"], value: 3 },
    ]);
  });

  test("a key that holds undefined is there; one that is gone is not", () => {
    expect(told<object>({ a: 1 }, () => ({ a: undefined }))).toEqual([
      { op: "replace", path: ["a"], value: undefined },
    ]);
    expect(told<object>({ a: undefined }, () => ({}))).toEqual([{ op: "remove", path: ["a"] }]);
    expect(told<object>({}, () => ({ a: undefined }))).toEqual([{ op: "add", path: ["a"], value: undefined }]);
  });

  test("names that every object inherits are keys like any other", () => {
    expect(told<object>({}, () => ({ constructor: 1, toString: undefined }))).toHaveLength(2);
    expect(told<object>({ valueOf: 1 }, () => ({}))).toEqual([{ op: "remove", path: ["valueOf"] }]);
  });

  test("another order of keys replaces the record, so that the order is kept", () => {
    expect(told<object>({ a: 1, b: 2 }, () => ({ b: 2, a: 1 }))).toEqual([
      { op: "replace", path: [], value: { b: 2, a: 1 } },
    ]);
    expect(told<object>({ a: 1, b: 2 }, () => ({ c: 3, a: 1, b: 2 }))).toHaveLength(1);
    expect(told<object>({ a: 1, b: 2 }, () => ({ b: 2, c: 3, a: 1 }))).toHaveLength(1);
  });

  test("keys that are list indices stand in their own order; what only looks like one does not", () => {
    expect(told<object>({ b: 1, 2: 1 }, () => ({ b: 1, 1: 1, 2: 2 }))).toEqual([
      { op: "add", path: ["1"], value: 1 },
      { op: "replace", path: ["2"], value: 2 },
    ]);
    for (const key of ["4294967295", "4294967296", "01", "-1", "1.5", "1e3", " 1"]) {
      expect(told<object>({ b: 1, [key]: 1 }, () => ({ [key]: 1, b: 1 }))[0]).toMatchObject({ path: [] });
    }
    expect(told<object>({ b: 1, 4294967294: 1 }, () => ({ 4294967294: 1, b: 1 }))).toEqual([]);
  });

  test("a record that got or lost its prototype is replaced", () => {
    const bare = (entries: object) => Object.assign(Object.create(null) as object, entries);
    expect(told(bare({ a: 1 }), () => ({ a: 1 }))).toHaveLength(1);
    expect(told<object>({ a: 1 }, () => bare({ a: 1 }))).toHaveLength(1);
    expect(told(bare({ a: 1 }), () => bare({ a: 2 }))).toEqual([{ op: "replace", path: ["a"], value: 2 }]);
  });

  test("a record that changed nearly everywhere is replaced as a whole", () => {
    const record = (n: number) => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, n]));
    expect(told(record(1), () => record(2))).toHaveLength(1);
    expect(told(record(1), (before) => ({ ...before, k0: 2, k99: 2 }))).toHaveLength(2);
  });
});

describe("lists:", () => {
  const one = { n: 1 };
  const two = { n: 2 };
  const three = { n: 3 };

  test("what is new at the end is appended", () => {
    expect(told([one], (before) => [...before, two, three])).toEqual([{ op: "append", path: [], items: [two, three] }]);
    expect(told<object>({ a: { list: [] } }, () => ({ a: { list: [1] } }))).toEqual([
      { op: "append", path: ["a", "list"], items: [1] },
    ]);
  });

  test("what changed in its place is told there", () => {
    expect(told([one, two, three], () => [one, { n: 9 }, three])).toEqual([
      { op: "replace", path: [1, "n"], value: 9 },
    ]);
  });

  test("what went is removed from the end, what came in between is added", () => {
    expect(told([one, two, three], () => [three])).toEqual([
      { op: "remove", path: [1] },
      { op: "remove", path: [0] },
    ]);
    expect(told([one, three], () => [one, two, three])).toEqual([{ op: "add", path: [1], value: two }]);
    expect(told([one, two, three], () => [one, two])).toEqual([{ op: "remove", path: [2] }]);
    expect(told([1, 1, 1], () => [1])).toEqual([
      { op: "remove", path: [2] },
      { op: "remove", path: [1] },
    ]);
  });

  test("a list that changed nearly everywhere is replaced as a whole", () => {
    const list = (n: number) => Array.from({ length: 100 }, () => n);
    expect(told(list(1), () => list(2))).toHaveLength(1);
    expect(told<unknown[]>(list(1), () => [5])).toHaveLength(1);
  });

  test("holes are kept: a list with holes, before or after, is replaced as a whole", () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point
    const holed = (): unknown[] => [1, , 3];
    expect(told<unknown[]>([1, 2, 3], holed)).toHaveLength(1);
    expect(told(holed(), () => [1, undefined, 3])).toHaveLength(1);
    expect(told(holed(), (before) => Object.assign(before.slice(), { 3: 4 }))).toHaveLength(1);
    expect(told<unknown[]>([1, undefined, 3], holed)).toHaveLength(1);
  });
});

test("lists of four thousand million holes are not walked through", () => {
  const holes = (): unknown[] => Object.assign([], { length: 2 ** 32 - 1 });
  expect(told<unknown>(holes(), (before) => Object.assign(holes(), { 0: before }))).toHaveLength(1);
});

describe("everything else is replaced:", () => {
  test.each<[string, unknown, unknown]>([
    ["dates", new Date(0), new Date(1)],
    ["maps", new Map([[1, 1]]), new Map([[1, 2]])],
    ["sets", new Set([1]), new Set([2])],
    ["a list for a record", { 0: 1 }, [1]],
    ["a record for a list", [1], { 0: 1 }],
    ["a record for nothing", null, {}],
    ["nothing for a record", {}, undefined],
    ["a map for a record", {}, new Map()],
  ])("%s", (_, before, after) => {
    expect(told({ a: before }, () => ({ a: after }))).toEqual([{ op: "replace", path: ["a"], value: after }]);
  });
});

describe("values that refer to themselves:", () => {
  interface Ring {
    name: string;
    next?: Ring;
    list: unknown[];
  }
  const ring = (name: string): Ring => {
    const value: Ring = { name, list: [1] };
    value.next = value;
    value.list.push(value);
    return value;
  };

  test("a value that became a ring, stays one, or is one no more", () => {
    expect(told<object>({ name: "a", list: [1] }, () => ring("a"))).toHaveLength(1);
    expect(told<object>(ring("a"), () => ring("b"))).toHaveLength(1);
    expect(told<object>(ring("a"), () => ({ name: "a", next: { name: "b" }, list: [1] })).length).toBeGreaterThan(0);
  });

  test("a new part that points back to the whole", () => {
    told<object>({ a: { n: 1 }, b: 1 }, (before) => {
      const after: Record<string, unknown> = { ...before, b: 2 };
      after.c = [after];
      return after;
    });
  });
});

test("thirty floors of shared parts are not walked a thousand million times", () => {
  const tower = (leaf: number): unknown => {
    let value: unknown = [leaf];
    for (let i = 0; i < 30; i++) value = { left: value, right: value };
    return value;
  };
  const before = tower(1);
  seal(before);
  const after = tower(2);
  const delta = diff(before, after, "value");
  expect(delta?.length).toBeLessThan(100);
  let replayed = applyDeltas<unknown>(before, [delta ?? []]);
  for (let i = 0; i < 30; i++) replayed = (replayed as Record<string, unknown>)[i % 2 ? "left" : "right"];
  expect(replayed).toEqual([2]);
});

describe("T3: what is new and cannot be stored is refused with its whole path:", () => {
  const f = () => undefined;
  const message = { role: "user" };
  test.each<[path: string, before: object, after: (before: never) => unknown]>([
    ["messages[3].onClick", [message, message, message], (before: object[]) => [...before, { onClick: f }]],
    ["messages[1].onClick", [{}, {}, message], (before: object[]) => [before[0], { onClick: f }, before[2]]],
    ["messages[1]", [message, message], (before: object[]) => [before[0], f, before[1]]],
    ["messages.a.b[0]", { a: {} }, () => ({ a: { b: [f] } })],
    ["messages.b", { a: 1 }, () => ({ a: 1, b: f })],
    ["messages", {}, () => f],
    ["messages", { a: 1 }, () => ({ a: 1, [Symbol("s")]: 1 })],
    [
      "messages.a",
      { a: 1 },
      () => ({
        get a() {
          return 1;
        },
      }),
    ],
    ["messages.a", { a: 1 }, () => Object.defineProperty({}, "a", { value: 1 })],
    ["messages.__proto__", {}, () => JSON.parse('{"__proto__": 1}') as object],
    ["messages", [1], (before: number[]) => Object.assign([...before, 2], { extra: 1 })],
    ["messages", [1], (before: number[]) => Object.assign([...before], { extra: 1 })],
    [
      "messages[1]",
      [1, 2, 3],
      (before: number[]) => Object.defineProperty([...before], 1, { get: () => 9, enumerable: true }),
    ],
    [
      "messages[3]",
      [1, 2, 3],
      (before: number[]) => Object.defineProperty([...before], 3, { get: () => 2, enumerable: true }),
    ],
  ])("%s", (path, before, change) => {
    seal(before);
    expect(() => diff(before, change(before as never), "messages")).toThrow(
      expect.objectContaining({ code: "NOT_SERIALIZABLE", path }),
    );
  });
});

test("a value that is deeper than five hundred levels is refused; one that is nearly so is told", () => {
  const nested = (levels: number, leaf: unknown): unknown => {
    let value = leaf;
    for (let i = 0; i < levels; i++) value = { value };
    return value;
  };
  expect(told(nested(150, 1), () => nested(150, 2))[0]?.path).toHaveLength(150);
  told(nested(490, 1), () => nested(490, 2));
  const before = nested(490, 1);
  seal(before);
  expect(() => diff(before, nested(20_000, 1), "value")).toThrow("nested deeper");
});

test("L15: the levels of a value are known after a change in place: those it had, and those it got", () => {
  const grown = { a: { b: [1] }, c: [[[[1]]]] };
  told({ a: { b: [1] }, c: [[1]] }, () => grown);
  expect([heightOf(grown), heightOf(grown.c), heightOf(grown.a)]).toEqual([5, 4, 2]);
  const before = { a: { deep: [[1]] }, b: 1 };
  const kept = { a: before.a, b: 2 };
  told(before, () => kept);
  expect(heightOf(kept)).toBe(4);
});

test("what a change costs follows the change, not the size: an untouched part is never looked into", () => {
  const big = {
    get: new Proxy(
      {},
      {
        get: () => {
          throw new TypeError("looked into");
        },
        ownKeys: () => {
          throw new TypeError("looked into");
        },
      },
    ),
  };
  const before = { big: big.get, n: 1 };
  Object.freeze(before);
  expect(diff(before, { big: big.get, n: 2 }, "value")).toEqual([{ op: "replace", path: ["n"], value: 2 }]);
});
