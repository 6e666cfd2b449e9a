/** One text for what says the same. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalText } from "../../src/session/canonical.js";
import { seal } from "../../src/state/seal.js";
import { storableValue } from "../properties/storable-values.js";

test("the order of keys says nothing, that of lists does", () => {
  expect(canonicalText({ a: 1, b: { c: [1, 2], d: null } })).toBe(canonicalText({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(canonicalText([1, 2])).not.toBe(canonicalText([2, 1]));
  expect(canonicalText({ a: 1 })).not.toBe(canonicalText({ a: "1" }));
  expect(canonicalText(new Map([["a", 1]]))).not.toBe(canonicalText({ a: 1 }));
});

test("records with shuffled keys have one text, whatever stands in them", () => {
  // A record with a "__proto__" of its own cannot be sealed.
  const key = fc.string().filter((name) => name !== "__proto__");
  const record = fc.dictionary(key, fc.oneof(fc.jsonValue(), storableValue()), { maxKeys: 6 });
  fc.assert(
    fc.property(record, fc.infiniteStream(fc.nat()), (value, shuffle) => {
      seal(value);
      const order = Object.keys(value).map((key) => ({ key, at: shuffle.next().value }));
      const shuffled = Object.fromEntries(order.sort((a, b) => a.at - b.at).map(({ key }) => [key, value[key]]));
      expect(canonicalText(shuffled)).toBe(canonicalText(value));
    }),
  );
});

test("equal parts say the same, whether they are one object or several", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.date({ noInvalidDate: true }), (value, at) => {
      const copy = (): unknown => JSON.parse(JSON.stringify(value));
      const part = copy();
      const shared = { p: part, q: [part, { r: part }], at: [at, at] };
      const apart = { q: [copy(), { r: copy() }], p: copy(), at: [at, new Date(at)] };
      expect(canonicalText(shared)).toBe(canonicalText(apart));
    }),
  );
});

test("what differs has another text, also when it looks like a text of its own", () => {
  const texts = ["", "#0", "[#0", '{["a"]#0', "=[1]", '["#0"]'].map((text) => canonicalText([text, { a: text }]));
  expect(new Set(texts).size).toBe(texts.length);
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const isSame = isDeepStrictEqual(one, other);
      expect(canonicalText(one) === canonicalText(other)).toBe(isSame);
      expect(canonicalText({ one, other }) === canonicalText({ one: other, other: one })).toBe(isSame);
    }),
  );
});

test("what leads back to itself, and what is shared a hundred times over, is written all the same", () => {
  const round = (value: Record<string, unknown>) => Object.assign(value, { self: value });
  expect(canonicalText(round({ a: 1, z: 2 }))).toBe(canonicalText(round({ z: 2, a: 1 })));
  expect(canonicalText(round({ a: 1 }))).not.toBe(canonicalText(round({ a: 2 })));
  let shared: unknown = { leaf: 1 };
  for (let depth = 0; depth < 100; depth++) shared = { left: shared, right: shared };
  expect(canonicalText(shared).length).toBeLessThan(20_000);
});
