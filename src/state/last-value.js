/** One value; two tasks that write it in one superstep are a ConcurrentWriteError (several writes of one task: the last). */
export function lastValue(initial, options = {}) {
    return { ...options, kind: "lastValue", initial: () => initial, reduce: replaced, exclusive: true };
}
function replaced(_current, write) {
    return write;
}
