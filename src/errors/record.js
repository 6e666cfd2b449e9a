/** Errors as data: where a run stood, and any thrown value as plain JSON. Nothing here throws, whatever it is given. */
/** Marks the errors of this library, whichever copy of it made them. */
export const BRAND = Symbol.for("superstep.error");
const MAX_CAUSES = 16;
/** Turns whatever was thrown (an Error, a string, undefined, a hostile object) into a record. */
export function recordOf(thrown, depth = 0) {
    if (typeof thrown !== "object" || thrown === null) {
        return {
            name: "Thrown",
            code: "THROWN",
            message: thrown === undefined ? "undefined was thrown" : describe(thrown),
        };
    }
    const name = text(thrown, "name") ?? "Error";
    const message = text(thrown, "message") ?? describe(thrown);
    const stack = text(thrown, "stack");
    const at = isBranded(thrown) ? read(thrown, "at") : undefined;
    const cause = depth < MAX_CAUSES ? read(thrown, "cause") : undefined;
    return {
        name,
        code: text(thrown, "code") ?? "THROWN",
        message,
        ...(at !== undefined && { at: at }),
        ...(cause !== undefined && { cause: recordOf(cause, depth + 1) }),
        ...(stack !== undefined && { stack }),
    };
}
function text(from, key) {
    const value = read(from, key);
    return typeof value === "string" ? value : undefined;
}
function read(from, key) {
    try {
        return from[key];
    }
    catch {
        return undefined;
    }
}
function describe(thrown) {
    try {
        if (typeof thrown !== "object" || thrown === null)
            return String(thrown);
        return JSON.stringify(thrown) ?? Object.prototype.toString.call(thrown);
    }
    catch {
        return `${typeof thrown === "object" ? "an object" : "a function"} that cannot be described`;
    }
}
/** True for an error of this library, also of another copy of it; never throws. */
export function isBranded(value) {
    return typeof value === "object" && value !== null && read(value, BRAND) === true;
}
