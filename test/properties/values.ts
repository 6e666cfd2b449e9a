/** Random values for laws about state: JSON values, everything that can be stored, and changes made to them. */
import fc from "fast-check";
import { Immer, isDraftable } from "immer";
import { decode, encode } from "../../src/session/codec.js";
import { Box, errorTypes, leaf } from "./storable-values.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Few keys, so that two values have some in common; indices, inherited names and what a JSON pointer escapes. */
const key = fc.constantFrom(
  "a",
  "b",
  "c",
  "d",
  "0",
  "2",
  "10",
  "a/b",
  "m~n",
  "",
  "constructor",
  "toString",
  "4294967295",
);
const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const text = fc.oneof(fc.constantFrom("", "x", "y"), fc.string({ maxLength: 3, unit: "binary" }));

/** JSON values; -0, which JSON does not have, is not among them. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      number.map((n) => (n === 0 ? 0 : n)),
      text,
    ),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

/** JSON values that are records all the way at the top. */
export const jsonRecord = fc.dictionary(key, json, { maxKeys: 5, noNullPrototype: true });

/** Everything that can be stored, but for values that stand in two places. */
export const storable: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.sparseArray(tie("value"), { maxNumElements: 3, maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5 }),
    fc.array(fc.tuple(fc.oneof(key, tie("value")), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
    tie("value").map((content) => Box.of(content)),
    fc.tuple(fc.constantFrom(...errorTypes), text, tie("value")).map(([Type, message, cause]) => {
      return Object.assign(new Type(message, { cause }), { code: message });
    }),
  ),
})).value;

/** One change somewhere inside a value: which of its places, and what is done there. */
export interface Edit {
  readonly place: number;
  readonly at: number;
  readonly kind: "set" | "delete" | "push" | "insert" | "pop" | "reverse" | "truncate" | "nothing";
  readonly value: Json;
}

const edit = fc.record<Edit>({
  place: fc.nat(30),
  at: fc.nat(5),
  kind: fc.constantFrom("set", "delete", "push", "insert", "pop", "reverse", "truncate", "nothing"),
  value: json,
});
export const edits = fc.array(edit, { minLength: 1, maxLength: 6 });

const immer = new Immer({ autoFreeze: false });

/** The value with these changes, made on an immer draft: what was not changed is shared. */
export function edited<V>(value: V, changes: readonly Edit[]): V {
  if (!isDraftable(value)) return value;
  return immer.produce(value, (draft) => {
    for (const change of changes) apply(draft as object, change);
  });
}

function apply(draft: object, { place, at, kind, value }: Edit): void {
  const containers = containersIn(draft);
  if (containers.length === 0) return;
  const container = containers[place % containers.length] as Json[] | Record<string, unknown>;
  const fresh = decode(encode(value)) as Json;
  if (Array.isArray(container)) changeList(container, kind, at, fresh);
  else changeRecord(container, kind, at, fresh);
}

function changeList(list: Json[], kind: Edit["kind"], at: number, value: Json): void {
  if (kind === "set" && list.length > 0) list[at % list.length] = value;
  if (kind === "delete") list.splice(at, 1);
  if (kind === "push") list.push(value);
  if (kind === "insert") list.splice(at, 0, value, 1);
  if (kind === "pop") list.pop();
  if (kind === "reverse") list.reverse();
  if (kind === "truncate") list.length = Math.min(list.length, at);
}

function changeRecord(record: Record<string, unknown>, kind: Edit["kind"], at: number, value: Json): void {
  const keys = Object.keys(record);
  const some = keys[at % Math.max(1, keys.length)] ?? "a";
  if (kind === "set" || kind === "push") record[some] = value;
  if (kind === "insert") record[`new${at}`] = value;
  if (kind === "delete" || kind === "pop") delete record[some];
  if (kind === "reverse") {
    const former = record[some];
    delete record[some];
    record[some] = former;
  }
  if (kind === "truncate") for (const one of keys) delete record[one];
}

/** The records and lists in a draft, from the outside in; not those in maps and sets. */
function containersIn(value: unknown): readonly object[] {
  if (typeof value !== "object" || value === null) return [];
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return [];
  return [value, ...Object.values(value).flatMap(containersIn)];
}
