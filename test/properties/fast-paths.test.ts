/** Each short cut through a value agrees with the long way around it (T3): sealing what is flat, marking what is sealed, writing as JSON. */
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { parse, stringify } from "devalue";
import fc from "fast-check";
import ts from "typescript";
import { expect, test } from "vitest";
import { SerializationError } from "../../src/index.js";
import { decode, encode } from "../../src/session/codec.js";
import { isJson } from "../../src/session/json.js";
import type * as MarkModule from "../../src/state/mark.js";
import { heightOf, isSealed, seal } from "../../src/state/seal.js";
import { isFlatRecord, walked } from "../../src/state/storable.js";
import { difference } from "./difference.js";
import { leaf, storableValue, unstorableValue } from "./storable-values.js";

const text = fc.oneof(fc.constantFrom("", "x", "\ud800", "__proto__"), fc.string({ maxLength: 9 }));
const primitive = fc.oneof(
  { weight: 3, arbitrary: text },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(undefined, null, true, 0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY),
  },
  { weight: 1, arbitrary: fc.bigInt() },
);
const field = fc.oneof(
  { weight: 30, arbitrary: primitive.map((value): PropertyDescriptor => ({ value, enumerable: true })) },
  { weight: 1, arbitrary: primitive.map((value): PropertyDescriptor => ({ value, enumerable: false })) },
  { weight: 1, arbitrary: primitive.map((value): PropertyDescriptor => ({ get: () => value, enumerable: true })) },
  { weight: 1, arbitrary: fc.constant<PropertyDescriptor>({ set: () => undefined, enumerable: true }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<unknown>(Symbol("s"), () => 1, {}, [])
      .map((value): PropertyDescriptor => ({ value, enumerable: true })),
  },
);
const key = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b", "0", "", "constructor", "toJSON", "then") },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", Symbol("s"), Symbol.toStringTag) },
);
class Person {}
const otherRealm = runInNewContext("Object.prototype") as object;
const inherits = fc.oneof(
  { weight: 12, arbitrary: fc.constant<object | null>(Object.prototype) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<object | null>(null, Person.prototype, otherRealm, Array.prototype, { a: 1 }),
  },
);
const target = fc.oneof(
  { weight: 12, arbitrary: fc.constant(() => ({})) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<() => object>(
      () => new Date(0),
      () => new Uint8Array(0),
      () => [],
      () => Object(1) as object,
    ),
  },
);
/** What is done to the record last. */
const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant((one: object): object => one) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<(one: object) => object>(
      Object.freeze,
      Object.preventExtensions,
      (one) => new Proxy(one, {}),
      (one) => new Proxy(Object.freeze(one), {}),
      (one) => new Proxy(one, { preventExtensions: () => false }),
      (one) => new Proxy(one, { getPrototypeOf: () => Object.prototype }),
      (one) => new Proxy(one, { ownKeys: () => ["b"] }),
      (one) => new Proxy(one, { getOwnPropertyDescriptor: () => undefined }),
    ),
  },
);
/** Records of primitives, and what only looks like one. In a holder: a proxy that was revoked is not to be looked at. */
const nearlyFlat = fc
  .tuple(fc.array(fc.tuple(key, field), { maxLength: 5 }), inherits, target, fate)
  .map(([fields, prototype, make, end]): { readonly value: unknown } => {
    const one = Object.setPrototypeOf(make(), prototype) as object;
    for (const [name, property] of fields) Reflect.defineProperty(one, name, property);
    return { value: end(one) };
  });
const anything = fc.oneof(
  { weight: 4, arbitrary: nearlyFlat },
  { weight: 1, arbitrary: nearlyFlat.map(({ value }) => ({ value: { list: [value, value] } })) },
  { weight: 2, arbitrary: storableValue().map((value) => ({ value })) },
  { weight: 2, arbitrary: unstorableValue() },
);
const bounds = fc.record({
  maxDepth: fc.oneof(fc.constant(500), fc.nat(4)),
  maxWeight: fc.oneof(fc.constant(2 ** 28), fc.nat(12)),
});
const path = fc.array(fc.constantFrom("channel", 3), { maxLength: 4 });

function outcome<T>(work: () => T): T | SerializationError {
  try {
    return work();
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
}

test("T3: what is taken for a flat record is one container without parts, and nothing in it is refused", () => {
  let flat = 0;
  fc.assert(
    fc.property(anything, bounds, ({ value }, { maxWeight }) => {
      if (typeof value !== "object" || value === null || !isFlatRecord(value, maxWeight)) return;
      flat++;
      const found = walked(value, [], { heightOf: () => 0, maxDepth: 500, maxWeight });
      expect([...found.heights]).toEqual([[value, 1]]);
      expect(found.encoded.size).toBe(0);
    }),
    { numRuns: 3_000 },
  );
  expect(flat).toBeGreaterThan(300);
});

test("B7: a plain record of text, numbers, booleans and nothing needs no walk", () => {
  const plain = fc.dictionary(fc.constantFrom("a", "b", "c", "0"), primitive, { noNullPrototype: true });
  fc.assert(
    fc.property(plain, (record) => {
      expect(isFlatRecord(record, 2 ** 28)).toBe(Object.values(record).every((value) => typeof value !== "bigint"));
    }),
  );
});

test("T3, S3: sealing refuses what a walk refuses, by the same path, and else marks every container with the levels that a walk finds", () => {
  let sealed = 0;
  fc.assert(
    fc.property(anything, path, bounds, ({ value }, at, limits) => {
      if (typeof value !== "object" || value === null) return;
      const found = outcome(() => walked(value, at, { heightOf, ...limits }));
      const refusal = outcome(() => seal(value, at, limits));
      if (found instanceof SerializationError) {
        expect(refusal).toMatchObject({ path: found.path, message: found.message });
        expect(isSealed(value)).toBe(false);
        return;
      }
      if (refusal instanceof SerializationError) {
        expect(refusal.message).toContain("refuses to be frozen");
        return;
      }
      sealed += found.heights.size;
      for (const [container, height] of found.heights) {
        if (ArrayBuffer.isView(container)) continue;
        expect(heightOf(container)).toBe(height);
        expect(Object.isFrozen(container)).toBe(true);
      }
      const again = walked(value, [], { heightOf, maxDepth: 500, maxWeight: 2 ** 28 }).heights;
      expect([...again.keys()].every((one) => ArrayBuffer.isView(one))).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  expect(sealed).toBeGreaterThan(1_000);
});

test("what was frozen before is marked all the same where an engine gives it no private field", async () => {
  const source = readFileSync("src/state/mark.ts", "utf8");
  const strict = source.replace(
    "else new Mark(",
    "else if (Object.isFrozen(container)) throw new TypeError(); else new Mark(",
  );
  expect(strict).not.toBe(source);
  const { outputText } = ts.transpileModule(strict, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const { mark, markOf } = (await import(
    `data:text/javascript,${encodeURIComponent(outputText)}`
  )) as typeof MarkModule;
  for (const container of [
    {},
    Object.freeze({}),
    Object.freeze([1]),
    new Proxy(Object.freeze({}), {}),
    Object.preventExtensions({}),
  ]) {
    expect(markOf(container)).toBe(0);
    for (const levels of [3, 1, 0, 2]) {
      mark(container, levels);
      expect(markOf(container)).toBe(levels);
    }
    expect(Reflect.ownKeys(container).filter((name) => name !== "0" && name !== "length")).toEqual([]);
  }
});

/** Records and lists of mostly JSON that refer to each other, also in rings. */
const knot = fc
  .array(
    fc.record({
      kind: fc.constantFrom("record", "record", "record", "list", "list", "bare", "sparse"),
      fields: fc.array(
        fc.tuple(
          fc.constantFrom("a", "b", "10", "2", "", "toJSON", "constructor", "f"),
          fc.oneof(
            { weight: 12, arbitrary: fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)) },
            { weight: 1, arbitrary: leaf },
            { weight: 6, arbitrary: fc.nat(9).map((place) => ({ place })) },
          ),
        ),
        { maxLength: 4 },
      ),
      /** Whether it refers to what comes before it too. */
      isTree: fc.constantFrom(true, true, true, false),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((plans): object => {
    const made = plans.map(({ kind }): object => {
      if (kind === "bare") return Object.create(null) as object;
      return kind === "record" ? {} : [];
    });
    for (const [place, { kind, fields, isTree }] of plans.entries()) {
      const one = made[place] as object;
      const others = isTree ? made.slice(place + 1) : made;
      for (const [index, [name, value]] of fields.entries()) {
        const isReference = typeof value === "object" && value !== null && "place" in value;
        const part = isReference ? (others[(value.place as number) % others.length] ?? null) : value;
        const at = { record: name, bare: name, list: index, sparse: index * 2 }[kind];
        Object.assign(one, { [at]: part });
      }
    }
    return made[0] as object;
  });

test("T3: what is written as JSON, or in place of it as more, comes back as it was: -0, holes, what stands in two places, rings", () => {
  let written = 0;
  fc.assert(
    fc.property(knot, (value) => {
      seal(value);
      const text = encode(value);
      if (text.startsWith("{")) written++;
      expect(difference(value, decode(text))).toBeUndefined();
    }),
    { numRuns: 5_000 },
  );
  expect(written).toBeGreaterThan(500);
});

test("T3: what JSON can say reads the same from JSON as from what can say everything, keys in the same order", () => {
  let said = 0;
  fc.assert(
    fc.property(knot, (value) => {
      seal(value);
      if (!isJson(value)) return;
      said++;
      expect(difference(JSON.parse(JSON.stringify(value)), parse(stringify(value)))).toBeUndefined();
    }),
    { numRuns: 3_000 },
  );
  expect(said).toBeGreaterThan(300);
});
