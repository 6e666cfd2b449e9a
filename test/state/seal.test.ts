import { runInNewContext } from "node:vm";
import { freeze, Immer } from "immer";
import { describe, expect, test, vi } from "vitest";
import * as nodeModule from "../../src/graph/node.js";
import { SerializationError } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { diff } from "../../src/state/diff.js";
import { isSealed, seal, sealStored } from "../../src/state/seal.js";

import { Box } from "../properties/storable-values.js";

class Person {
  name = "Ada";
}
class List extends Array<number> {}

/** Something of every kind that can be stored, made anew each time. */
const storable: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  booleans: () => [true, false],
  numbers: () => [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE],
  bigints: () => [0n, -(2n ** 70n)],
  strings: () => ["", "text", "line\nline", "\u0000", "emoji 🙂", "half \ud800 a surrogate"],
  records: () => ({ a: { b: {} }, "": 1, constructor: 2, toString: 3, 1: "one" }),
  "records without a prototype": () => Object.assign(Object.create(null) as object, { a: 1 }),
  lists: () => [[], [[]], [undefined]],
  // biome-ignore lint/suspicious/noSparseArray: the hole is the point
  "lists with holes": () => [1, , 3],
  dates: () => [new Date(0), new Date(8.64e15), new Date(Number.NaN)],
  maps: () =>
    new Map<unknown, unknown>([
      ["a", { b: 1 }],
      [{ key: 1 }, [1]],
      [Number.NaN, new Map()],
    ]),
  sets: () => new Set<unknown>([1, "1", { a: 1 }, new Set()]),
  regexps: () => [/a\/b/giu, /(?:)/],
  urls: () => [new URL("https://example.org/a?b=c#d"), new URLSearchParams("a=1&a=2")],
  buffers: () => new Uint8Array([1, 2, 3]).buffer,
  "typed arrays": () => [
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
      (T) => new T([1, 2]),
    ),
    ...[new Float32Array([0.5]), new Float64Array([0.1]), new BigInt64Array([-1n]), new BigUint64Array([1n])],
    ...[new DataView(new ArrayBuffer(4), 1, 2), new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ],
};

describe("T3: what can be stored comes back as it was:", () => {
  test.each(Object.entries(storable))("%s", (_, make) => {
    const value = make();
    seal(value);
    expect(decode(encode(value))).toStrictEqual(make());
    expect(value).toStrictEqual(make());
  });

  test("one object in two places", () => {
    const shared = { n: 1 };
    const value = { a: shared, b: [shared] };
    seal(value);
    const copy = decode(encode(value)) as typeof value;
    expect(copy.a).toBe(copy.b[0]);
  });

  test("cycles", () => {
    const value: Record<string, unknown> = { list: [], map: new Map() };
    value.self = value;
    (value.list as unknown[]).push(value);
    (value.map as Map<unknown, unknown>).set("up", value).set(value, "down");
    seal(value);
    expect(Object.isFrozen(value.list)).toBe(true);
    const copy = decode(encode(value)) as typeof value;
    expect(copy.self).toBe(copy);
    expect((copy.list as unknown[])[0]).toBe(copy);
    expect((copy.map as Map<unknown, unknown>).get("up")).toBe(copy);
  });
});

function withProperty<T extends object>(target: T, key: PropertyKey, value: unknown = 1): T {
  return Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** What cannot be stored: it, where it stands, and a word of the reason. */
const unstorable: Readonly<Record<string, readonly [make: () => unknown, path: string, reason: string]>> = {
  "a function": [() => ({ messages: [0, 0, 0, { onClick: () => undefined }] }), "messages[3].onClick", "a function"],
  "a symbol": [() => ({ a: Symbol("s") }), "a", "a symbol"],
  "a symbol as a key": [() => ({ a: { [Symbol("s")]: 1 } }), "a", "symbol key"],
  "a hidden symbol as a key": [() => ({ a: Object.defineProperty({}, Symbol("s"), { value: 1 }) }), "a", "symbol key"],
  "a getter": [
    () => ({
      a: {
        get b() {
          throw new TypeError("it ran");
        },
      },
    }),
    "a.b",
    "a getter",
  ],
  "a setter": [() => ({ a: { set b(_: number) {} } }), "a.b", "a getter"],
  "a hidden property": [() => ({ a: Object.defineProperty({}, "b", { value: 1 }) }), "a.b", "not enumerable"],
  "an own __proto__": [
    () => ({ a: JSON.parse('{"__proto__": {"admin": true}}') as object }),
    "a.__proto__",
    "__proto__",
  ],
  "an instance of a class": [() => ({ a: new Person() }), "a", "an instance of Person"],
  "an instance of no name": [() => ({ a: new (class {})() }), "a", "an unnamed class"],
  "a record that inherits": [() => ({ a: Object.create({ inherited: 1 }) as object }), "a", "an instance of"],
  "a record that inherits from no one's record": [
    () => ({ a: Object.create(Object.assign(Object.create(null) as object, { inherited: 1 })) as object }),
    "a",
    "an instance of",
  ],
  "a promise": [() => ({ a: Promise.resolve() }), "a", "an instance of Promise"],
  "a weak map": [() => ({ a: new WeakMap() }), "a", "an instance of WeakMap"],
  "a weak set": [() => ({ a: new WeakSet() }), "a", "an instance of WeakSet"],
  "a weak reference": [() => ({ a: new WeakRef({}) }), "a", "an instance of WeakRef"],
  "a generator": [
    () => ({
      a: (function* () {
        yield 1;
      })(),
    }),
    "a",
    "an instance of",
  ],
  "an iterator": [() => ({ a: [1].values() }), "a", "an instance of"],
  "the arguments of a function": [
    () => ({
      a: (function () {
        // biome-ignore lint/complexity/noArguments: the object itself is the point
        return arguments;
      })(),
    }),
    "a.length",
    "not enumerable",
  ],
  "a module": [() => ({ a: nodeModule }), "a", "symbol key"],
  "an instance with toJSON": [
    () => ({
      a: new (class Price {
        toJSON() {
          return 1;
        }
      })(),
    }),
    "a",
    "an instance of Price",
  ],
  "a boxed number": [() => ({ a: Object(1) as object }), "a", "an instance of Number"],
  "a boxed number that inherits as a record": [
    () => ({ a: Object.setPrototypeOf(Object(1), Object.prototype) as object }),
    "a",
    "pretends to be a plain one",
  ],
  "a date that inherits as a record": [
    () => ({ a: Object.setPrototypeOf(new Date(), Object.prototype) as object }),
    "a",
    "pretends to be a plain one",
  ],
  "bytes that inherit as a record": [
    () => ({ a: Object.setPrototypeOf(new Uint8Array(2), null) as object }),
    "a",
    "pretends to be a plain one",
  ],
  "a record that inherits from what looks like Object's": [
    () => {
      const names = Object.getOwnPropertyNames(Object.prototype).map((name) => [name, Object]);
      return { a: Object.create(Object.assign(Object.create(null) as object, Object.fromEntries(names))) as object };
    },
    "a",
    "an instance of",
  ],
  "a list that inherits from a list": [
    () => ({ a: Object.setPrototypeOf([1], [2]) as object }),
    "a",
    "a subclass of Array",
  ],
  "a list that inherits from a record": [
    () => ({ a: Object.setPrototypeOf([1], { b: 2 }) as object }),
    "a",
    "a subclass of Array",
  ],
  "a list that inherits as a record": [
    () => ({ a: Object.setPrototypeOf([1], Object.prototype) as object }),
    "a",
    "a subclass of Array",
  ],
  "a list of a class of its own": [() => ({ a: List.from([1]) }), "a", "a subclass of Array"],
  "a list without a prototype": [() => ({ a: Object.setPrototypeOf([1], null) as object }), "a", "a subclass of Array"],
  "a list with a name": [() => ({ a: withProperty([1], "name") }), "a", 'an own property "name"'],
  "a list with a fraction for an index": [() => ({ a: withProperty([1, 2], "0.5") }), "a", 'an own property "0.5"'],
  "a list with an empty name": [() => ({ a: withProperty([1], "") }), "a", 'an own property ""'],
  "a list with a padded index": [() => ({ a: withProperty([1, 2], "01") }), "a", 'an own property "01"'],
  "a list with a symbol": [() => ({ a: withProperty([1], Symbol("s")) }), "a", "Symbol(s)"],
  "a map with a property": [() => ({ a: withProperty(new Map(), "name") }), "a", 'a Map with an own property "name"'],
  "a date with a property": [
    () => ({ a: withProperty(new Date(0), "name") }),
    "a",
    'a Date with an own property "name"',
  ],
  "a date with a method of its own": [() => ({ a: withProperty(new Date(0), "getTime", () => 0) }), "a", '"getTime"'],
  "a regexp with a property": [() => ({ a: withProperty(/a/, "name") }), "a", "own propert"],
  "a regexp that stands somewhere": [() => ({ a: Object.assign(/a/g, { lastIndex: 3 }) }), "a", "lastIndex"],
  "a URL with a property": [() => ({ a: withProperty(new URL("https://a.b"), "name") }), "a", 'own property "name"'],
  "a buffer with a property": [() => ({ a: withProperty(new ArrayBuffer(2), "name") }), "a", 'own property "name"'],
  "shared memory": [() => ({ a: new Uint8Array(new SharedArrayBuffer(2)) }), "a", "shared memory"],
  "a function in a map": [() => ({ a: new Map([["key", [() => undefined]]]) }), "a.key[0]", "a function"],
  "a function as a key of a map": [() => ({ a: new Map([[() => undefined, 1]]) }), "a.key", "a function"],
  "a function in a set": [() => ({ a: new Set([1, () => undefined]) }), "a[1]", "a function"],
  "a function under a hostile key": [() => ({ 'a"]': { "": () => undefined } }), '["a\\"]"][""]', "a function"],
};

describe("T3: what cannot be stored is refused with its path, and nothing is frozen:", () => {
  test.each(Object.entries(unstorable))("%s", (_, [make, path, reason]) => {
    const value = make() as object;
    const sibling = {};
    const error = refusalOf([sibling, value], ["x"]);
    expect(error.path).toBe(path.startsWith("[") ? `x[1]${path}` : `x[1].${path}`);
    expect(error.message).toContain(reason);
    expect(error.message).toContain("cannot be stored without loss");
    expect(Object.isFrozen(sibling)).toBe(false);
    expect(Object.isFrozen(value)).toBe(false);
  });

  test("what is refused at the top has no path, but a name", () => {
    expect(refusalOf(() => undefined).message).toBe("the value is a function, which cannot be stored without loss");
  });

  test("refused once, refused again: a refusal leaves nothing marked as sealed", () => {
    const inner = { list: [{ f: () => undefined }] };
    expect(refusalOf({ inner }).path).toBe("inner.list[0].f");
    expect(refusalOf({ inner }).path).toBe("inner.list[0].f");
    expect(refusalOf({ again: inner.list }).path).toBe("again[0].f");
  });
});

describe("S3: what is sealed throws a TypeError at whoever changes it:", () => {
  const sealedValue = () => {
    const value = {
      record: { a: { b: 1 } } as Record<string, unknown>,
      list: [[1], [2]],
      map: new Map<unknown, { n: number }>([["a", { n: 1 }]]),
      set: new Set<unknown>([{ n: 1 }]),
      date: new Date(0),
      regexp: /a/g,
    };
    seal(value);
    return value;
  };
  type Sealed = ReturnType<typeof sealedValue>;
  const attacks: Readonly<Record<string, (value: Sealed) => unknown>> = {
    "a key set": ({ record }) => Object.assign(record, { a: 1 }),
    "a key added": ({ record }) => Object.assign(record, { z: 1 }),
    "a key deleted": ({ record }) => Reflect.deleteProperty(record, "a") || fail(),
    "a deep key set": ({ record }) => Object.assign(record.a as object, { b: 2 }),
    "a prototype set": ({ record }) => Object.setPrototypeOf(record, { b: 2 }) as object,
    "an item set": ({ list }) => Object.assign(list, { 0: [] }),
    push: ({ list }) => list.push([]),
    pop: ({ list }) => list.pop(),
    splice: ({ list }) => list.splice(0, 1),
    sort: ({ list }) => list.sort(),
    reverse: ({ list }) => list.reverse(),
    "a length set": ({ list }) => Object.assign(list, { length: 0 }),
    "a deep push": ({ list }) => list[0]?.push(2),
    "Map.set": ({ map }) => map.set("a", { n: 2 }),
    "Map.delete": ({ map }) => map.delete("a"),
    "Map.clear": ({ map }) => map.clear(),
    "a value in a map": ({ map }) => Object.assign(map.get("a") as object, { n: 2 }),
    "Set.add": ({ set }) => set.add(2),
    "Set.delete": ({ set }) => set.delete(1),
    "Set.clear": ({ set }) => set.clear(),
    "a value in a set": ({ set }) => Object.assign([...set][0] as object, { n: 2 }),
    "Date.setTime": ({ date }) => date.setTime(1),
    "Date.setFullYear": ({ date }) => date.setFullYear(1999),
    "Date.setUTCMilliseconds": ({ date }) => date.setUTCMilliseconds(1),
    "RegExp.exec with g": ({ regexp }) => regexp.exec("aa"),
    "the cover taken off": ({ map }) => Reflect.deleteProperty(map, "set") || fail(),
  };

  test.each(Object.entries(attacks))("%s", (_, attack) => {
    const value = sealedValue();
    expect(() => attack(value)).toThrow(TypeError);
    expect(value).toEqual(sealedValue());
  });

  function fail(): never {
    throw new TypeError("refused without a throw");
  }
});

test("maps, sets and dates are still read as ever", () => {
  const value = { map: new Map([["a", 1]]), set: new Set([1]), date: new Date(0) };
  seal(value);
  expect([...value.map, ...value.set, value.map.get("a"), value.set.has(1), value.date.getTime()]).toEqual([
    ["a", 1],
    1,
    1,
    true,
    0,
  ]);
  expect(structuredClone(value)).toEqual(value);
  expect(new Map(value.map).set("b", 2).size).toBe(2);
  expect(new Date(value.date).setTime(1)).toBe(1);
});

test("what is frozen outside may still be open inside: it is sealed all the way down", () => {
  const inner = { list: [{}] };
  const value = Object.freeze({ inner, tuple: Object.freeze([inner]) });
  seal(value);
  expect(Object.isFrozen(inner)).toBe(true);
  expect(Object.isFrozen(inner.list[0])).toBe(true);
});

test("what is frozen outside may hide what cannot be stored: it is found", () => {
  expect(refusalOf(Object.freeze({ inner: Object.freeze([() => undefined]) })).path).toBe("inner[0]");
});

test.each([
  ["Map", () => new Map([["a", 1]])],
  ["Set", () => new Set([1])],
  ["Date", () => new Date(0)],
])(
  "a frozen %s can still be changed by its methods, and can no longer be covered: it is refused, and nothing is frozen",
  (kind, make) => {
    const sibling = {};
    const error = refusalOf({ sibling, list: [Object.freeze(make())] });
    expect(error.path).toBe("list[0]");
    expect(error.message).toContain(`a frozen ${kind}`);
    expect(Object.isFrozen(sibling)).toBe(false);
  },
);

test("maps and sets that immer froze are covered already: they are taken", () => {
  const { produce } = new Immer({ autoFreeze: true });
  const value = { map: freeze(new Map([["a", { n: 1 }]]), true), set: freeze(new Set([{ n: 1 }]), true) };
  const next = produce(value, (draft) => {
    draft.map.set("b", { n: 2 });
  });
  seal(next);
  expect(decode(encode(next))).toEqual({
    map: new Map([
      ["a", { n: 1 }],
      ["b", { n: 2 }],
    ]),
    set: new Set([{ n: 1 }]),
  });
  expect(() => next.map.set("c", { n: 3 })).toThrow();
});

test("what another copy of the library sealed is taken as it is", async () => {
  const value = { map: new Map([["a", [1]]]), set: new Set([1]), date: new Date(0) };
  vi.resetModules();
  const other = await import("../../src/state/seal.js");
  other.seal(value);
  expect(other.seal).not.toBe(seal);
  seal(value);
  expect(() => value.map.set("b", [])).toThrow(TypeError);
});

test("B7: sealing looks at nothing twice, but for what might have been flat", () => {
  const value = { list: [{ a: 1 }] };
  const looks = vi.spyOn(Reflect, "ownKeys");
  seal(value);
  expect(looks).toHaveBeenCalledTimes(4);
  seal({ value, again: [value.list] });
  expect(looks).toHaveBeenCalledTimes(7);
  seal(value);
  expect(looks).toHaveBeenCalledTimes(7);
  looks.mockRestore();
});

describe("L15: nesting:", () => {
  const nested = (levels: number, inmost: unknown = 1): unknown => {
    let value = inmost;
    for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { value };
    return value;
  };

  test("five hundred levels are taken, more are refused, and a hundred thousand need no stack", () => {
    seal(nested(500), ["channel"]);
    expect(refusalOf(nested(501), ["channel"]).message).toContain("nested deeper than 500 levels");
    expect(refusalOf(nested(100_000)).message).toContain("nested deeper than 500 levels");
    expect(refusalOf(nested(502)).path).toMatch(/^.{8,80}…$/);
  });

  test("what was sealed before counts with the levels it has, wherever it is put", () => {
    const inner = nested(400);
    seal(inner);
    seal(nested(100, inner), ["channel"]);
    expect(refusalOf(nested(101, inner), ["channel"]).message).toContain("nested deeper than 500 levels");
    seal(inner, Array<string>(101).fill("x"));
    expect(refusalOf(inner, Array<string>(102).fill("x")).message).toContain("nested deeper than 500 levels");
    expect(refusalOf(new Map([["a", nested(101, inner)]])).message).toContain("nested deeper than 500 levels");
  });

  test("a part of a ring counts as the whole ring", () => {
    const ring: { up?: unknown; deep: unknown } = { deep: nested(400) };
    const part = { ring };
    ring.up = part;
    seal(ring);
    expect(refusalOf(nested(150, part)).message).toContain("nested deeper than 500 levels");
  });

  test("what a store gives back was taken once, and is taken again in whatever the store wraps it", () => {
    const value = nested(500);
    seal(value, ["channel"]);
    const stored = decode(encode({ pending: [{ updates: [{ channel: value }] }] }));
    sealStored(stored);
    expect(Object.isFrozen(stored)).toBe(true);
  });
});

describe("T3: weight:", () => {
  const limits = { maxDepth: 500, maxWeight: 100 };
  const heavy: Readonly<Record<string, readonly [make: (n: number) => unknown, path: string]>> = {
    "a text": [(n) => ["x".repeat(n)], "c[0]"],
    "a text alone": [(n) => "x".repeat(n), "c"],
    "texts together": [(n) => ({ a: "x".repeat(50), b: { c: "x".repeat(n - 50) } }), "c.b.c"],
    "a key and a value of a map": [(n) => new Map([["x".repeat(50), "x".repeat(n - 50)]]), `c.${"x".repeat(50)}`],
    "a text in a set": [(n) => new Set([1, "x".repeat(n)]), "c[1]"],
    "a message": [(n) => deletedStack(new Error("x".repeat(n))), "c.message"],
    bytes: [(n) => [new Uint8Array(n)], "c[0]"],
    "bytes beneath a view": [(n) => [new Uint8Array(n).subarray(1, 2)], "c[0]"],
    "a Buffer's own bytes": [(n) => [Buffer.alloc(1_000).subarray(0, n)], "c[0]"],
    "a buffer": [(n) => ({ a: new ArrayBuffer(n) }), "c.a"],
    "a DataView": [(n) => ({ a: new DataView(new ArrayBuffer(n)) }), "c.a"],
    "a big bigint": [(n) => ({ a: 10n ** BigInt(n - 1) }), "c.a"],
    "a RegExp": [(n) => ({ a: new RegExp("x".repeat(n)) }), "c.a"],
    "a URL": [(n) => ({ a: new URL(`a:${"x".repeat(n - 2)}`) }), "c.a"],
    "search parameters": [(n) => ({ a: new URLSearchParams(`a=${"x".repeat(n - 2)}`) }), "c.a"],
  };

  test.each(Object.entries(heavy))(
    "%s: as much as allowed is taken, a tenth more is refused with its path",
    (_, [make, path]) => {
      seal(make(95), ["c"], limits);
      const value = make(110);
      const error = refusalOf(value, ["c"], limits);
      expect(error.path).toBe(path);
      expect(error.message).toContain("heavier than 100 characters and bytes");
      expect(error.message).not.toContain("without loss");
      if (typeof value === "object") expect(Object.isFrozen(value)).toBe(false);
    },
  );

  test("what was sealed before is not weighed again, and what a store gives back is never too heavy", () => {
    const before = { text: "x".repeat(80) };
    seal(before, [], limits);
    seal({ before, text: "x".repeat(80) }, [], limits);
    sealStored(["x".repeat(2 ** 28), "x".repeat(10)]);
  });

  test("many views of one buffer weigh what the buffer does", () => {
    const { buffer } = new Uint8Array(60);
    seal([new Uint8Array(buffer), new DataView(buffer, 1), buffer, new Uint16Array(buffer)], [], limits);
    const [one, other] = [new Uint8Array(60), new Uint8Array(60)];
    expect(refusalOf([one, one.subarray(1), { other }], ["c"], limits).path).toBe("c[2].other");
  });

  test("256 Mi characters and bytes is what one write may weigh", () => {
    const half = "x".repeat(2 ** 27);
    seal([half, half]);
    expect(refusalOf({ a: half, b: [half, "!"] }).path).toBe("b[1]");
    expect(refusalOf(`${half}${half}!`, ["c"]).path).toBe("c");
    expect(refusalOf({ a: new Uint8Array(2 ** 28 + 1) }).message).toContain(`heavier than ${2 ** 28} characters`);
  });
});

describe("proxies:", () => {
  test("of plain data are plain data: what they show is checked, frozen and stored", () => {
    const [record, list] = [{ a: [1], b: new Date(0) }, [1, { c: 2 }]];
    const value = { record: new Proxy(record, {}), list: new Proxy(list, {}) };
    seal(value);
    expect([record, record.a, list, list[1]].every(Object.isFrozen)).toBe(true);
    expect(() => Object.assign(value.record, { a: 1 })).toThrow(TypeError);
    expect(decode(encode(value))).toStrictEqual({ record, list });
  });

  test("show what they hide", () => {
    expect(refusalOf({ a: new Proxy({ b: [() => 1] }, {}) }).path).toBe("a.b[0]");
    expect(refusalOf({ a: new Proxy({}, { getPrototypeOf: () => Map.prototype }) }).path).toBe("a");
    expect(refusalOf({ a: new Proxy(() => 1, {}) }).message).toContain("a is a function");
  });

  const thrown = new RangeError("trapped");
  const fail = (): never => {
    throw thrown;
  };
  const hostile: Readonly<Record<string, () => object>> = {
    "a revoked one": () => revoked({}),
    "a revoked list": () => revoked([]),
    "one that throws on getPrototypeOf": () => new Proxy({}, { getPrototypeOf: fail }),
    "one that throws on ownKeys": () => new Proxy({}, { ownKeys: fail }),
    "one that throws on getOwnPropertyDescriptor": () => new Proxy({ b: 1 }, { getOwnPropertyDescriptor: fail }),
    "one that throws on get": () => new Proxy({ b: 1 }, { get: fail }),
    "one that lists keys that are not there": () => new Proxy({}, { ownKeys: () => ["b"] }),
    "a draft of immer's that is done with": () => {
      let draft: object | undefined;
      new Immer().produce({ b: 1 }, (open) => {
        draft = open;
      });
      return draft as object;
    },
    "one that throws on preventExtensions": () => new Proxy({ b: 1 }, { preventExtensions: fail }),
    "one that throws on defineProperty": () => new Proxy({ b: 1 }, { defineProperty: fail }),
    "one that says no to being frozen": () => new Proxy({ b: 1 }, { preventExtensions: () => false }),
    "a draft of immer's": () => new Immer().createDraft({ b: 1 }),
  };

  test.each(Object.entries(hostile))("%s is a SerializationError with its path", (_, make) => {
    for (const put of [
      (one: object) => ({ list: [0, one] }),
      (one: object) => Object.assign([], { 0: { list: [0, one] } }),
    ]) {
      const value = put(make());
      const error = refusalOf(value, ["c"]);
      expect(error.path).toMatch(Array.isArray(value) ? /^c\[0\]\.list\[1\](\.b)?$/ : /^c\.list\[1\](\.b)?$/);
      expect(isSealed(value)).toBe(false);
      expect(refusalOf(value, ["c"]).path).toBe(error.path);
    }
  });

  test.each(Object.entries(hostile))(
    "%s is one in a superstep too, when a value is compared with the one before",
    (_, make) => {
      const before = { list: [0, { b: 0 }], kept: {} };
      seal(before);
      expect(() => diff(before, { ...before, list: [0, make()] }, "c")).toThrow(SerializationError);
      expect(() => diff(before.list, make(), "c")).toThrow(SerializationError);
    },
  );

  test("one that refuses to be frozen, beside rings and instances, which are looked through twice", () => {
    const ring: Record<string, unknown> = { box: Box.of([1]) };
    ring.self = ring;
    const error = refusalOf({ ring, list: [Object.freeze([]), new Proxy({}, { preventExtensions: () => false })] }, [
      "c",
    ]);
    expect(error.path).toBe("c.list[1]");
  });

  function revoked(target: object): object {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  }
});

test("T3: records and lists of another realm are plain data; its classes are others", () => {
  const foreign = runInNewContext("({ a: [1, { b: [] }], date: new Date(0) })") as { a: unknown; date: unknown };
  expect(refusalOf({ foreign }).path).toBe("foreign.date");
  const { a } = foreign;
  seal({ a });
  expect(decode(encode({ a }))).toStrictEqual({ a: [1, { b: [] }] });
  expect(refusalOf(runInNewContext("class List extends Array {}; [new List()]")).path).toBe("[0]");
  expect(refusalOf(runInNewContext("[new (class A { a = 1 })()]")).path).toBe("[0]");
});

test("a list of four thousand million holes is taken without walking through them", () => {
  const list: number[] = [];
  list.length = 2 ** 32 - 1;
  seal({ list });
  expect(Object.isFrozen(list)).toBe(true);
});

function deletedStack(error: Error): Error {
  Reflect.deleteProperty(error, "stack");
  return error;
}

function refusalOf(
  value: unknown,
  at: readonly string[] = [],
  limits?: Parameters<typeof seal>[2],
): SerializationError {
  try {
    seal(value, at, limits);
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}
