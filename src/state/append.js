import { appendSealed, WHOLE } from "./delta.js";
/** A list; a write is one item, or a list of items (an item that is itself a list goes inside a list). */
export function append(initial = [], options = {}) {
    return { ...options, kind: "append", initial: () => initial, reduce: appended, fold: foldItems };
}
function appended(list, write) {
    const items = itemsOf(write);
    return items.length === 0 ? list : [...list, ...items];
}
/** Copies the list once, however many tasks append to it. */
function foldItems(list) {
    const all = [];
    return {
        write(write) {
            const items = itemsOf(write);
            if (items.length === 0)
                return undefined;
            for (const item of items)
                all.push(item);
            return [{ op: "append", path: WHOLE, items }];
        },
        finish: () => (all.length === 0 ? list : appendSealed(list, all)),
    };
}
function itemsOf(write) {
    return Array.isArray(write) ? write : [write];
}
