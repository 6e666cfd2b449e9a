/** Options, checked when they are given: a typed error names the one that means nothing. */
import { InvalidOptionError, UnknownNodeError } from "../errors.js";
export const DEFAULT_MAX_STEPS = 100;
const STORE_METHODS = [
    ...["load", "commit", "annotate", "list", "delete", "history", "at", "prune"],
    ...["acquire", "renew", "release", "close"],
];
/** Throws InvalidOptionError. */
export function checkRunnerOptions(options, plan) {
    checkPort("checkpointer", options.checkpointer, STORE_METHODS);
    checkPort("clock", options.clock, ["now", "sleep"]);
    checkPort("lease.clock", options.lease?.clock, ["now", "sleep"]);
    checkTimer("lease.ttlMs", options.lease?.ttlMs);
    checkFunction("migrate", options.migrate, "(checkpoint) => ({ state, frontier })");
    if (options.hooks !== undefined && !Array.isArray(options.hooks)) {
        throw new InvalidOptionError("hooks", "is no list", "pass a list of hooks");
    }
    checkFunction("random", options.random, "() => a number in [0,1)");
    checkCount("maxConcurrency", options.maxConcurrency);
    for (const [name, permits] of Object.entries(options.limits ?? {}))
        checkCount(`limits.${name}`, permits);
    checkOneOf("onFailure", options.onFailure, ["drain", "abort"]);
    checkOneOf("durability", options.durability, ["step", "exit"]);
    for (const node of plan.nodes.values())
        checkNode(node.name, node.options, options.limits ?? {});
}
function checkNode(name, options, limits) {
    const { limit, timeoutMs, retry } = options;
    if (limit !== undefined && !Object.hasOwn(limits, limit)) {
        throw new InvalidOptionError("limits", `has no "${limit}", which node "${name}" asks for`, `add it: limits: { "${limit}": 8 }`);
    }
    if (timeoutMs !== undefined && !(timeoutMs > 0)) {
        throw new InvalidOptionError("timeoutMs", `of node "${name}" is ${timeoutMs}`, "give a positive number of milliseconds");
    }
    if (retry !== undefined)
        checkCount("maxAttempts", retry.maxAttempts ?? Number.NaN);
}
/** Throws InvalidOptionError or UnknownNodeError (P5). */
export function checkRunOptions(options, plan) {
    checkCount("maxSteps", options.maxSteps);
    checkPort("signal", options.signal, ["addEventListener", "removeEventListener"]);
    checkNodes("interruptBefore", options.interruptBefore, plan);
    checkNodes("interruptAfter", options.interruptAfter, plan);
}
/** Throws InvalidOptionError. */
export function checkIfExists(ifExists) {
    checkOneOf("ifExists", ifExists, ["error", "resume", "replace"]);
}
/** Throws InvalidOptionError. */
export function checkSessionFilter({ status, limit }) {
    checkOneOf("status", status, ["ready", "paused", "failed", "completed"]);
    if (limit !== 0)
        checkCount("limit", limit);
}
/** Throws InvalidOptionError. */
export function checkHistoryOptions({ limit, before }) {
    if (limit !== 0)
        checkCount("limit", limit);
    if (before === undefined || typeof before === "string" || isStep(before))
        return;
    throw new InvalidOptionError("before", `is ${String(before)}`, "give a step, or a checkpoint's id");
}
/** Throws InvalidOptionError. */
export function checkPlace(option, place) {
    if (typeof place === "string" || isStep(place))
        return;
    throw new InvalidOptionError(option, `is ${String(place)}`, "give a step, or a checkpoint's id");
}
/** Throws InvalidOptionError. */
export function checkFork(options) {
    checkRecord("options", options, "{ as: the new session's id }");
    const { as, step, checkpointId } = options;
    checkSessionId(as, "as");
    if (step !== undefined && checkpointId !== undefined)
        throw new InvalidOptionError("checkpointId", "and step are both given", "give one of them");
    if (step !== undefined && !isStep(step))
        throw new InvalidOptionError("step", `is ${String(step)}`, "give a step");
    if (checkpointId === undefined || typeof checkpointId === "string")
        return;
    throw new InvalidOptionError("checkpointId", `is ${String(checkpointId)}`, "give a checkpoint's id");
}
/** Throws InvalidOptionError. */
export function checkPrunePolicy(policy) {
    checkRecord("policy", policy, "{ keepLast: 10 }");
    const { sessionId, keepLast, olderThanMs } = policy;
    if (sessionId !== undefined)
        checkSessionId(sessionId);
    checkCount("keepLast", keepLast);
    checkMilliseconds("olderThanMs", olderThanMs);
    if (keepLast !== undefined || olderThanMs !== undefined)
        return;
    throw new InvalidOptionError("policy", "says nothing about what may go", "give keepLast, olderThanMs, or both");
}
/** Throws InvalidOptionError for a session id that no store could keep. */
export function checkSessionId(sessionId, option = "sessionId") {
    if (typeof sessionId === "string" && sessionId !== "" && sessionId.length <= 512 && sessionId.isWellFormed())
        return;
    throw new InvalidOptionError(option, "is no usable name", "pass a well-formed string of 1 to 512 characters");
}
function checkNodes(option, nodes, plan) {
    if (nodes === undefined || nodes === "*")
        return;
    if (!Array.isArray(nodes)) {
        throw new InvalidOptionError(option, "is no list of nodes", 'pass a list of node names, or "*"');
    }
    for (const node of nodes.map(String)) {
        if (!plan.nodes.has(node))
            throw new UnknownNodeError(node, option, [...plan.nodes.keys()]);
    }
}
function checkCount(option, value) {
    if (value === undefined || value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0))
        return;
    throw new InvalidOptionError(option, `is ${String(value)}`, "give a whole number of at least 1");
}
function isStep(value) {
    return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
function checkRecord(option, value, example) {
    if (typeof value === "object" && value !== null)
        return;
    throw new InvalidOptionError(option, `is ${String(value)}`, `pass ${example}`);
}
/** What a timer can wait for. */
function checkTimer(option, value) {
    checkMilliseconds(option, value);
    if (value === undefined || value < 2 ** 31)
        return;
    throw new InvalidOptionError(option, `is ${value}`, "give at most 2147483647 milliseconds, which is 24 days");
}
function checkMilliseconds(option, value) {
    if (value === undefined || (typeof value === "number" && value >= 0))
        return;
    throw new InvalidOptionError(option, `is ${String(value)}`, "give a number of milliseconds, 0 or more");
}
function checkFunction(option, value, example) {
    if (value === undefined || typeof value === "function")
        return;
    throw new InvalidOptionError(option, "is no function", `pass ${example}`);
}
function checkPort(option, value, methods) {
    const missing = methods.find((method) => typeof value?.[method] !== "function");
    if (value === undefined || missing === undefined)
        return;
    throw new InvalidOptionError(option, `has no method \`${missing}\``, `pass an object with ${methods.join(", ")}`);
}
function checkOneOf(option, value, allowed) {
    if (value === undefined || allowed.includes(value))
        return;
    throw new InvalidOptionError(option, `is ${JSON.stringify(value)}`, `use one of: ${allowed.join(", ")}`);
}
