/** Asks the conditional edges of what ran, on the state after the barrier. Their answers are all that the frontier needs of them. */
import { RouteError } from "../errors.js";
import { START } from "../graph/target.js";
import { readTargets } from "./command.js";
import { isThenable } from "./thenable.js";
const NO_ANSWERS = new Map();
/** Throws RouteError when a route throws or answers with something that is no target. Waits only for routes that are asynchronous. */
export function askRoutes(plan, results, state) {
    let asked;
    let isLate = false;
    for (const { task, outcome } of results) {
        const origin = originOf(plan, task.node);
        if (origin === undefined || origin.routes.length === 0 || asked?.has(task.node) || isReplaced(outcome))
            continue;
        const own = origin.routes.map((route) => ask(route, state));
        isLate ||= own.some(isThenable);
        asked ??= new Map();
        asked.set(task.node, own);
    }
    if (asked === undefined)
        return NO_ANSWERS;
    return isLate ? allOf(asked) : asked;
}
/** Whether a Command says where to go instead of the edges. */
function isReplaced({ routes }) {
    return routes.some(({ mode }) => mode === "replace");
}
/** What leads out of a node, or out of START. */
export function originOf(plan, name) {
    return name === START ? plan.start : plan.nodes.get(name);
}
async function allOf(asked) {
    const waiting = [...asked].map(async ([name, own]) => [name, await Promise.all(own)]);
    return new Map(await Promise.all(waiting));
}
function ask(plan, state) {
    const answered = callRoute(plan, state);
    if (!(answered instanceof Promise))
        return check(plan.origin, answered);
    const checked = answered.then((late) => check(plan.origin, late), (error) => {
        throw RouteError.failed(plan.origin, error);
    });
    // Another route may throw before anybody waits for this one.
    checked.catch(() => undefined);
    return checked;
}
function callRoute(plan, state) {
    try {
        const answered = plan.route(state);
        return isThenable(answered) ? Promise.resolve(answered) : answered;
    }
    catch (error) {
        throw RouteError.failed(plan.origin, error);
    }
}
function check(origin, answered) {
    const targets = readTargets(answered);
    if (targets === undefined)
        throw RouteError.failed(origin, new TypeError("it answered with something that is neither a node name, END nor a Send"));
    return targets;
}
