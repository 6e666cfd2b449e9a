import { heightOf, sealShallow } from "./seal.js";
/** A write that deletes the message of that id from a `messages` channel; a ReducerError when there is none. */
export function removeMessage(id) {
    return { remove: id };
}
/** Throws when one id stands for two messages: nobody could tell which one a write means. */
function checkedIds(list) {
    const seen = new Set();
    for (const { id } of list) {
        if (id === undefined)
            continue;
        if (seen.has(id))
            throw new TypeError(`two messages have the id "${id}"`);
        seen.add(id);
    }
    return list;
}
/** A conversation: writes append, a write with a known id replaces that message, `removeMessage(id)` deletes it. */
export function messages(initial = []) {
    return {
        kind: "messages",
        initial: () => checkedIds(initial),
        reduce: (list, write) => foldOnce(list, write),
        fold: foldMessages,
    };
}
function foldOnce(list, write) {
    const fold = foldMessages(list);
    fold.write(write);
    return fold.finish();
}
function foldMessages(list) {
    const next = Array.from(list);
    const places = placesOf(list);
    let changed = false;
    let height = Math.max(1, heightOf(list));
    return {
        write(write) {
            const ops = (Array.isArray(write) ? write : [write]).flatMap((one) => writeOne(next, places, one));
            changed ||= ops.length > 0;
            height = Math.max(height, heightOf(write) + 1);
            return ops.length === 0 ? undefined : ops;
        },
        finish() {
            placesByList.set(changed ? next : list, places);
            return changed ? sealShallow(next, height) : list;
        },
    };
}
/** Where each id stands. Handed on from list to list, so that no superstep scans the conversation. */
const placesByList = new WeakMap();
function placesOf(list) {
    const known = placesByList.get(list);
    if (known !== undefined) {
        placesByList.delete(list);
        return known;
    }
    const places = new Map();
    list.forEach((message, place) => {
        if (message.id !== undefined)
            places.set(message.id, place);
    });
    return places;
}
function writeOne(list, places, write) {
    if (!isEntry(write))
        throw new TypeError("a message is an object, and its id is a string if it has one");
    if (isRemoval(write))
        return [removeAt(list, places, write.remove)];
    const place = write.id === undefined ? undefined : places.get(write.id);
    if (place !== undefined) {
        if (list[place] === write)
            return [];
        list[place] = write;
        return [{ op: "replace", path: [place], value: write }];
    }
    if (write.id !== undefined)
        places.set(write.id, list.length);
    list.push(write);
    return [{ op: "append", path: [], items: [write] }];
}
function isEntry(write) {
    if (typeof write !== "object" || write === null || Array.isArray(write))
        return false;
    const { id } = write;
    return id === undefined || typeof id === "string";
}
function isRemoval(write) {
    return "remove" in write && Object.keys(write).length === 1;
}
function removeAt(list, places, id) {
    const place = places.get(id);
    if (place === undefined)
        throw new TypeError(`there is no message with id "${id}" to remove`);
    list.splice(place, 1);
    places.delete(id);
    for (let i = place; i < list.length; i++) {
        const later = list[i]?.id;
        if (later !== undefined)
            places.set(later, i);
    }
    return { op: "remove", path: [place] };
}
