/** Where control may go: nodes by name, END, or a Send of its own input. */
/** Where every invocation begins; the origin of the first edges. */
export const START = "__start__";
/** Where an invocation ends. */
export const END = "__end__";
const SEND = Symbol.for("superstep.send");
/** One activation of `node` with an input of its own; never merged with another activation. */
export class Send {
    node;
    input;
    constructor(node, input) {
        this.node = node;
        this.input = input;
    }
    get [SEND]() {
        return true;
    }
}
/** True for a Send, also of another copy of the package. */
export function isSend(value) {
    return typeof value === "object" && value !== null && value[SEND] === true;
}
