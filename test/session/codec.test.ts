/** The text of values (T3): what looks like the text's own signs is data, and what is too long for a text is said so. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { SerializationError } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { seal } from "../../src/state/seal.js";

describe("T3: data shaped like the text is just data:", () => {
  const shapes: readonly unknown[] = [
    ["Date", "2020-01-01"],
    ["Map", 1, 2],
    ["null", "a", 1],
    ["Object", 1],
    ["BigInt", "5"],
    ["+", 1],
    [["+", 1], "error", "Error", {}, {}],
    ["error", "TypeError", { message: "x" }, {}],
    ["buffer", new ArrayBuffer(1)],
    ["class", "Money", { amount: 1 }],
    { "+": ["class", "Money", 1] },
    [-1, -2, -3, -4, -5, -6, -7],
    [-7, 3, 0, 1],
    -1,
    -7,
    [[[0]], 1, 2],
    "[1,2]",
    '["Date",1]',
    Object.fromEntries(["0", "length", "then", "constructor", "hasOwnProperty"].map((key) => [key, -1])),
    { $type: "Date", __type__: "Error", toJSON: "x" },
  ];

  test.each(shapes.map((shape) => [JSON.stringify(shape), shape]))("%s", (_, shape) => {
    seal([shape]);
    expect(decode(encode(shape))).toStrictEqual(shape);
    expect(decode(encode({ in: [shape, shape] }))).toStrictEqual({ in: [shape, shape] });
    expect(decode(encode(new Error("x", { cause: shape })))).toHaveProperty("cause", shape);
  });

  test("their own text, written again and again", () => {
    let text = encode(new Error("x"));
    for (let i = 0; i < 5; i++) text = encode([text, new TypeError(text)]);
    expect(decode(text)).toHaveLength(2);
  });
});

describe("T3: what is no text of ours is not taken for one:", () => {
  test.each([
    ["an unknown kind", '[["+",1],[2],"other"]'],
    ["no envelope", '[["+",1],7]'],
    ["an error of no class", '[["+",1],[2,3,4,4],"error","Promise",{}]'],
    ["a buffer of no bytes", '[["+",1],[2,3],"buffer",{}]'],
    ["an own __proto__ on an error", '[["+",1],[2,3,4,4],"error","Error",{"__proto__":2}]'],
  ])("%s", (_, text) => {
    expect(() => decode(text)).toThrow(Error);
  });
});

describe("T3: a text that no string can hold is a SerializationError that says so:", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("V8's words", () => {
    vi.spyOn(JSON, "stringify").mockImplementation(() => {
      throw new RangeError("Invalid string length");
    });
    expect(refusalOf("\u0001").message).toContain("longer than one string can be");
  });

  test("Node's words", () => {
    const error = refusalOf({ a: new Uint8Array(2 ** 29) });
    expect(error.message).toBe(
      "the text of a checkpoint is longer than one string can be, and cannot be stored in one piece",
    );
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.help).toContain("files or another store");
  });

  test("any other failure stays what it is", () => {
    const failure = new TypeError("x");
    vi.spyOn(JSON, "stringify").mockImplementation(() => {
      throw failure;
    });
    expect(() => encode("\u0001")).toThrow(failure);
  });
});

test("T3: a proxy that shows another value than it did is refused on writing, with its path", () => {
  const target = { b: 1 as unknown };
  let shown: unknown = 1;
  const value = { a: new Proxy(target, { get: (_, key) => (key === "b" ? shown : undefined) }) };
  expect(decode(encode(value))).toEqual({ a: { b: 1 } });
  shown = () => 1;
  expect(refusalOf(value).path).toBe("a.b");
});

function refusalOf(value: unknown): SerializationError {
  try {
    encode(value);
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new TypeError("it was not refused");
}

test("T3: a list without items that stands in two places does so when it is read", () => {
  const none: unknown[] = [];
  const value = { a: none, b: [none] };
  seal(value);
  const copy = decode(encode(value)) as typeof value;
  expect(copy.a).toBe(copy.b[0]);
});

test("T3: a proxy that answers for names it does not have is written as what it shows, or refused", () => {
  const answering = (names: (key: string | symbol) => boolean): object => {
    const get = (record: object, key: string | symbol): unknown =>
      !(key in record) && names(key) ? () => "magic" : Reflect.get(record, key);
    const value = { is: new Proxy({ a: 1 }, { get }) };
    seal(value);
    return value;
  };
  expect(decode(encode(answering((key) => key === "toJSON")))).toStrictEqual({ is: { a: 1 } });
  expect(refusalOf(answering(() => true)).path).toBe("is");
});
