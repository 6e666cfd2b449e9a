/** The base of every error: a brand that works across copies of the package, a code for ever, and where it happened. */
import { BRAND, isBranded, recordOf } from "./record.js";
/** Base of every error the library throws. `code` never changes between versions; `help` says what to do. */
export class SuperstepError extends Error {
    constructor(message, context = {}) {
        super(message, "cause" in context ? { cause: context.cause } : undefined);
        if (context.help !== undefined)
            this.help = context.help;
        if (context.at !== undefined)
            this.at = context.at;
    }
    get name() {
        return this.constructor.name;
    }
    get [BRAND]() {
        return true;
    }
    /** True for any error of this library, also one thrown by another copy of the package. */
    static is(value) {
        return isBranded(value);
    }
    toJSON() {
        return recordOf(this);
    }
}
/** Gives an error the frontier it happened at, unless it already knows one, or was frozen by someone. */
export function locate(error, at) {
    if (error.at === undefined && Object.isExtensible(error))
        error.at = at;
    return error;
}
