/** Errors as values: taken apart and put together again. Only those of the language: a subclass may keep anything anywhere. */
import { tagOf } from "./visit.js";
const types = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError];
const byPrototype = new Map(types.map((type) => [type.prototype, type.name]));
const byName = new Map(types.map((type) => [type.name, type]));
/** What the language and Node put on an error out of sight. */
const HIDDEN = new Set(["message", "name", "stack", "cause", "errors"]);
/** How errors are walked, by prototype. */
export const errorVisits = new Map([...byPrototype.keys()].map((one) => [one, visitError]));
function visitError(walk, error) {
    if (tagOf(error) !== "Error")
        walk.refuse("an object that pretends to be an error");
    for (const key of Reflect.ownKeys(error)) {
        if (typeof key === "symbol")
            walk.refuse(`an error with the symbol key ${String(key)}`);
        if (key === "stack" && hasNativeStack(error))
            walk.visitAt(key, error.stack);
        else if (HIDDEN.has(key))
            walk.visitAnyProperty(error, key);
        else
            walk.visitProperty(error, key, key);
    }
}
/** Newer engines make the stack when it is first read, and take another one even when the error is frozen. */
function hasNativeStack(error) {
    const { get } = Object.getOwnPropertyDescriptor(error, "stack") ?? {};
    return get !== undefined && Function.prototype.toString.call(get).includes("[native code]");
}
/** Makes the stack of an error that will be frozen a property like any other. */
export function settleStack(error) {
    if (!hasNativeStack(error))
        return;
    const { stack: value } = error;
    Object.defineProperty(error, "stack", { value, enumerable: false });
}
/** The parts of an error of the language; `undefined` for anything else. */
export function partsOfError(error) {
    const name = byPrototype.get(Object.getPrototypeOf(error));
    if (name === undefined)
        return undefined;
    const hidden = {};
    const visible = {};
    for (const key of Object.getOwnPropertyNames(error)) {
        const fields = Object.prototype.propertyIsEnumerable.call(error, key) ? visible : hidden;
        fields[key] = error[key];
    }
    return [name, hidden, visible];
}
/** An error of this class without any properties, not even a stack. Throws TypeError for a name that is none of an error. */
export function bareError(name) {
    const type = byName.get(name);
    if (type === undefined)
        throw new TypeError(`"${name}" is no class of errors`);
    const error = Reflect.construct(Error, [], type);
    Reflect.deleteProperty(error, "stack");
    return error;
}
/** Gives a bare error its properties. */
export function fillError(error, [, hidden, visible]) {
    for (const [fields, enumerable] of [[hidden, false], [visible, true]]) {
        for (const [key, value] of Object.entries(fields)) {
            Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
        }
    }
}
/** The class of the language that an error's class extends; `undefined` for what is no error. */
export function errorBase(value) {
    return types.findLast((type) => value instanceof type)?.name;
}
