const COMMAND = Symbol.for("superstep.command");
/**
 * A node's word about control, with or without an update.
 * `replace` (default): the node's next targets are exactly these. `append`: these, besides its edges.
 * A node may return several; any `replace` among them beats every `append` and every edge of that node, in whatever order they stand.
 * A Command without `goto` carries an update only.
 */
export class Command {
    update;
    goto;
    mode;
    /** Whether `goto` was given: `goto: []` is a word about control too (go nowhere). */
    routes;
    constructor(init) {
        this.update = init.update;
        this.goto = listOf(init.goto);
        this.mode = init.mode ?? "replace";
        this.routes = init.goto !== undefined;
    }
    get [COMMAND]() {
        return true;
    }
}
/** True for a Command, also of another copy of the package. */
export function isCommand(value) {
    return typeof value === "object" && value !== null && value[COMMAND] === true;
}
function listOf(targets) {
    if (targets === undefined)
        return [];
    return isList(targets) ? targets : [targets];
}
function isList(targets) {
    return Array.isArray(targets);
}
