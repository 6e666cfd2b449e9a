/** A store that fails: SQLite's way of testing what happens when the n-th operation does not work, for every n. */
import type { Checkpointer } from "../session/checkpointer.js";

/** What the n-th call of a failing store throws. */
export class InjectedFailure extends TypeError {
  constructor(readonly method: string) {
    super(`injected failure of ${method}`);
  }
}

/** A failing store, and how many calls it has seen. */
export interface FailingCheckpointer extends Checkpointer {
  readonly calls: number;
}

/**
 * The same store, whose `nth` call (from 1, over `load`, `commit`, `annotate`, `list` and `delete`) throws an InjectedFailure instead of
 * doing anything. `close` never fails.
 */
export function failing(checkpointer: Checkpointer, nth: number): FailingCheckpointer {
  let calls = 0;
  const count = (method: string): void => {
    calls++;
    if (calls === nth) throw new InjectedFailure(method);
  };
  return {
    get calls() {
      return calls;
    },
    load(sessionId, known) {
      count("load");
      return checkpointer.load(sessionId, known);
    },
    commit(checkpoint, options) {
      count("commit");
      return checkpointer.commit(checkpoint, options);
    },
    annotate(write) {
      count("annotate");
      return checkpointer.annotate(write);
    },
    list(query) {
      count("list");
      return checkpointer.list(query);
    },
    delete(sessionId) {
      count("delete");
      return checkpointer.delete(sessionId);
    },
    close: () => checkpointer.close(),
  };
}
