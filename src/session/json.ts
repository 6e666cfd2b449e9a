/** What JSON can write without loss. */
import { WHOLE } from "../state/delta.js";
import { isSealed } from "../state/seal.js";

/**
 * Whether JSON says a value without loss: lists and records of text, finite numbers, booleans and null, none of them in two places, where
 * JSON would write it twice. Most of what a superstep writes is so, and JSON is three times as fast as what can write everything.
 */
export function isJson(value: unknown): boolean {
  try {
    return isJsonIn(value, new Set());
  } catch {
    // a proxy that will not be looked at: whoever writes it says so
    return false;
  }
}

function isJsonIn(value: unknown, seen: Set<object>): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object") return false;
  return Array.isArray(value) ? isJsonList(value, seen) : isJsonRecord(value, seen);
}

/** Deltas share the path to all of a value. */
function isJsonList(list: readonly unknown[], seen: Set<object>): boolean {
  if (list === WHOLE) return true;
  if (!isNew(list, seen)) return false;
  // a hole reads as undefined, which is no JSON
  for (let place = 0; place < list.length; place++) if (!isJsonIn(list[place], seen)) return false;
  return true;
}

function isJsonRecord(record: object, seen: Set<object>): boolean {
  if (Object.getPrototypeOf(record) !== Object.prototype || !isNew(record, seen)) return false;
  if ((!isSealed(record) && hasHidden(record)) || speaks(record)) return false;
  for (const key in record) if (!isJsonIn((record as Record<string, unknown>)[key], seen)) return false;
  return true;
}

/** What is sealed has none of these. */
function hasHidden(record: object): boolean {
  return Object.getOwnPropertySymbols(record).length > 0 || Object.hasOwn(record, "__proto__");
}

/** A proxy may have an answer for every name. */
function speaks(record: { readonly toJSON?: unknown }): boolean {
  return record.toJSON !== undefined;
}

function isNew(container: object, seen: Set<object>): boolean {
  if (seen.has(container)) return false;
  seen.add(container);
  return true;
}
