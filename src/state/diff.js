/**
 * What changed between two values, by reference: parts that are `===` are skipped, so the cost follows the change and not
 * the size. Seals what is new on the way. Replaying the delta gives the same value with the same key order.
 */
import { SerializationError } from "../errors.js";
import { replaceAll } from "./delta.js";
import { isPlainList, isPlainRecord } from "./plain.js";
import { heightOf, isSealed, seal, sealShallow } from "./seal.js";
import { isPrimitive } from "./storable.js";
/** Beyond this many differing parts, and more than half of a container, the container is replaced as a whole. */
const MANY = 32;
const MAX_DEPTH = 200;
/** The new value refers back to one of its own containers, or is very deep: it is told as a whole. */
class OnlyWhole {
}
/**
 * The delta from `before` to `after`, which is sealed; `undefined` when they are the same by `Object.is`, empty for an equal copy.
 * `name` begins the path in errors.
 */
export function diff(before, after, name) {
    if (Object.is(before, after))
        return undefined;
    if (isPrimitive(after)) {
        seal(after, [name]);
        return replaceAll(after);
    }
    const walk = { name, ops: [], ancestors: [], seen: new Set(), bottom: 0 };
    try {
        diffAt(walk, before, after, []);
    }
    catch (problem) {
        if (problem instanceof SerializationError)
            throw problem;
        // What throws on being looked at cannot be stored either: sealing says where it stands.
        seal(after, [name]);
        if (problem instanceof OnlyWhole)
            return replaceAll(after);
        throw problem;
    }
    return walk.ops;
}
function diffAt(walk, before, after, path) {
    if (Object.is(before, after))
        return;
    if (!areAlike(before, after))
        return replaceAt(walk, path, after);
    if (path.length > MAX_DEPTH || walk.ancestors.includes(after))
        throw new OnlyWhole();
    if (walk.seen.has(after))
        return replaceAt(walk, path, after);
    walk.seen.add(after);
    const outer = walk.bottom;
    walk.bottom = path.length + 1;
    walk.ancestors.push(after);
    const told = Array.isArray(after)
        ? diffLists(walk, before, after, path)
        : diffRecords(walk, before, after, path);
    walk.ancestors.pop();
    if (told)
        sealShallow(after, Math.max(heightOf(before), walk.bottom - path.length));
    else
        replaceAt(walk, path, after);
    walk.bottom = Math.max(outer, path.length + heightOf(after));
}
/** Both lists, or both plain objects of one prototype. */
function areAlike(before, after) {
    if (typeof before !== "object" || typeof after !== "object" || before === null || after === null)
        return false;
    if (Array.isArray(before) !== Array.isArray(after))
        return false;
    if (Object.getPrototypeOf(after) !== Object.getPrototypeOf(before))
        return false;
    return Array.isArray(after) ? isPlainList(after) : isPlainRecord(after);
}
function diffLists(walk, before, after, path) {
    if (!isDense(before) || !isDense(after))
        return false;
    const { start, end } = sameEnds(before, after);
    const removed = before.length - start - end;
    const added = after.length - start - end;
    if (!hasPlainItems(after, start, start + added))
        return false;
    if (removed === 0 && end === 0)
        return appendAt(walk, path, after, start);
    if (removed + added > MANY && removed + added > after.length)
        return false;
    if (removed === added) {
        for (let i = start; i < start + added; i++)
            diffAt(walk, before[i], after[i], [...path, i]);
        return true;
    }
    for (let i = removed - 1; i >= 0; i--)
        walk.ops.push({ op: "remove", path: [...path, start + i] });
    for (let i = start; i < start + added; i++)
        addAt(walk, [...path, i], after[i]);
    return true;
}
/** How many items are the same at the start and at the end of both lists. */
function sameEnds(before, after) {
    const most = Math.min(before.length, after.length);
    let start = 0;
    while (start < most && Object.is(before[start], after[start]))
        start++;
    let end = 0;
    while (end < most - start && Object.is(before.at(-1 - end), after.at(-1 - end)))
        end++;
    return { start, end };
}
/** Holes are told by no operation. (`includes` takes a hole for undefined, and is ten times as fast as the loop.) */
function isDense(list) {
    if (!list.includes(undefined))
        return true;
    for (let i = 0; i < list.length; i++)
        if (!(i in list))
            return false;
    return true;
}
/** Nothing besides items, and no getter among those that changed. */
function hasPlainItems(list, start, end) {
    if (isSealed(list))
        return true;
    for (let i = start; i < end; i++)
        if (!isPlainProperty(list, String(i)))
            return false;
    return Object.keys(list).length === list.length && Object.getOwnPropertySymbols(list).length === 0;
}
function diffRecords(walk, before, after, path) {
    const keys = Reflect.ownKeys(after);
    if (!isReplayable(before, after, keys))
        return false;
    for (const key of Object.keys(before))
        if (!Object.hasOwn(after, key))
            walk.ops.push({ op: "remove", path: [...path, key] });
    for (const key of keys) {
        const value = after[key];
        if (Object.hasOwn(before, key))
            diffAt(walk, before[key], value, [...path, key]);
        else
            addAt(walk, [...path, key], value);
    }
    return true;
}
/** Removing, replacing in place and adding at the end must give `after` in its own key order, and not cost more than all of it. */
function isReplayable(before, after, keys) {
    if (!keys.every((key) => isPlainProperty(after, key)))
        return false;
    const ordered = keys.filter((key) => !isIndex(key));
    const kept = Object.keys(before).filter((key) => Object.hasOwn(after, key) && !isIndex(key));
    if (!kept.every((key, position) => ordered[position] === key))
        return false;
    const changed = keys.filter((key) => !Object.is(partOf(before, key), partOf(after, key))).length;
    return changed <= MANY || changed <= keys.length / 2;
}
function isPlainProperty(owner, key) {
    const property = Object.getOwnPropertyDescriptor(owner, key);
    return typeof key === "string" && key !== "__proto__" && property?.enumerable === true && "value" in property;
}
function partOf(owner, key) {
    return owner[key];
}
/** Integer-like keys stand in numeric order whatever happens to them. */
function isIndex(key) {
    const first = key.charCodeAt(0);
    return first >= 48 && first <= 57 && String(Number(key) >>> 0) === key && key !== "4294967295";
}
function replaceAt(walk, path, value) {
    sealPart(walk, path, value);
    walk.ops.push({ op: "replace", path, value });
}
function addAt(walk, path, value) {
    sealPart(walk, path, value);
    walk.ops.push({ op: "add", path, value });
}
function appendAt(walk, path, list, start) {
    const items = list.slice(start);
    for (const [index, item] of items.entries())
        sealPart(walk, [...path, start + index], item);
    if (items.length > 0)
        walk.ops.push({ op: "append", path, items });
    return true;
}
function sealPart(walk, path, value) {
    const found = seal(value, [walk.name, ...path]);
    if (found !== undefined && walk.ancestors.some((ancestor) => found.has(ancestor)))
        throw new OnlyWhole();
    walk.bottom = Math.max(walk.bottom, path.length + heightOf(value));
}
