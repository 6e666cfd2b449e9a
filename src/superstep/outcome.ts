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
}

/** A finished task. */
export interface TaskResult {
  readonly task: TaskRef;
  readonly outcome: TaskOutcome;
}

/** Nothing written, no word about control. */
export const NOTHING: TaskOutcome = Object.freeze({ updates: Object.freeze([]), routes: Object.freeze([]) });
