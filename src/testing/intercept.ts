/** A store whose every call goes through one function first: for stores that fail, are late, or forget to answer. */
import type { Checkpointer } from "../session/checkpointer.js";

/** The calls of the store's port. */
export type StoreMethod = Exclude<keyof Checkpointer, "close">;

/** One call of a store: what is called, with what, and the call itself. */
export interface StoreCall {
  readonly method: StoreMethod;
  readonly args: readonly unknown[];
  /** Makes the call; its answer may be a promise. */
  readonly proceed: () => unknown;
}

const METHODS: readonly StoreMethod[] = [
  ...(["load", "commit", "annotate", "list", "delete", "history", "at", "prune"] as const),
  ...(["acquire", "renew", "askToStop", "release"] as const),
  ...(["cached", "cache", "putArtifact", "artifact"] as const),
  ...(["draftArtifact", "keepDraft", "dropDraft", "artifactRange"] as const),
];

/** The same store; `around` decides what becomes of each call, `close` apart. */
export function intercept(checkpointer: Checkpointer, around: (call: StoreCall) => unknown): Checkpointer {
  const calls = METHODS.flatMap((method) => {
    const target = checkpointer[method] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (target === undefined) return [];
    const call = (...args: readonly unknown[]): unknown =>
      around({ method, args, proceed: () => target.apply(checkpointer, [...args]) });
    return [[method, call] as const];
  });
  return Object.assign(Object.fromEntries(calls), { close: () => checkpointer.close() }) as unknown as Checkpointer;
}
