/** What JSON can write without loss. */
import { isSealed } from "../state/seal.js";
/**
 * Whether JSON says a value without loss: lists and records of text, finite numbers, booleans and null, none of them in two places, where
 * JSON would write it twice. Most of what a superstep writes is so, and JSON is three times as fast as what can write everything.
 */
export function isJson(value) {
    return isJsonIn(value, new Set());
}
function isJsonIn(value, seen) {
    if (typeof value === "string" || typeof value === "boolean" || value === null)
        return true;
    if (typeof value === "number")
        return Number.isFinite(value) && !Object.is(value, -0);
    if (typeof value !== "object")
        return false;
    return Array.isArray(value) ? isJsonList(value, seen) : isJsonRecord(value, seen);
}
/** An empty list costs nothing twice. */
function isJsonList(list, seen) {
    if (list.length === 0)
        return true;
    if (!isNew(list, seen))
        return false;
    // a hole reads as undefined, which is no JSON
    for (let place = 0; place < list.length; place++)
        if (!isJsonIn(list[place], seen))
            return false;
    return true;
}
function isJsonRecord(record, seen) {
    if (Object.getPrototypeOf(record) !== Object.prototype || !isNew(record, seen))
        return false;
    if (!isSealed(record) && hasHidden(record))
        return false;
    for (const key in record)
        if (!isJsonIn(record[key], seen))
            return false;
    return true;
}
/** What is sealed has none of these. */
function hasHidden(record) {
    return Object.getOwnPropertySymbols(record).length > 0 || Object.hasOwn(record, "__proto__");
}
function isNew(container, seen) {
    if (seen.has(container))
        return false;
    seen.add(container);
    return true;
}
