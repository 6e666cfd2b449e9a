/** Random values of everything that can be stored, rings and all, and of what cannot, planted somewhere in it (T3). */
import fc from "fast-check";
import { registerClass } from "../../src/index.js";

/** A class that keeps its content out of sight; registered, so that it can be stored. */
export class Box {
  #content: unknown;
  static of(content: unknown): Box {
    const box = new Box();
    box.#content = content;
    return box;
  }
  /** Fills a box later, so that its content can be a ring. */
  static fill(box: Box, content: unknown): void {
    box.#content = content;
  }
  get content(): unknown {
    return this.#content;
  }
}
registerClass("Box", Box, { encode: (box) => box.content, decode: (content: unknown) => Box.of(content) });

const text = fc.oneof(
  fc.constantFrom("", "x", "y"),
  fc.string({ maxLength: 3, unit: "binary" }),
  fc.constantFrom("\ud800", "\udc00x", "\u2028", "\u0000", "</script>", '"\\', "__proto__", "[-1]", "🙂"),
);
const hostileKey = fc.constantFrom(
  ...["__proto", "proto__", "__defineGetter__", "hasOwnProperty", "valueOf", "length", "then", "toJSON", "+", "\udfff"],
);
const plainKey = fc.constantFrom("a", "b", "c", "0", "2", "10", "a/b", "", "constructor", "toString", "4294967295");
const anyKey = fc.oneof(plainKey, hostileKey, fc.string({ maxLength: 3, unit: "binary" }));
export const errorTypes = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError] as const;
const viewTypes = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
] as const;

type ViewType = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView;

const bytes = fc.uint8Array({ maxLength: 9 });
/** A view of some of the bytes, at an offset that its items allow. */
const view = fc
  .tuple(fc.constantFrom(...viewTypes), fc.nat(2), fc.nat(3), fc.nat(2))
  .map(([Type, before, items, after]) => {
    const size = "BYTES_PER_ELEMENT" in Type ? Type.BYTES_PER_ELEMENT : 1;
    const whole = Uint8Array.from({ length: (before + items + after) * size }, (_, i) => (i * 37 + items) % 256);
    return new (Type as ViewType)(whole.buffer, before * size, items);
  });

/** Values without parts. */
export const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324),
  fc.boolean(),
  fc.integer({ min: -9, max: 9 }),
  fc.double(),
  text,
  fc.bigInt({ min: -5n, max: 5n }),
  fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
  fc.date({ noInvalidDate: false }),
  fc
    .tuple(fc.constantFrom("a/b", "[x]", "(?:)", "\\u2028", "é"), fc.constantFrom("", "gi", "su", "dy"))
    .map(([source, flags]) => {
      return new RegExp(source, flags);
    }),
  fc.webUrl().map((url) => new URL(url)),
  fc.array(fc.tuple(text, text), { maxLength: 2 }).map((entries) => new URLSearchParams(entries)),
  bytes,
  bytes.map((one) => one.buffer.slice(0)),
  view,
  bytes.map((one) => Buffer.from(one)),
  fc.string({ maxLength: 4 }).map((one) => Buffer.from(`..${one}..`).subarray(2)),
);

/** A value before it is made. `ref` stands for something that is made elsewhere in the value. */
type Plan =
  | { readonly kind: "leaf"; readonly value: unknown }
  | { readonly kind: "ref"; readonly place: number }
  | { readonly kind: "list"; readonly items: readonly (Plan | undefined)[] }
  | { readonly kind: "record"; readonly isBare: boolean; readonly fields: readonly (readonly [string, Plan])[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Plan, Plan])[] }
  | { readonly kind: "set"; readonly items: readonly Plan[] }
  | { readonly kind: "error"; readonly error: () => Error; readonly cause: Plan; readonly fields: Fields }
  | { readonly kind: "several"; readonly errors: readonly Plan[]; readonly fields: Fields }
  | { readonly kind: "box"; readonly content: Plan };
type Fields = readonly (readonly [string, Plan])[];

const plan: fc.Arbitrary<Plan> = fc.letrec<{ plan: Plan; fields: Fields }>((tie) => ({
  fields: fc.uniqueArray(fc.tuple(anyKey, tie("plan")), { maxLength: 4, selector: ([one]) => one }),
  plan: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 8, arbitrary: leaf.map((value): Plan => ({ kind: "leaf", value })) },
    { weight: 3, arbitrary: fc.nat(30).map((place): Plan => ({ kind: "ref", place })) },
    fc
      .array(fc.option(tie("plan"), { nil: undefined, freq: 9 }), { maxLength: 5 })
      .map((items): Plan => ({ kind: "list", items })),
    fc.tuple(fc.boolean(), tie("fields")).map(([isBare, fields]): Plan => ({ kind: "record", isBare, fields })),
    fc.array(fc.tuple(tie("plan"), tie("plan")), { maxLength: 3 }).map((entries): Plan => ({ kind: "map", entries })),
    fc.array(tie("plan"), { maxLength: 3 }).map((items): Plan => ({ kind: "set", items })),
    fc
      .tuple(fc.constantFrom(...errorTypes), text, tie("plan"), tie("fields"))
      .map(
        ([Type, message, cause, fields]): Plan => ({ kind: "error", error: () => new Type(message), cause, fields }),
      ),
    fc
      .tuple(fc.array(tie("plan"), { maxLength: 3 }), tie("fields"))
      .map(([errors, fields]): Plan => ({ kind: "several", errors, fields })),
    tie("plan").map((content): Plan => ({ kind: "box", content })),
  ),
})).plan;

/**
 * Everything that can be stored: all kinds, values in several places, rings. Of what a Box is made of nothing leads out of it, as
 * the law wants.
 */
export function storableValue(): fc.Arbitrary<unknown> {
  return plan.map(made);
}

function made(whole: Plan): unknown {
  const later: (() => void)[] = [];
  const value = make(whole, [[]], later);
  for (const fill of later) fill();
  return value();
}

/** Objects that a `ref` may stand for: those of the whole, and then of each box around. */
type Scopes = readonly unknown[][];
type Later = (() => void)[];

/** Makes what will be there, to be filled when all is there. */
function make(one: Plan, scopes: Scopes, later: Later): () => unknown {
  if (one.kind === "ref") {
    const inmost = scopes.at(-1) ?? [];
    return () => (inmost.length === 0 ? undefined : inmost[one.place % inmost.length]);
  }
  const value = emptied(one);
  if (typeof value === "object" && value !== null) for (const scope of scopes) scope.push(value);
  const inside = one.kind === "box" ? [...scopes, []] : scopes;
  const part = (inner: Plan): (() => unknown) => make(inner, inside, later);
  fillLater(one, value, part, later);
  return () => value;
}

function emptied(one: Exclude<Plan, { kind: "ref" }>): unknown {
  switch (one.kind) {
    case "leaf":
      return one.value;
    case "list":
      return new Array(one.items.length);
    case "record":
      return one.isBare ? Object.create(null) : {};
    case "map":
      return new Map();
    case "set":
      return new Set();
    case "error":
      return one.error();
    case "several":
      return new AggregateError([], "several");
    case "box":
      return Box.of(undefined);
  }
}

function fillLater(one: Plan, value: unknown, part: (inner: Plan) => () => unknown, later: Later): void {
  if (one.kind === "list") {
    for (const [index, item] of one.items.entries()) {
      const get = item && part(item);
      if (get !== undefined) later.push(() => Object.assign(value as object, { [index]: get() }));
    }
  }
  if (one.kind === "set") for (const get of one.items.map(part)) later.push(() => (value as Set<unknown>).add(get()));
  if (one.kind === "map") {
    for (const [key, get] of one.entries.map(([first, second]) => [part(first), part(second)] as const))
      later.push(() => (value as Map<unknown, unknown>).set(key(), get()));
  }
  if (one.kind === "error") {
    const cause = part(one.cause);
    later.push(() => Object.defineProperty(value, "cause", { value: cause(), configurable: true, writable: true }));
  }
  if (one.kind === "several") {
    for (const get of one.errors.map(part)) later.push(() => (value as AggregateError).errors.push(get()));
  }
  if (one.kind === "box") {
    const content = part(one.content);
    later.push(() => Box.fill(value as Box, content()));
  }
  if ("fields" in one) {
    for (const [name, get] of one.fields.map(([key, inner]) => [key, part(inner)] as const))
      later.push(() => Object.assign(value as object, { [name]: get() }));
  }
}

/** What cannot be stored, and where in it the reason stands. */
const unstorable: Readonly<Record<string, readonly [make: () => unknown, ...at: (string | number)[]]>> = {
  "a function": [() => () => 1],
  "an asynchronous function": [() => async () => 1],
  "a class": [() => Box],
  "a symbol": [() => Symbol("s")],
  "a registered symbol": [() => Symbol.for("s")],
  "a symbol key": [() => ({ a: 1, [Symbol("s")]: 1 })],
  "a getter": [() => Object.defineProperty({}, "a", { get: () => 1, enumerable: true }), "a"],
  "a hidden property": [() => Object.defineProperty({}, "a", { value: 1 }), "a"],
  "an own __proto__": [() => JSON.parse('{"__proto__":1}') as unknown, "__proto__"],
  "an instance of a class": [() => new (class Person {})()],
  "an instance of a subclass of a registered class": [() => new (class extends Box {})()],
  "a box of what cannot be stored": [() => Box.of([1, () => 1]), 1],
  "a box of itself": [
    () => {
      const box = Box.of(undefined);
      Box.fill(box, [box]);
      return box;
    },
    0,
  ],
  "a promise": [() => Promise.resolve()],
  "a weak map": [() => new WeakMap()],
  "a weak set": [() => new WeakSet()],
  "a weak reference": [() => new WeakRef({})],
  "a generator": [
    () =>
      (function* () {
        yield 1;
      })(),
  ],
  "an iterator": [() => new Map().entries()],
  "a boxed number": [() => Object(1) as unknown],
  "a boxed text": [() => Object("x") as unknown],
  "a boxed symbol": [() => Object(Symbol("s")) as unknown],
  "a list of a subclass": [() => new (class extends Array {})()],
  "a list with a name": [() => Object.assign([1], { name: 1 })],
  "a Map of a subclass": [() => new (class extends Map {})()],
  "a frozen Map": [() => Object.freeze(new Map())],
  "a Set with a name": [() => Object.assign(new Set(), { name: 1 })],
  "a Date with a name": [() => Object.assign(new Date(0), { name: 1 })],
  "a RegExp that stands somewhere": [() => Object.assign(/a/g, { lastIndex: 1 })],
  "bytes of a subclass": [() => new (class extends Uint8Array {})(2)],
  "bytes with a name": [() => Object.assign(new Uint8Array(2), { name: 1 })],
  "shared memory": [() => new SharedArrayBuffer(1)],
  "a view of shared memory": [() => new Uint8Array(new SharedArrayBuffer(1))],
  "an error of a subclass": [() => new (class PaymentError extends Error {})()],
  "an error with a function": [() => Object.assign(new Error("x"), { retry: () => 1 }), "retry"],
  "an error with a cause that cannot be stored": [() => new Error("x", { cause: { a: () => 1 } }), "cause", "a"],
  "a DOMException": [() => new DOMException("x")],
  "what pretends to be an error": [() => Object.create(TypeError.prototype) as unknown],
  "what pretends to be a Map": [() => Object.create(Map.prototype) as unknown],
  "what pretends to be a record": [() => Object.setPrototypeOf(new Date(0), Object.prototype) as unknown],
  "a record that inherits": [() => Object.create({ a: 1 }) as unknown],
  "a revoked proxy": [
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  "a proxy of a Map": [() => new Proxy(new Map(), {})],
  "a proxy that throws": [
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new RangeError("x");
          },
        },
      ),
  ],
  "a proxy that is not to be frozen": [() => new Proxy({}, { preventExtensions: () => false })],
};

export const unstorableKinds: readonly string[] = Object.keys(unstorable);

/** Something that cannot be stored, in a value that could be stored but for that. */
export interface Planted {
  readonly kind: string;
  readonly value: unknown;
  /** Where it stands: keys and indices, from the outside in. */
  readonly path: readonly (string | number)[];
}
type Wrap = (inner: unknown, beside: unknown, name: string) => readonly [value: unknown, ...place: (string | number)[]];

const wraps: readonly Wrap[] = [
  (inner, beside, name) => [{ beside, [name]: inner, more: beside }, name],
  (inner, beside) => [[beside, inner, beside], 1],
  (inner, beside, name) => [
    new Map([
      ["beside", beside],
      [name, inner],
    ]),
    name,
  ],
  (inner) => [new Map([[inner, 1]]), typeof inner === "symbol" ? String(inner) : "key"],
  (inner, beside) => [new Set([{ beside }, inner]), 1],
  (inner, beside) => [Object.assign(new Error("x", { cause: inner }), { beside }), "cause"],
  (inner, beside, name) => [Object.assign(new TypeError("x"), { beside, [name]: inner }), name],
  (inner, beside) => [new AggregateError([beside, inner]), "errors", 1],
  (inner) => [Box.of(inner)],
];
const nesting = fc.array(
  fc.tuple(fc.constantFrom(...wraps), storableValue(), fc.constantFrom("a", "odd key", "-", "\ud800")),
  {
    maxLength: 4,
  },
);

/** Each of what cannot be stored, planted at any place of any value. Where it stands in a Map as a key, its place is "key". */
export function unstorableValue(): fc.Arbitrary<Planted> {
  return fc.tuple(fc.constantFrom(...unstorableKinds), nesting).map(([kind, nest]) => {
    const [makeIt, ...at] = unstorable[kind] as (typeof unstorable)[string];
    let value: unknown = makeIt();
    let path: readonly (string | number)[] = at;
    for (const [wrap, beside, name] of nest) {
      const [wrapped, ...place] = wrap(value, beside, name);
      value = wrapped;
      path = [...place, ...path];
    }
    return { kind, value, path };
  });
}
