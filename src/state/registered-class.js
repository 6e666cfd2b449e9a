/** Classes whose instances can be stored, by name (T3): what their instances are made into, and made of again. */
import { InvalidOptionError, SerializationError } from "../errors.js";
import { errorVisits } from "./error-value.js";
import { nativeVisits } from "./native-value.js";
import { classOf } from "./visit.js";
const byName = new Map();
const byPrototype = new Map();
/** What was checked when an instance was sealed, or what it was made of: that is what is written. */
const kept = new WeakMap();
const STORED_ANYWAY = new Set([
    ...[Object.prototype, Array.prototype],
    ...nativeVisits.keys(),
    ...errorVisits.keys(),
]);
const RESERVED = new Set([...STORED_ANYWAY].map((prototype) => classOf(Object.create(prototype))));
/** Reducers draft what extends these, and a draft of it would forget the class. */
const DRAFTED = [Array.prototype, Map.prototype, Set.prototype];
/**
 * Lets instances of a class into state, inputs and results, and has them come back as instances: in every session of this
 * process, under a name that must stay the same for as long as anything stored names it. Call it beside the class, before a session
 * that holds one is read.
 *
 * An instance is a value: it is frozen when it is written, and replaced whole. `encode` is called once for each, and what it
 * returns is checked as if it stood in the instance's place (`price.amount`), so it may not lead back to the instance. An instance
 * of a subclass is refused unless the subclass is registered itself; so are errors of classes of your own.
 *
 * Throws InvalidOptionError when the name is empty, malformed or one of the language's, or taken by another class; when the class
 * has another name, is stored anyway (Date, Map, Error, …) or extends Array, Map or Set. The same pair again changes nothing.
 * What `encode` throws is a SerializationError with the path, at the barrier; what `decode` throws, or a name that is not
 * registered, is one when the session is read.
 *
 * ```ts
 * class Money {
 *   constructor(readonly amount: bigint, readonly currency: string) {}
 * }
 * registerClass("Money", Money, {
 *   encode: ({ amount, currency }) => ({ amount, currency }),
 *   decode: ({ amount, currency }) => new Money(amount, currency),
 * });
 * ```
 */
export function registerClass(name, type, codec) {
    checkName(name);
    checkType(type);
    checkCodec(codec);
    const { prototype } = type;
    const [sameName, sameClass] = [byName.get(name), byPrototype.get(prototype)];
    if (sameName !== undefined && sameName === sameClass)
        return;
    if (sameName !== undefined)
        refuse("name", `${quoted(name)} is taken by another class`, "give each a name of its own");
    if (sameClass !== undefined) {
        refuse("type", `is registered as ${quoted(sameClass.name)}`, "register a class once, by the name that is in the store");
    }
    const registered = { name, prototype, codec: codec };
    byName.set(name, registered);
    byPrototype.set(prototype, registered);
}
function checkName(name) {
    if (typeof name !== "string" || name === "" || !name.isWellFormed()) {
        refuse("name", "is no text, empty, or cut through a character", 'pass a name, as in "Money"');
    }
    if (RESERVED.has(name))
        refuse("name", `${quoted(name)} means a class that is stored anyway`, "choose another");
}
function checkType(type) {
    const prototype = typeof type === "function" ? type.prototype : undefined;
    if (typeof prototype !== "object" || prototype === null)
        refuse("type", "is no class", "pass the class itself");
    if (STORED_ANYWAY.has(prototype))
        refuse("type", "is a class that is stored anyway", "write its instances as they are");
    if (DRAFTED.some((drafted) => Object.prototype.isPrototypeOf.call(drafted, prototype))) {
        refuse("type", "extends Array, Map or Set, which reducers draft", "keep the list or Map in a field of the class");
    }
}
function checkCodec(codec) {
    const { encode, decode } = (codec ?? {});
    if (typeof encode === "function" && typeof decode === "function")
        return;
    refuse("codec", "has no functions `encode` and `decode`", "pass { encode, decode }");
}
function refuse(option, problem, help) {
    throw new InvalidOptionError(option, problem, help);
}
function quoted(name) {
    return JSON.stringify(name);
}
/** True for an instance of a registered class itself, not of a subclass. */
export function isRegistered(value) {
    return byPrototype.has(Object.getPrototypeOf(value));
}
/** What an instance of a registered class is stored as. Throws SerializationError with the path when its class cannot say. */
export function encodeInstance(instance, path) {
    const before = kept.get(instance);
    if (before !== undefined)
        return before;
    const { name, codec } = byPrototype.get(Object.getPrototypeOf(instance));
    try {
        return [name, codec.encode(instance)];
    }
    catch (cause) {
        throw new SerializationError(path(), `an instance of ${quoted(name)} that its encode throws at`, { cause });
    }
}
/** From now on this is what the instance is stored as. */
export function keepEncoded(instance, encoded) {
    kept.set(instance, encoded);
}
/** The instance that was stored so. Throws SerializationError when nobody registered its class, or its class cannot make it. */
export function decodeInstance(encoded) {
    const [name, plain] = encoded;
    const registered = byName.get(name);
    const why = "and cannot be read";
    if (registered === undefined) {
        const help = `call registerClass(${quoted(name)}, …) in this process before the session is read`;
        throw new SerializationError(`<${name}>`, "of a class that is not registered here", { why, help });
    }
    const instance = made(registered, plain);
    if (typeof instance === "object" && instance !== null && Object.getPrototypeOf(instance) === registered.prototype) {
        kept.set(instance, encoded);
        return instance;
    }
    const help = `let decode of ${quoted(name)} return an instance of the class, and of no subclass`;
    throw new SerializationError(`<${name}>`, "something else after its decode", { why, help });
}
function made({ name, codec }, plain) {
    try {
        return codec.decode(plain);
    }
    catch (cause) {
        const help = `mend decode of ${quoted(name)}: it must take all that its encode ever gave`;
        throw new SerializationError(`<${name}>`, "what its decode throws at", { why: "and cannot be read", help, cause });
    }
}
