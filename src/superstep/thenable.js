/** Goes on with a value, at once when there is nothing to wait for. */
export function after(value, next) {
    return isThenable(value) ? value.then(next) : next(value);
}
/** What the work gives, or what is made of its failure. */
export function recovering(work, recover) {
    try {
        const done = work();
        return isThenable(done) ? Promise.resolve(done).then(undefined, recover) : done;
    }
    catch (error) {
        return recover(error);
    }
}
export function isThenable(value) {
    return typeof value === "object" && value !== null && typeof value.then === "function";
}
