/** One text for what says the same: records are written in the order of their keys' names. */
import { isPlainRecord } from "../state/plain.js";
import { encode } from "./codec.js";

/** Text to tell sealed values apart by; it is not read again. Throws SerializationError for a text that is too long. */
export function canonicalText(value: unknown): string {
  return encode(ordered(value, new Map()));
}

/** `copies`: of what was come by, so that what leads back to itself does so in the copy. */
function ordered(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const item of value) list.push(ordered(item, copies));
    return list;
  }
  if (!isPlainRecord(value)) return value;
  const record: Record<string, unknown> = {};
  copies.set(value, record);
  for (const key of Object.keys(value).sort()) record[key] = ordered((value as Record<string, unknown>)[key], copies);
  return record;
}
