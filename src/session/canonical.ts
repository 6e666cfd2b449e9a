/**
 * One text for what says the same: whatever order the keys of a record stand in, and whether equal parts are one object or several. Each
 * part is written once, as a line that names its own parts by the numbers of their lines.
 */
import { isPlainRecord } from "../state/plain.js";
import { encode } from "./codec.js";

/** Text to tell sealed values apart by; it is not read again. Throws SerializationError for a text that is too long. */
export function canonicalText(value: unknown): string {
  if (leadsBack(value, new Map())) return encode({ ring: inOrder(value, new Map()) });
  const text = new Lines();
  const last = text.nameOf(value);
  return encode([...text.lines, last]);
}

/** What leads back to itself has no first line. `found`: whether a part is done with. */
function leadsBack(value: unknown, found: Map<object, boolean>): boolean {
  const parts = partsOf(value);
  if (parts === undefined) return false;
  const isDone = found.get(parts.of);
  if (isDone !== undefined) return !isDone;
  found.set(parts.of, false);
  const does = parts.values.some((part) => leadsBack(part, found));
  found.set(parts.of, true);
  return does;
}

class Lines {
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<object, string>();

  get lines(): Iterable<string> {
    return this.#numbers.keys();
  }

  /** A number for what has a line, and text for what needs none. */
  nameOf(value: unknown): string {
    if (typeof value !== "object" || value === null) return encode(value);
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const line = this.#lineOf(value);
    const number = this.#numbers.get(line) ?? this.#numbers.size;
    this.#numbers.set(line, number);
    const name = `#${number}`;
    this.#names.set(value, name);
    return name;
  }

  #lineOf(value: object): string {
    const parts = partsOf(value);
    if (parts === undefined) return `=${encode(value)}`;
    const names = parts.values.map((part) => this.nameOf(part));
    return parts.keys === undefined ? `[${names.join()}` : `{${JSON.stringify(parts.keys)}${names.join()}`;
  }
}

/** A list or a record, with its values in the order in which they count; undefined for what is written as a whole. */
interface Parts {
  readonly of: object;
  readonly keys: readonly string[] | undefined;
  readonly values: readonly unknown[];
}

function partsOf(value: unknown): Parts | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return { of: value, keys: undefined, values: [...(value as readonly unknown[])] };
  if (!isPlainRecord(value)) return undefined;
  const keys = Object.keys(value).sort();
  return { of: value, keys, values: keys.map((key) => (value as Readonly<Record<string, unknown>>)[key]) };
}

/** As it is, with the keys of its records in order. `copies`: of what was come by, so that what leads back to itself does so in the copy. */
function inOrder(value: unknown, copies: Map<object, object>): unknown {
  const parts = partsOf(value);
  if (parts === undefined) return value;
  const known = copies.get(parts.of);
  if (known !== undefined) return known;
  const copy: Record<string, unknown> | unknown[] = parts.keys === undefined ? [] : {};
  copies.set(parts.of, copy);
  for (const [place, part] of parts.values.entries())
    (copy as Record<string, unknown>)[parts.keys?.[place] ?? place] = inOrder(part, copies);
  return copy;
}
