import { freeze, Immer } from "immer";
import { describe, expect, test, vi } from "vitest";
import { SerializationError } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { seal, sealStored } from "../../src/state/seal.js";

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
  "an error": [() => ({ a: [new TypeError("x")] }), "a[0]", "an instance of TypeError"],
  "a promise": [() => ({ a: Promise.resolve() }), "a", "an instance of Promise"],
  "a weak map": [() => ({ a: new WeakMap() }), "a", "an instance of WeakMap"],
  "a buffer of Node's": [() => ({ a: Buffer.from("x") }), "a", "an instance of Buffer"],
  "a boxed number": [() => ({ a: Object(1) as object }), "a", "an instance of Number"],
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

test("B7: sealing looks at nothing twice", () => {
  const value = { list: [{ a: 1 }] };
  const looks = vi.spyOn(Reflect, "ownKeys");
  seal(value);
  expect(looks).toHaveBeenCalledTimes(3);
  seal({ value, again: [value.list] });
  expect(looks).toHaveBeenCalledTimes(5);
  seal(value);
  expect(looks).toHaveBeenCalledTimes(5);
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

test("a list of four thousand million holes is taken without walking through them", () => {
  const list: number[] = [];
  list.length = 2 ** 32 - 1;
  seal({ list });
  expect(Object.isFrozen(list)).toBe(true);
});

function refusalOf(value: unknown, at: readonly string[] = []): SerializationError {
  try {
    seal(value, at);
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}
