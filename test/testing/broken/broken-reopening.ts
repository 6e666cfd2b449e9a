/** Stores that forget when they are closed. */
import { type Checkpointer, type LeaseClaim, MemoryCheckpointer, type StoredSession } from "superstep";
import { intercept } from "superstep/testing";
import type { BrokenStore } from "./broken-store.js";

export const brokenReopening: readonly BrokenStore[] = [
  {
    mistake: "forgets everything when it is closed",
    checks: ["what was committed is loaded, all of it"],
    open: () => new MemoryCheckpointer(),
    reopen: () => new MemoryCheckpointer(),
  },
  {
    mistake: "forgets records when it is closed",
    checks: ["S6: a thousand tasks keep a record each"],
    open: () => new MemoryCheckpointer(),
    reopen: (store) =>
      intercept(store, ({ method, proceed }) => {
        const answer = proceed();
        return method === "load" ? { ...(answer as StoredSession), records: [] } : answer;
      }),
  },
  {
    mistake: "forgets leases when it is closed",
    checks: ["C4: a lease that holds is not granted again, not even to its owner, and says whose it is"],
    open: () => new MemoryCheckpointer(),
    reopen: (store) => {
      const leases = new MemoryCheckpointer();
      return intercept(store, ({ method, args, proceed }) =>
        method === "acquire" ? leases.acquire(args[0] as LeaseClaim) : proceed(),
      );
    },
  },
  forgetful(),
];

function forgetful(): BrokenStore {
  let late: (() => unknown)[] = [];
  const open = (): Checkpointer =>
    intercept(new MemoryCheckpointer(), ({ method, proceed }) => {
      for (const write of late.splice(0)) write();
      if (method !== "commit") return proceed();
      late.push(proceed);
      return 0;
    });
  return {
    mistake: "says that a commit is written before it is, and forgets it when it is closed",
    checks: ["T1: what is being written when the store is closed is written, or refused"],
    open,
    reopen: (store) => {
      late = [];
      return store;
    },
  };
}
