/** Errors as values (T3): those of the language come back as they were, all others are refused. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SerializationError } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { seal, sealStored } from "../../src/state/seal.js";

const types = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

function stored<V>(value: V): V {
  seal(value);
  const text = encode(value);
  const copy = decode(text) as V;
  sealStored(copy);
  expect(encode(copy)).toBe(text);
  return copy;
}

function refusalOf(value: unknown): SerializationError {
  try {
    seal(value);
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}

/** What a property is, but for what freezing changes. */
function propertiesOf(error: object): unknown {
  return Reflect.ownKeys(error)
    .sort()
    .map((key) => [key, (error as Record<PropertyKey, unknown>)[key], Object.keys(error).includes(key as string)]);
}

describe("T3: an error comes back as an instance of its class, with all of its own properties:", () => {
  test.each(Object.entries(types))("%s", (name, Type) => {
    const error = Object.assign(new Type(`message of ${name}`), { code: "E_CODE", details: { list: [1n] } });
    const copy = stored({ error }).error;
    expect(copy).not.toBe(error);
    expect(Object.getPrototypeOf(copy)).toBe(Type.prototype);
    expect(Object.prototype.toString.call(copy)).toBe("[object Error]");
    expect(copy.stack).toBe(error.stack);
    expect(String(copy)).toBe(`${name}: message of ${name}`);
    expect(propertiesOf(copy)).toEqual(propertiesOf(error));
  });

  test("AggregateError, with its errors", () => {
    const error = new AggregateError([new TypeError("a"), "text", { b: 1 }], "several", { cause: 1 });
    const copy = stored(error);
    expect(copy).toBeInstanceOf(AggregateError);
    expect(propertiesOf(copy)).toEqual(propertiesOf(error));
    expect(copy.errors[0]).toBeInstanceOf(TypeError);
    expect(Object.keys(copy)).toEqual([]);
  });

  test.each([
    ["no message", () => new Error()],
    ["an empty message", () => new Error("")],
    ["half a surrogate in its message", () => new Error("\ud800")],
    ["a name of its own", () => Object.assign(new Error("x"), { name: "PaymentError" })],
    ["a name out of sight", () => Object.defineProperty(new Error("x"), "name", { value: "PaymentError" })],
    ["a cause that is undefined", () => new Error("x", { cause: undefined })],
    ["a cause in sight", () => Object.assign(new Error("x"), { cause: new Map([["a", 1n]]) })],
    [
      "causes in each other",
      () => new Error("x", { cause: new RangeError("y", { cause: new Error("z", { cause: -0 }) }) }),
    ],
    ["no stack", () => deleted(new Error("x"), "stack")],
    ["nothing at all", () => deleted(new Error(), "stack")],
    ["a stack that is no text", () => Object.assign(new Error("x"), { stack: ["at a"] })],
    ["a message that is no text", () => Object.assign(new Error("x"), { message: { a: 1 } })],
    [
      "properties named as others' methods",
      () => Object.assign(new Error("x"), { toString: 1, constructor: 2, "": 3 }),
    ],
  ])("with %s", (_, make) => {
    const error = make();
    expect(propertiesOf(stored({ error }).error)).toEqual(propertiesOf(error));
  });

  test("as the system throws it", () => {
    const error = thrownBy(() => readFileSync("/nowhere/at/all")) as NodeJS.ErrnoException;
    const copy = stored(error);
    expect([copy.code, copy.errno, copy.syscall, copy.path]).toEqual([
      "ENOENT",
      error.errno,
      "open",
      "/nowhere/at/all",
    ]);
    expect(stored(thrownBy(() => JSON.parse("{")))).toBeInstanceOf(SyntaxError);
    expect(stored(thrownBy(() => new URL("::")))).toBeInstanceOf(TypeError);
  });
});

describe("T3: rings of errors, and errors in two places:", () => {
  test("an error that is its own cause", () => {
    const error = new Error("x");
    error.cause = error;
    const copy = stored(error);
    expect(copy.cause).toBe(copy);
    expect([copy.message, copy.stack]).toEqual(["x", error.stack]);
  });

  test.each(["ring", "inner", "outer"] as const)(
    "a ring through errors, lists, maps and records, begun at %s",
    (start) => {
      const [inner, outer] = [new TypeError("inner"), new AggregateError([], "outer")];
      const ring = { outer, map: new Map<unknown, unknown>([[inner, "key"]]) };
      inner.cause = ring;
      outer.errors.push(inner, outer, ring);
      const all = { ring, inner, outer };
      const copy = stored([all[start], all]) as [unknown, typeof all];
      expect(copy[0]).toBe(copy[1][start]);
      const found = copy[1];
      expect([found.inner.message, found.outer.message]).toEqual(["inner", "outer"]);
      expect(found.outer.errors.map((one) => Object.values(found).indexOf(one as never))).toEqual([1, 2, 0]);
      expect(found.inner.cause).toBe(found.ring);
      expect(found.ring.outer).toBe(found.outer);
      expect(found.ring.map.get(found.inner)).toBe("key");
    },
  );

  test("one error in two places is one error, and equal errors are two", () => {
    const [one, two] = [new Error("x"), new Error("x")];
    const copy = stored([one, two, { cause: one }]) as [Error, Error, { cause: Error }];
    expect(copy[2].cause).toBe(copy[0]);
    expect(copy[1]).not.toBe(copy[0]);
  });
});

describe("S3: a sealed error throws a TypeError at whoever changes it:", () => {
  test.each(["message", "stack", "cause", "name", "code", "added"])("%s", (key) => {
    const error = Object.assign(new Error("x", { cause: {} }), { code: 1 });
    const { stack } = error;
    for (const sealed of [error, stored(error)]) {
      expect(() => Object.assign(sealed, { [key]: "changed" })).toThrow(TypeError);
      expect([sealed.message, sealed.stack, sealed.code]).toEqual(["x", stack, 1]);
    }
  });

  test("what it carries is frozen too", () => {
    const error = Object.assign(new AggregateError([{}], "x", { cause: { a: [] } }), { details: { b: [] } });
    for (const sealed of [error, stored(error)]) {
      const parts = [
        sealed.errors,
        sealed.errors[0],
        sealed.cause,
        (sealed.cause as { a: unknown }).a,
        sealed.details.b,
      ];
      expect(parts.every(Object.isFrozen)).toBe(true);
    }
  });
});

describe("T3: what is no error of the language is refused with its path:", () => {
  class PaymentError extends RangeError {}
  const unstorable: readonly (readonly [string, () => unknown, path: string, reason: string])[] = [
    ["a subclass", () => new PaymentError(), "", "an instance of PaymentError, a subclass of RangeError"],
    ["a subclass without a name", () => new (class extends Error {})(), "", "an unnamed class"],
    ["an error of this library", () => new SerializationError("a", "b"), "", "an instance of SerializationError"],
    [
      "an error of Node's own class",
      () => thrownBy(() => Buffer.from(5 as never)),
      "",
      "TypeError, a subclass of TypeError",
    ],
    ["a DOMException", () => AbortSignal.abort().reason as unknown, "", "an instance of DOMException"],
    ["what only inherits", () => Object.create(Error.prototype) as unknown, "", "pretends to be an error"],
    [
      "what has a tag besides",
      () => Object.create(Error.prototype, { [Symbol.toStringTag]: { value: "Error" } }) as unknown,
      "",
      "Symbol(Symbol.toStringTag)",
    ],
    ["a proxy", () => new Proxy(new Error("x"), {}), "", "pretends to be an error"],
    ["a record with the tag of an error", () => ({ [Symbol.toStringTag]: "Error" }), "", "symbol key"],
    ["an error that inherits as a record", () => Object.setPrototypeOf(new Error("x"), Object.prototype), "", ""],
    ["a symbol as a key", () => Object.assign(new Error("x"), { [Symbol("s")]: 1 }), "", "Symbol(s)"],
    ["a function", () => Object.assign(new Error("x"), { retry: () => 1 }), ".retry", "a function"],
    ["a function in its cause", () => new Error("x", { cause: { list: [() => 1] } }), ".cause.list[0]", "a function"],
    ["a function in its errors", () => new AggregateError([1, () => 1]), ".errors[1]", "a function"],
    [
      "a getter",
      () => Object.defineProperty(new Error("x"), "code", { get: () => 1, enumerable: true }),
      ".code",
      "a getter",
    ],
    [
      "a getter for its message",
      () => Object.defineProperty(new Error(), "message", { get: () => 1 }),
      ".message",
      "a getter",
    ],
    [
      "a getter for its stack",
      () => Object.defineProperty(new Error(), "stack", { get: () => "s" }),
      ".stack",
      "a getter",
    ],
    [
      "what is hidden",
      () => Object.defineProperty(new Error("x"), "secret", { value: 1 }),
      ".secret",
      "not enumerable",
    ],
  ];

  test.each(unstorable)("%s", (_, make, path, reason) => {
    const error = refusalOf({ failures: [make()] });
    if (reason !== "") expect(error.path).toBe(`failures[0]${path}`);
    expect(error.message).toContain(reason);
    expect(error.help).toContain("registerClass");
  });

  test("a text that names another class is damaged", () => {
    const text = encode(new URIError("x"));
    expect(() => decode(text.replace("URIError", "Function"))).toThrow(TypeError);
  });
});

test("L15: five hundred causes in each other are taken and come back, more are refused", () => {
  const nested = (levels: number): Error => {
    let error = new Error("inmost");
    for (let i = 1; i < levels; i++) error = new Error(`${i}`, { cause: error });
    return error;
  };
  let copy: unknown = stored(nested(501));
  for (let i = 0; i < 500; i++) copy = (copy as Error).cause;
  expect((copy as Error).message).toBe("inmost");
  expect(refusalOf(nested(502)).message).toContain("nested deeper than 500 levels");
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new TypeError("nothing was thrown");
}

function deleted<T extends object>(target: T, key: keyof T): T {
  Reflect.deleteProperty(target, key);
  return target;
}
