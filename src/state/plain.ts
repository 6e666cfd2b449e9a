/** Plain records and lists, of this realm or another: what is walked part by part, and told by deltas. */

import { tagOf } from "./visit.js";

/** A record of `{}` or without a prototype; no instance of a class, and nothing that inherits from somebody's record. */
export function isPlainRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== null && prototype !== Object.prototype && !isTwin(prototype, Object)) return false;
  return isPlainInside(value);
}

/** No boxed number, Date, view of bytes … that only inherits as a record does. */
export function isPlainInside(value: object): boolean {
  return tagOf(value) === "Object" && !ArrayBuffer.isView(value);
}

/** An array, and no instance of a subclass. */
export function isPlainList(list: object): boolean {
  const prototype = Object.getPrototypeOf(list) as object | null;
  return prototype === Array.prototype || (prototype !== null && isTwin(prototype, Array));
}

/** What instances of this class inherit from in another realm: its constructor is native code of that name, and says so itself. */
function isTwin(prototype: object, type: object): boolean {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof made === "function" && made.prototype === prototype && sourceOf(made) === sourceOf(type);
}

function sourceOf(made: object): string {
  return Function.prototype.toString.call(made);
}
