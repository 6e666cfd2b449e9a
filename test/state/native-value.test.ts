/** Bytes, buffers and the other kinds of the language and of Node (T3): as they were, or refused. */
import { describe, expect, test } from "vitest";
import { SerializationError } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { seal, sealStored } from "../../src/state/seal.js";

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

describe("T3: a Buffer comes back as a Buffer of the same bytes:", () => {
  test.each([
    ["empty", Buffer.alloc(0)],
    ["of the pool", Buffer.from("text é 🙂")],
    ["of its own", Buffer.alloc(10_000, 7)],
    ["a part of another", Buffer.from("0123456789").subarray(3, 5)],
    ["over bytes of an array", Buffer.from(new Uint16Array([1, 2, 3]).buffer, 2, 3)],
  ])("%s", (_, buffer) => {
    const copy = stored({ buffer }).buffer;
    expect(Buffer.isBuffer(copy)).toBe(true);
    expect(Object.getPrototypeOf(copy)).toBe(Buffer.prototype);
    expect(copy.equals(buffer)).toBe(true);
  });

  test("its neighbours in the pool are not written", () => {
    const secret = Buffer.from("a password next door");
    const buffer = Buffer.from("shown");
    expect(buffer.buffer).toBe(secret.buffer);
    expect(encode(buffer)).not.toContain(Buffer.from("a password").toString("base64"));
    expect(stored(buffer).buffer.byteLength).toBe(5);
  });

  test("one buffer in two places is one", () => {
    const buffer = Buffer.from("x");
    const copy = stored([buffer, { buffer }]) as [Buffer, { buffer: Buffer }];
    expect(copy[1].buffer).toBe(copy[0]);
  });
});

describe("T3: views come back with their offset and length:", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
  test.each([
    ["Uint8Array", new Uint8Array(bytes.buffer, 3, 5)],
    ["Int16Array", new Int16Array(bytes.buffer, 2, 3)],
    ["Float64Array", new Float64Array(bytes.buffer, 8, 2)],
    ["BigUint64Array", new BigUint64Array(bytes.buffer, 16, 1)],
    ["an empty one", new Uint32Array(bytes.buffer, 32, 0)],
    ["an empty one in the middle", new Uint32Array(bytes.buffer, 16, 0)],
    ["DataView", new DataView(bytes.buffer, 5, 9)],
    ["DataView of all", new DataView(bytes.buffer)],
    ["subarray", bytes.subarray(30)],
  ])("%s", (_, view) => {
    const copy = stored({ view }).view;
    expect(copy).toStrictEqual(view);
    expect([copy.byteOffset, copy.byteLength]).toEqual([view.byteOffset, view.byteLength]);
    expect(new Uint8Array(copy.buffer)).toEqual(bytes);
  });

  test("NaN with a payload, -0 and all bits", () => {
    const floats = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0123n, 1n << 63n]).buffer);
    const copy = stored(floats);
    expect(new BigUint64Array(copy.buffer)).toEqual(new BigUint64Array(floats.buffer));
  });

  test("two views of the same bytes are that again", () => {
    const [first, second] = stored([new Uint8Array(bytes.buffer, 0, 4), new DataView(bytes.buffer, 2)]) as [
      Uint8Array,
      DataView,
    ];
    expect(first.buffer).toBe(second.buffer);
  });
});

class Embedding extends Float32Array {}
class Secret extends Buffer {}
class Dictionary extends Map<string, unknown> {}
class Day extends Date {}

function withPrototype(target: object, prototype: object): object {
  return Object.setPrototypeOf(target, prototype) as object;
}

describe("T3: what comes close is refused with its path:", () => {
  const unstorable: Readonly<Record<string, readonly [make: () => unknown, reason: string]>> = {
    "a subclass of a typed array": [() => new Embedding(2), "an instance of Embedding"],
    "a subclass of Buffer": [() => withPrototype(new Uint8Array(2), Secret.prototype), "an instance of Secret"],
    "a subclass of Map": [() => new Dictionary(), "an instance of Dictionary"],
    "a subclass of Date": [() => new Day(), "an instance of Day"],
    "a Buffer of shared memory": [() => Buffer.from(new SharedArrayBuffer(2)), "shared memory"],
    "a DataView of shared memory": [() => new DataView(new SharedArrayBuffer(2)), "shared memory"],
    "shared memory": [() => new SharedArrayBuffer(2), "an instance of SharedArrayBuffer"],
    "shared memory that pretends": [
      () => withPrototype(new SharedArrayBuffer(2), ArrayBuffer.prototype),
      "not what it pretends",
    ],
    "a buffer that can be resized": [() => resizable(), "can be resized"],
    "a view of one": [() => new Uint8Array(resizable()), "can be resized"],
    "bytes that were handed on": [() => detached((buffer) => new Uint8Array(buffer)), "handed on"],
    "a Buffer that was handed on": [() => detached((buffer) => Buffer.from(buffer)), "handed on"],
    "a buffer that was handed on": [() => detached((buffer) => buffer), "handed on"],
    "a DataView that was handed on": [() => detached((buffer) => new DataView(buffer)), "not what it pretends"],
    "a Buffer with a property": [() => Object.assign(Buffer.from("x"), { charset: "utf8" }), '"charset"'],
    "bytes with a property": [() => Object.assign(new Uint8Array(3), { unit: "px" }), '"unit"'],
    "bytes with a symbol": [() => Object.assign(new Uint8Array(3), { [Symbol("s")]: 1 }), "Symbol(s)"],
    "a DataView with a property": [() => Object.assign(new DataView(new ArrayBuffer(1)), { unit: "px" }), '"unit"'],
    "a record that inherits from Buffer": [() => Object.create(Buffer.prototype) as unknown, "pretends to be a Buffer"],
    "bytes that inherit from others": [() => withPrototype(new Uint8Array(8), Float64Array.prototype), "pretends"],
    "bytes that inherit from DataView": [() => withPrototype(new Uint8Array(8), DataView.prototype), "pretends"],
    "a record that inherits from DataView": [() => Object.create(DataView.prototype) as unknown, "pretends"],
    "a record that inherits from ArrayBuffer": [() => Object.create(ArrayBuffer.prototype) as unknown, "pretends"],
    "a record that inherits from Map": [() => Object.create(Map.prototype) as unknown, "pretends"],
    "a record that inherits from Set": [() => Object.create(Set.prototype) as unknown, "pretends"],
    "a set that inherits from Map": [() => withPrototype(new Set(), Map.prototype), "pretends"],
    "a record that inherits from Date": [() => Object.create(Date.prototype) as unknown, "pretends"],
    "a record that inherits from RegExp": [
      () => Object.create(RegExp.prototype, { lastIndex: { value: 0 } }) as unknown,
      "pretends to be a RegExp",
    ],
    "a record that inherits from URL": [() => Object.create(URL.prototype) as unknown, "pretends"],
    "a record that inherits from URLSearchParams": [
      () => Object.create(URLSearchParams.prototype) as unknown,
      "pretends",
    ],
    "a proxy of a Map": [() => new Proxy(new Map(), {}), "pretends"],
    "a proxy of a Date": [() => new Proxy(new Date(), {}), "pretends"],
    "a proxy of a Buffer": [() => new Proxy(Buffer.from("x"), {}), "pretends"],
    "a map that iterates otherwise": [
      () => Object.assign(new Map([[1, 2]]), { [Symbol.iterator]: () => [].values() }),
      "Symbol(Symbol.iterator)",
    ],
    "a set that iterates otherwise": [() => Object.assign(new Set([1]), { values: () => [].values() }), '"values"'],
    "a list that iterates otherwise": [
      () => Object.assign([1], { [Symbol.iterator]: () => [].values() }),
      "Symbol(Symbol.iterator)",
    ],
  };

  test.each(Object.entries(unstorable))("%s", (_, [make, reason]) => {
    const error = refusalOf({ list: [1, make()] });
    expect(error.path).toBe("list[1]");
    expect(error.message).toContain(reason);
  });
});

test("T3: an instant of no calendar, and URLs in every form, come back", () => {
  const urls = [
    "https://user:pass@example.org:8443/a%20b?c=%F0%9F%99%82#d",
    "data:text/plain,a b",
    "file:///a/../b",
    "urn:x",
  ];
  expect(stored(urls.map((url) => new URL(url)))).toEqual(urls.map((url) => new URL(url)));
  expect(stored([new Date(Number.NaN), new Date(-8.64e15)]).map(Number)).toEqual([Number.NaN, -8.64e15]);
});

/** What was made of a buffer before its bytes were given away. */
function detached(make: (buffer: ArrayBuffer) => object): object {
  const buffer = new ArrayBuffer(4);
  const made = make(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return made;
}

function resizable(): ArrayBuffer {
  return Reflect.construct(ArrayBuffer, [2, { maxByteLength: 8 }]) as ArrayBuffer;
}
