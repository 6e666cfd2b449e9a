/** The port of what runs nodes somewhere else than in this thread. Its answers are settled as the node's own would be. */
import type { ModuleRef } from "../graph/module-ref.js";
import type { NodeContext } from "../graph/node.js";

/** One run of a function of a module. */
export interface ExecutorCall {
  readonly module: ModuleRef;
  /** What the function is called with: `state` and `ctx` stand among it, by reference. All else is sealed. */
  readonly args: readonly unknown[];
  /** The frozen state of the superstep; the same object for all of its tasks. */
  readonly state: object;
  readonly ctx: NodeContext;
  /** Answers to the questions that the task has asked, in order; undefined where none came yet. */
  readonly answers: readonly ({ readonly value: unknown } | undefined)[];
  /** outcome: the function is a node. value: it gives any value that can be stored. */
  readonly returns: "outcome" | "value";
  /** Says, at once, that the call has to wait until `turn` has settled: the time limits of the node count from then. */
  readonly waitsFor: (turn: Promise<unknown>) => void;
}
/** Runs nodes somewhere else. A runner that is given one opens it, and closes it when it is closed itself. */
export interface NodeExecutor {
  /** Resolves with what the function returned. Rejects with what it threw, or a ResultRefused; also when `ctx.signal` is aborted and it does not end. */
  execute(call: ExecutorCall): Promise<unknown>;
  /** A runner begins to use it. */
  open?(): void;
  /** A runner uses it no longer: once none does, all that it has started ends, what still runs after so many milliseconds by force. */
  close?(options: { readonly timeoutMs: number }): Promise<void>;
}

/** What an executor rejects with when the function returned what a node may not return: that is no failure that is tried again. */
export class ResultRefused {
  constructor(readonly error: unknown) {}
}

/** Never throws: whatever a node threw may refuse to say what it is. */
export function isRefusal(thrown: unknown): thrown is ResultRefused {
  try {
    return thrown instanceof ResultRefused;
  } catch {
    return false;
  }
}
