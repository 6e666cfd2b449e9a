/**
 * A checkpoint of another graph, taken over to the graph of today as the caller says (T4). What the caller answers is checked before it is
 * believed: an answer that means nothing must not cost a session its state.
 */
import { GraphMismatchError, InvalidOptionError, SerializationError } from "../errors.js";
import { seal } from "../state/seal.js";
import { isThenable } from "../superstep/thenable.js";
/** The checkpoint as the caller has it. Throws GraphMismatchError for what throws or makes no sense, SerializationError for what cannot be stored. */
export function migrateCheckpoint(migrate, checkpoint) {
    const { sessionId, step, fingerprint, state, frontier, progress } = checkpoint;
    const { deferred } = progress;
    try {
        const migration = read(migrate({ sessionId, step, fingerprint, state, frontier, deferred }));
        return {
            ...checkpoint,
            ...(migration.state && stateOf(checkpoint, migration.state)),
            ...(migration.frontier && { frontier: frontierOf(checkpoint, migration.frontier) }),
            ...(migration.deferred && { progress: { ...progress, deferred: deferredOf(migration.deferred) } }),
        };
    }
    catch (error) {
        throw error instanceof SerializationError ? error : new GraphMismatchError(sessionId, [], [], error);
    }
}
function read(answer) {
    if (answer === undefined)
        return {};
    if (isThenable(answer)) {
        answer.then(undefined, () => undefined);
        throw refusal("answered with a promise", "make it synchronous");
    }
    if (!isRecord(answer))
        throw refusal("answered with what is no record", "return { state, frontier, deferred }");
    const { state, frontier, deferred } = answer;
    if (state !== undefined && !isRecord(state))
        throw refusal("answered with a state that is no record", "return { state: { [channel]: value } }");
    for (const targets of [frontier, deferred]) {
        if (targets !== undefined && !(Array.isArray(targets) && targets.every(isTarget)))
            throw refusal("answered with what is no list of tasks", "list node names, Sends, or tasks as they came");
    }
    return answer;
}
/** A channel that is migrated has changed (B6). */
function stateOf({ state, versions }, moved) {
    const grown = {};
    for (const [name, value] of Object.entries(moved)) {
        seal(value, [name]);
        const version = ownValue(versions, name) ?? 0;
        const next = Object.is(value, ownValue(state, name)) ? version : version + 1;
        if (next > 0)
            grown[name] = next;
    }
    return { state: Object.freeze({ ...moved }), versions: Object.freeze(grown) };
}
function frontierOf(checkpoint, targets) {
    const tasks = targets.map((target, place) => toTask(checkpoint, target, place));
    const ids = new Set(tasks.map(({ id }) => id));
    if (ids.size < tasks.length)
        throw refusal("answered with one task twice", "leave the `id` of the second one out");
    return Object.freeze(tasks);
}
/** A task that is not of the checkpoint gets an id that none of its tasks can have. */
function toTask({ incarnation, seq, frontier }, target, place) {
    const isKnown = typeof target === "object" && "id" in target && frontier.some(({ id }) => id === target.id);
    const id = isKnown ? target.id : `${incarnation}-${seq}.migrated.${place}`;
    const to = toTarget(target, ["frontier", place, "input"]);
    return Object.freeze(typeof to === "string" ? { id, node: to } : { id, node: to.node, input: to.input });
}
function deferredOf(targets) {
    return targets.map((target, place) => toTarget(target, ["deferred", place, "input"]));
}
function toTarget(target, path) {
    if (typeof target === "string")
        return target;
    if (!("input" in target))
        return target.node;
    seal(target.input, path);
    return { node: target.node, input: target.input };
}
function isTarget(value) {
    return typeof value === "string" || (isRecordOfAnyKind(value) && typeof value.node === "string");
}
/** Written down as a plain object: not a list, a Map, or an instance of a class, which lose their contents on the way. */
function isRecord(value) {
    if (!isRecordOfAnyKind(value))
        return false;
    const prototype = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
}
function isRecordOfAnyKind(value) {
    return typeof value === "object" && value !== null;
}
function ownValue(record, name) {
    return Object.hasOwn(record, name) ? record[name] : undefined;
}
function refusal(problem, help) {
    return new InvalidOptionError("migrate", problem, help);
}
