/**
 * The program that the model test runs, as plain functions: what its nodes say and where they lead, in the same words for the library
 * and for the reference. A loop fans out by Sends to workers and to those who ask; a join gathers them; a deferred node comes last.
 *
 *   START → loop ⇒ work × n, ask × n → (join) join → loop | END;  loop → tidy, deferred
 */

export const NODES = ["loop", "work", "ask", "join", "tidy"] as const;
export type NodeName = (typeof NODES)[number];

export interface State {
  readonly count: number;
  readonly log: readonly string[];
  readonly last: string;
  /** Ephemeral: written by `loop`, read by `work` one superstep later. */
  readonly hint: string | undefined;
}
/** One write per channel; "ghost" is no channel. */
export interface Write {
  readonly count?: number;
  readonly log?: string | readonly string[];
  readonly last?: string | undefined;
  readonly hint?: string;
  readonly ghost?: number;
}
/** An activation of a node, by an edge or by a Send. */
export interface Task {
  readonly node: string;
  readonly input?: unknown;
}
/** What a node returns: an update and, when it commands, its only targets. */
export interface Said {
  readonly write: Write;
  readonly goto?: readonly Task[];
}
/** What goes wrong in every task of a node during one call. */
export interface Trouble {
  readonly node: NodeName;
  /** It throws; it never returns; it writes to a channel, or goes to a node, that does not exist. */
  readonly kind: "throws" | "hangs" | "ghost" | "stray";
}

export const INITIAL: State = { count: 0, log: [], last: "", hint: undefined };
export const START_TASK: Task = { node: "loop" };
export const JOIN = { sources: ["work", "ask"], to: "join" } as const;

/** What a task asks, one after the other, before it says anything. */
export function questionsOf({ node, input }: Task): readonly string[] {
  if (node !== "ask" || input === "quiet") return [];
  return input === "left" ? ["left 1", "left 2"] : [`${input} 1`];
}

export function say({ node, input }: Task, { count, hint }: State, answers: readonly unknown[]): Said {
  switch (node) {
    case "loop":
      return { write: { count: 1, log: `loop ${count + 1}`, hint: `round ${count + 1}` } };
    case "work":
      return { write: { log: `work ${input} ${hint}` } };
    case "ask":
      return { write: { log: ["ask", input, ...answers.map((answer) => JSON.stringify(answer))].join(" ") } };
    case "join":
      return { write: { log: "join", last: `join ${count}` }, ...(count % 2 === 1 && { goto: [START_TASK] }) };
    default:
      return { write: { log: node } };
  }
}

/** What troubled code says instead; undefined when it says nothing at all. */
export function sayInTrouble(said: Said, trouble: Trouble | undefined): Said | undefined {
  if (trouble === undefined) return said;
  if (trouble.kind === "ghost") return { ...said, write: { ...said.write, ghost: 1 } };
  return trouble.kind === "stray" ? { ...said, goto: [{ node: "nowhere" }] } : undefined;
}

/** Where the conditional edge of `loop` leads. */
export function fanOut({ count }: State): readonly Task[] {
  const sends = [
    [{ node: "work" }, { node: "ask", input: "quiet" }],
    [
      { node: "work", input: count },
      { node: "ask", input: "left" },
      { node: "ask", input: "right" },
    ],
    [{ node: "work", input: "a" }, { node: "work", input: "b" }, { node: "ask" }],
  ];
  return sends[((count % 3) + 3) % 3] ?? [];
}
