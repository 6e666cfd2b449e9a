/**
 * Sealing: a value enters the state once, is checked to be storable without loss (T3), and is frozen for ever (S3).
 * What was sealed is never looked at again (B7). Typed arrays, buffers and URLs cannot be frozen by the language.
 */
import { SerializationError } from "../errors.js";
import { settleStack } from "./error-value.js";
import { mark, markOf } from "./mark.js";
import { mutatorsOf } from "./native-value.js";
import { formatPath } from "./path.js";
import { decodeInstance, keepEncoded } from "./registered-class.js";
import { isFlatRecord, isPrimitive, pathTo, tooHeavy, walked } from "./storable.js";
const LIMITS = { maxDepth: 500, maxWeight: 2 ** 28 };
/** What is read from a store was within the limits when it was written, and is wrapped into a few levels more. */
const STORED_LIMITS = { maxDepth: 1_000, maxWeight: Number.POSITIVE_INFINITY };
/** Whether a container is known to be frozen all the way down. */
export function isSealed(container) {
    return markOf(container) > 0;
}
/** The levels of containers in what is sealed, itself included; at most, where parts were taken out. 0 for anything else. */
export function heightOf(value) {
    return typeof value === "object" && value !== null ? markOf(value) : 0;
}
/**
 * Freezes `value` deeply. Throws SerializationError naming the path, and freezes nothing, when something in it cannot be stored,
 * or when it is nested too deep or too heavy for a store. Returns what was newly frozen, or undefined when there was nothing to
 * freeze that has containers in it.
 */
export function seal(value, at = [], limits = LIMITS) {
    if (typeof value === "string" && value.length > limits.maxWeight)
        throw tooHeavy(formatPath(at), limits.maxWeight);
    if (isPrimitive(value))
        return undefined;
    const height = heightOf(value);
    if (height > 0 && at.length + height - 1 <= limits.maxDepth)
        return undefined;
    if (height === 0 && at.length <= limits.maxDepth && isFlatRecord(value, limits.maxWeight)) {
        lockFlat(value, at);
        return undefined;
    }
    const { heights: found, encoded } = walked(value, at, { heightOf, ...limits });
    lockAll(found, (container) => pathTo(container, value, at));
    for (const [instance, plain] of encoded)
        keepEncoded(instance, plain);
    return found;
}
function lockFlat(record, at) {
    try {
        sealShallow(record, 1);
    }
    catch (cause) {
        throw unfreezable(formatPath(at) || "the value", cause);
    }
}
/** A proxy may refuse to be frozen; what was frozen by then stays frozen, but is not taken for sealed. */
function lockAll(found, pathOf) {
    let last;
    try {
        for (const [container, levels] of found) {
            last = container;
            lock(container, levels);
        }
    }
    catch (cause) {
        for (const one of found.keys())
            if (isSealed(one))
                mark(one, 0);
        const path = last === undefined ? "the value" : pathOf(last);
        throw unfreezable(path, cause);
    }
}
function unfreezable(path, cause) {
    return new SerializationError(path, "an object that refuses to be frozen", { cause });
}
/** Freezes what a store gave back. What was accepted once is never too deep or too heavy later. */
export function sealStored(value) {
    seal(value, [], STORED_LIMITS);
}
/** The instance of a registered class that was stored so, sealed with what it is made of. */
export function sealedInstance(encoded) {
    const [, plain] = encoded;
    sealStored(plain);
    const instance = decodeInstance(encoded);
    lock(instance, 1 + heightOf(plain));
    return instance;
}
/** Freezes a list or plain object whose children are sealed already, and that has at most so many levels. */
export function sealShallow(container, height) {
    if (!isSealed(container))
        mark(container, height);
    try {
        return Object.freeze(container);
    }
    catch (refusal) {
        mark(container, 0);
        throw refusal;
    }
}
const cover = {
    value() {
        throw new TypeError("state is frozen: return an update instead of changing it in place");
    },
};
/** Freezing does not reach inside of a Map, a Set or a Date: what would change it is covered. */
function lock(container, height) {
    const prototype = Object.getPrototypeOf(container);
    if (prototype !== Object.prototype && prototype !== Array.prototype) {
        if (ArrayBuffer.isView(container))
            return;
        if (Object.isExtensible(container))
            coverMutators(container);
    }
    sealShallow(container, height);
}
function coverMutators(container) {
    for (const name of mutatorsOf(container))
        Object.defineProperty(container, name, cover);
    settleStack(container);
}
