/** Reads what a node returned: an update, a Command, several Commands, or nothing. Seals it, so that it can be kept (T3, S6). */
import { NodeResultError } from "../errors.js";
import { isCommand } from "../graph/command.js";
import { isSend } from "../graph/target.js";
import { seal } from "../state/seal.js";
import { NOTHING } from "./outcome.js";
/** Throws NodeResultError for anything else, and SerializationError for what cannot be stored. */
export function readOutcome(node, returned) {
    if (returned === undefined)
        return NOTHING;
    if (isCommand(returned))
        return readCommands(node, [returned]);
    if (Array.isArray(returned))
        return readCommands(node, returned);
    return { updates: [readUpdate(node, returned)], routes: NOTHING.routes };
}
/** Reads what a conditional edge answered, or a Command's goto; undefined when some part of it is no target. */
export function readTargets(answered) {
    const list = Array.isArray(answered) ? answered : [answered];
    const targets = [];
    for (const one of list) {
        if (typeof one === "string")
            targets.push(one);
        else if (isSend(one))
            targets.push({ node: one.node, input: one.input });
        else
            return undefined;
    }
    for (const target of targets)
        if (typeof target === "object")
            seal(target.input, ["input"]);
    return targets;
}
function readCommands(node, commands) {
    const updates = [];
    const routes = [];
    for (const command of commands) {
        if (!isCommand(command))
            throw new NodeResultError(node, `a list with ${describe(command)} in it`);
        if (command.update !== undefined)
            updates.push(readUpdate(node, command.update));
        if (command.routes)
            routes.push(readRoute(node, command));
    }
    return { updates, routes };
}
function readRoute(node, command) {
    const targets = readTargets(command.goto);
    if (targets === undefined)
        throw new NodeResultError(node, "a Command whose goto is neither a node name, END nor a Send");
    if (command.mode !== "replace" && command.mode !== "append") {
        throw new NodeResultError(node, `a Command with mode "${String(command.mode)}"`);
    }
    return { mode: command.mode, targets };
}
function readUpdate(node, update) {
    if (typeof update !== "object" || update === null || isSend(update) || Array.isArray(update)) {
        throw new NodeResultError(node, describe(update));
    }
    const prototype = Object.getPrototypeOf(update);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
        throw new NodeResultError(node, "an instance of a class");
    seal(update);
    return update;
}
function describe(value) {
    if (value === null)
        return "null";
    if (isSend(value))
        return "a bare Send";
    if (Array.isArray(value))
        return "a list";
    return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
