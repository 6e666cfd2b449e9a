/** Plain records and lists, of this realm or another: what is walked part by part, and told by deltas. */
import { tagOf } from "./visit.js";
/** A record of `{}` or without a prototype; no instance of a class, and nothing that inherits from somebody's record. */
export function isPlainRecord(value) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype && !isTwin(prototype, Object))
        return false;
    return isPlainInside(value);
}
/** No boxed number, Date, view of bytes … that only inherits as a record does. */
export function isPlainInside(value) {
    return tagOf(value) === "Object" && !ArrayBuffer.isView(value);
}
/** An array, and no instance of a subclass. */
export function isPlainList(list) {
    const prototype = Object.getPrototypeOf(list);
    return prototype === Array.prototype || (prototype !== null && isTwin(prototype, Array));
}
/** What instances of this class inherit from in another realm: its constructor is native code of that name, and says so itself. */
function isTwin(prototype, type) {
    const made = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    return typeof made === "function" && made.prototype === prototype && sourceOf(made) === sourceOf(type);
}
function sourceOf(made) {
    return Function.prototype.toString.call(made);
}
