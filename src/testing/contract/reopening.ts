/** Stores that outlive the process: what was written is there when they are opened again. */
import type { Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, nextOf } from "../checkpoints.js";
import { intercept, type StoreMethod } from "../intercept.js";
import { commitAll, expectHead } from "./expectations.js";

/** Closes a store, and opens it again. */
export type Reopen = (store: Checkpointer) => Checkpointer | Promise<Checkpointer>;

/** Given an empty store that can be opened again. Gives the one that is open in the end. */
export type ReopeningCheck = (store: Checkpointer, reopen: Reopen) => Promise<Checkpointer>;

export const reopeningChecks: Readonly<Record<string, ReopeningCheck>> = {
  "T1: what is being written when the store is closed is written, or refused": checkClosing,
};

/** Calls that tell what was written before. */
const ASKING: ReadonlySet<StoreMethod> = new Set([
  "load",
  "list",
  "history",
  "at",
  "acquire",
  "renew",
  "cached",
  "artifact",
]);
const READING: ReadonlySet<StoreMethod> = new Set(["load", "list", "history", "at", "cached", "artifact"]);

/** The same store, closed and opened again before it is asked for what was written since; not while other calls are under way. */
export function reopening(store: Checkpointer, reopen: Reopen): Checkpointer {
  let open: Checkpointer | Promise<Checkpointer> = store;
  let hasWritten = false;
  let underway = 0;
  const calls = intercept(store, async ({ method, args }) => {
    if (underway === 0 && hasWritten && ASKING.has(method)) {
      open = Promise.resolve(open).then(reopen);
      hasWritten = false;
    }
    hasWritten ||= !READING.has(method);
    underway++;
    try {
      const current = await open;
      return await (current[method] as (...given: readonly unknown[]) => unknown).apply(current, [...args]);
    } finally {
      underway--;
    }
  });
  return { ...calls, close: async () => (await open).close() };
}

async function checkClosing(store: Checkpointer, reopen: Reopen): Promise<Checkpointer> {
  const firsts = Array.from({ length: 20 }, (_, i) => firstOf(`s${i}`, { state: { n: 0 } }));
  await commitAll(store, firsts);
  const seconds = firsts.map((first, i) => nextOf(first, "n", replaceAll(i)));
  const writing = Promise.allSettled(seconds.map(async (second) => store.commit(second)));
  const reopened = await reopen(store);
  const settled = await writing;
  for (const [place, first] of firsts.entries()) {
    const isWritten = settled[place]?.status === "fulfilled";
    await expectHead(reopened, isWritten ? (seconds[place] ?? first) : first);
  }
  return reopened;
}
