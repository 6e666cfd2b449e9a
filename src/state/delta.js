/**
 * Deltas: what one task changed in one channel (B8). Applied to the former value they give the new one, key order included;
 * they are what the log stores and, as RFC 6902 operations, what reports and history show.
 */
import { toPointer } from "./path.js";
import { heightOf, sealShallow, sealStored } from "./seal.js";
/** The path to all of a channel's value. */
export const WHOLE = Object.freeze([]);
/** The delta that replaces the whole value. */
export function replaceAll(value) {
    return [{ op: "replace", path: WHOLE, value }];
}
/** Applies deltas in order. The result is frozen; what they do not touch is the same by reference. */
export function applyDeltas(value, deltas) {
    const own = new Set();
    let next = value;
    for (const delta of deltas)
        for (const op of delta)
            next = applyAt(own, next, op, 0);
    sealStored(next);
    return next;
}
/** The delta as RFC 6902 operations. */
export function toPatch(delta) {
    return delta.flatMap((op) => {
        const path = toPointer(op.path);
        if (op.op === "remove")
            return [{ op: "remove", path }];
        if (op.op === "append")
            return Array.from(op.items, (value) => ({ op: "add", path: `${path}/-`, value }));
        return [{ op: op.op, path, value: op.value }];
    });
}
function applyAt(own, value, op, depth) {
    if (depth === op.path.length)
        return op.op === "append" ? appended(own, value, op.items) : op.value;
    const container = ownCopy(own, value);
    const key = op.path[depth];
    if (depth < op.path.length - 1 || op.op === "append") {
        setKey(container, key, applyAt(own, partAt(container, key), op, depth + 1));
    }
    else {
        changeKey(container, key, op);
    }
    return container;
}
function changeKey(container, key, op) {
    if (!Array.isArray(container)) {
        if (op.op === "remove")
            delete container[key];
        else
            setKey(container, key, op.value);
    }
    else if (op.op === "replace")
        container[key] = op.value;
    else if (op.op === "add")
        container.splice(key, 0, op.value);
    else
        container.splice(key, 1);
}
/** A damaged path must not lead out of the value, into what all objects inherit. */
function partAt(container, key) {
    if (!Object.hasOwn(container, key))
        throw new TypeError(`a delta leads to "${key}", which is not there`);
    return container[key];
}
function setKey(container, key, value) {
    if (key === "__proto__")
        throw new TypeError('a delta leads to "__proto__"');
    container[key] = value;
}
function ownCopy(own, value) {
    if (own.has(value))
        return value;
    const copy = Array.isArray(value) ? Array.from(value) : recordCopy(value);
    own.add(copy);
    return copy;
}
function recordCopy(record) {
    return Object.assign(Object.create(Object.getPrototypeOf(record)), record);
}
function appended(own, list, items) {
    const copy = ownCopy(own, list);
    for (const item of items)
        copy.push(item);
    return copy;
}
/** The list with the items at its end, frozen, by structural copy. The items are sealed already. */
export function appendSealed(list, items) {
    const copy = Array.from(list);
    let height = heightOf(list);
    for (const item of items) {
        copy.push(item);
        height = Math.max(height, 1 + heightOf(item));
    }
    return sealShallow(copy, Math.max(1, height));
}
