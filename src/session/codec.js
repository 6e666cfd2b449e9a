/** Values as text and back, without loss (T3). The only room that knows devalue. What gets here was sealed, so it can be written. */
import { DevalueError, parse, stringify } from "devalue";
import { SerializationError } from "../errors.js";
import { bareError, fillError, partsOfError } from "../state/error-value.js";
import { encodeInstance, isRegistered } from "../state/registered-class.js";
import { sealedInstance } from "../state/seal.js";
import { isJson } from "./json.js";
const enclosing = { "+": enclosed };
const opening = { "+": opened };
/**
 * Text that survives any store of UTF-8: half surrogates are escaped. Throws SerializationError when it would be longer than a
 * string can be, or when the value is not what it was sealed as.
 */
export function encode(value) {
    try {
        return isRecordOfJson(value) ? JSON.stringify(value) : stringify(value, enclosing);
    }
    catch (problem) {
        throw refusalOf(problem);
    }
}
/** Throws when the text was not made by `encode`; SerializationError when it names a class that is not registered. */
export function decode(text) {
    return text.startsWith("{") ? JSON.parse(text) : parse(text, opening);
}
/** devalue's text is a list or a number, so that one that begins as a record does is known to be JSON. */
function isRecordOfJson(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value) && isJson(value);
}
function enclosed(value) {
    if (typeof value !== "object" || value === null)
        return undefined;
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === Array.prototype || prototype === null)
        return undefined;
    if (prototype === Buffer.prototype)
        return ["buffer", new Uint8Array(value).buffer];
    if (isRegistered(value))
        return ["class", ...encodeInstance(value, () => "the value")];
    const parts = partsOfError(value);
    return parts && ["error", ...parts];
}
/** Errors that were opened before all of what they lead to was: then they lead back to themselves. */
const errors = new WeakMap();
function opened(envelope) {
    const [kind] = envelope;
    if (kind === "buffer")
        return Buffer.from(envelope[1]);
    if (kind === "class")
        return sealedInstance([envelope[1], envelope[2]]);
    const [, ...parts] = envelope;
    const error = errors.get(envelope) ?? bareError(parts[0]);
    errors.set(envelope, error);
    // Only when they are all there: the last time that devalue asks.
    if (parts[2] !== undefined)
        fillError(error, parts);
    return error;
}
/** V8 and Node each have their own words for what is too long. */
function refusalOf(problem) {
    if (problem instanceof DevalueError) {
        return new SerializationError(problem.path.replace(/^\./, "") || "the value", "not what it was when it was sealed", {
            cause: problem,
        });
    }
    const { message, code } = problem;
    if (message !== "Invalid string length" && code !== "ERR_STRING_TOO_LONG")
        return problem;
    return new SerializationError("the text of a checkpoint", "longer than one string can be", {
        why: "and cannot be stored in one piece",
        help: "keep less in the state: big texts and bytes in files or another store, and in the state where they are",
        cause: problem,
    });
}
