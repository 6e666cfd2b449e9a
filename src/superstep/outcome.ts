/** What one task contributes to its superstep, as plain data: what it writes and where it goes. */
import type { TaskRef } from "../errors.js";
import type { CommandMode } from "../graph/command.js";

/** A node's partial state, by channel. */
export type Update = Readonly<Record<string, unknown>>;

/** A node by name (reached once, whoever leads there), or an activation of its own with an input. */
export type RouteTarget = string | { readonly node: string; readonly input: unknown };

/** One word about control. */
export interface Route {
  readonly mode: CommandMode;
  readonly targets: readonly RouteTarget[];
}

/** What a finished task said. Sealed, and storable as it is. */
export interface TaskOutcome {
  readonly updates: readonly Update[];
  readonly routes: readonly Route[];
  /** What it said to the graph around its own (`Command.parent`). */
  readonly toParent?: ParentWord;
}
/** What a subgraph's tasks say to the graph around it: that graph's channels, that graph's nodes. */
export interface ParentWord {
  readonly updates: readonly Update[];
  readonly routes: readonly Route[];
}

/** A finished task. */
export interface TaskResult {
  readonly task: TaskRef;
  readonly outcome: TaskOutcome;
}

/** All that the tasks of a superstep say to the graph around theirs, in frontier order; undefined when none does. */
export function parentWordOf(results: readonly TaskResult[]): ParentWord | undefined {
  const words = results.flatMap(({ outcome }) => outcome.toParent ?? []);
  if (words.length === 0) return undefined;
  return { updates: words.flatMap(({ updates }) => updates), routes: words.flatMap(({ routes }) => routes) };
}

/** Nothing written, no word about control. */
export const NOTHING: TaskOutcome = Object.freeze({ updates: Object.freeze([]), routes: Object.freeze([]) });
