/** A store that fails: SQLite's way of testing what happens when the n-th operation does not work, for every n. */
import type { Checkpointer } from "../session/checkpointer.js";
import { intercept, type StoreMethod } from "./intercept.js";

/** What the n-th call of a failing store throws. */
export class InjectedFailure extends TypeError {
  constructor(readonly method: StoreMethod) {
    super(`injected failure of ${method}`);
  }
}

/** A failing store, and how many calls it has seen. */
export interface FailingCheckpointer extends Checkpointer {
  readonly calls: number;
}

/**
 * The same store, whose `nth` call (from 1, over every method but `close`) throws an InjectedFailure instead of doing anything.
 * With `after: true` it throws when the call has been made and done: an answer that got lost.
 */
export function failing(
  checkpointer: Checkpointer,
  nth: number,
  { after = false }: { readonly after?: boolean } = {},
): FailingCheckpointer {
  let calls = 0;
  const store = intercept(checkpointer, ({ method, proceed }) => {
    calls++;
    if (calls !== nth) return proceed();
    if (!after) throw new InjectedFailure(method);
    return Promise.resolve(proceed()).then(() => {
      throw new InjectedFailure(method);
    });
  });
  return Object.defineProperty(store, "calls", { get: () => calls }) as FailingCheckpointer;
}
