import { isPlainRecord } from "./plain.js";
import { heightOf, isSealed, seal, sealShallow } from "./seal.js";
/** A record folded as a JSON merge patch (RFC 7396), recursively in plain objects: null deletes a key. Dates, Maps, lists and class instances are values. */
export function merge(initial, options = {}) {
    return { ...options, kind: "merge", initial: () => initial, reduce: patched, fold: foldPatches };
}
/** Nothing that can be stored is as deep, unless it refers to itself. */
const MAX_DEPTH = 1_000;
function patched(current, patch) {
    const fold = foldPatches(current);
    fold.write(patch);
    return fold.finish();
}
/** Copies a record at most once, however many tasks patch it, and never looks at keys that no patch names. */
function foldPatches(current) {
    const own = new Map();
    let value = current;
    return {
        write(patch) {
            if (!isRecord(patch))
                throw new TypeError("a merge patch is a plain object");
            const merging = { ops: [], own };
            value = mergeInto(merging, value, patch, []);
            return merging.ops.length === 0 ? undefined : merging.ops;
        },
        finish() {
            for (const [copy, height] of own)
                sealShallow(copy, height);
            return value;
        },
    };
}
/** The same object when nothing changes. */
function mergeInto(merging, current, patch, path) {
    checkDepth(path.length);
    let next = current;
    for (const key of Object.keys(patch)) {
        const part = patch[key];
        const inner = isRecord(part) && Object.hasOwn(next, key) ? next[key] : undefined;
        if (part === undefined)
            continue;
        if (part === null)
            next = removeKey(merging, next, [...path, key]);
        else if (!isRecord(part) || !isRecord(inner))
            next = setKey(merging, next, [...path, key], withoutNulls(part, path.length));
        else
            next = putKey(merging, next, key, mergeInto(merging, inner, part, [...path, key]));
    }
    return next;
}
function removeKey(merging, current, path) {
    const key = String(path.at(-1));
    if (!Object.hasOwn(current, key))
        return current;
    const next = ownCopy(merging, current);
    delete next[key];
    merging.ops.push({ op: "remove", path });
    return next;
}
function setKey(merging, current, path, value) {
    const key = String(path.at(-1));
    const had = Object.hasOwn(current, key);
    if (had && Object.is(current[key], value))
        return current;
    seal(value, path);
    merging.ops.push({ op: had ? "replace" : "add", path, value });
    return putKey(merging, current, key, value);
}
function putKey(merging, current, key, value) {
    const { own } = merging;
    const isSame = Object.hasOwn(current, key) && Object.is(current[key], value);
    if (isSame && !own.has(current))
        return current;
    const next = ownCopy(merging, current);
    if (!isSame)
        next[key] = value;
    const height = own.get(value) ?? heightOf(value);
    own.set(next, Math.max(own.get(next) ?? 1, height + 1));
    return next;
}
function ownCopy({ own }, record) {
    if (own.has(record))
        return record;
    const copy = Object.getPrototypeOf(record) === null ? Object.assign(Object.create(null), record) : { ...record };
    own.set(copy, Math.max(1, heightOf(record)));
    return copy;
}
/** What is left of sealed records without their nulls. A big one that is written again and again is looked into once. */
const stripped = new WeakMap();
/** A patch that meets nothing: what is left of it when nulls delete nothing. The same object where there are none. */
function withoutNulls(part, depth) {
    if (!isRecord(part))
        return part;
    const known = stripped.get(part);
    if (known !== undefined)
        return known;
    checkDepth(depth);
    const entries = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
    const kept = entries.map(([key, value]) => [key, withoutNulls(value, depth + 1)]);
    const isWhole = kept.length === Object.keys(part).length && kept.every(([key, value]) => Object.is(value, part[key]));
    const left = isWhole ? part : Object.fromEntries(kept);
    if (isSealed(part))
        stripped.set(part, left);
    return left;
}
function checkDepth(depth) {
    if (depth > MAX_DEPTH)
        throw new TypeError("a merge patch cannot refer to itself");
}
function isRecord(value) {
    return typeof value === "object" && value !== null && isPlainRecord(value);
}
