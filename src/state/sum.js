/** A number to which writes are added. */
export function sum(initial = 0) {
    return { kind: "sum", initial: () => initial, reduce: added };
}
function added(current, write) {
    if (typeof write !== "number")
        throw new TypeError(`a sum takes numbers, not ${write === null ? "null" : typeof write}`);
    return current + write;
}
