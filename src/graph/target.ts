/** Where control may go: nodes by name, END, or a Send of its own input. */

/** Where every invocation begins; the origin of the first edges. */
export const START = "__start__";
/** Where an invocation ends. */
export const END = "__end__";

const SEND = Symbol.for("superstep.send");

/** One activation of `node` with an input of its own; never merged with another activation. */
export class Send<N extends string = string> {
  readonly node: N;
  readonly input: unknown;
  constructor(node: N, input: unknown) {
    this.node = node;
    this.input = input;
  }
  get [SEND](): true {
    return true;
  }
}

/** A node by name, END, or a Send. */
export type Target<N extends string> = N | typeof END | Send<N>;

/** True for a Send, also of another copy of the package. */
export function isSend(value: unknown): value is Send {
  return typeof value === "object" && value !== null && (value as { [SEND]?: unknown })[SEND] === true;
}
