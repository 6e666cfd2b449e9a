/** A store that gets one thing wrong: the one in memory, but for some of its calls. */
import { type Checkpoint, type Checkpointer, MemoryCheckpointer } from "superstep";
import { intercept, type StoreMethod } from "superstep/testing";

/** What is wrong with it, the checks that must find that out, and the store. */
export interface BrokenStore {
  readonly mistake: string;
  readonly checks: readonly string[];
  readonly open: () => Checkpointer;
  readonly reopen?: (store: Checkpointer) => Checkpointer;
}

/** What becomes of a call in place of being made. */
export type Mistakes = {
  readonly [M in StoreMethod]?: (
    inner: MemoryCheckpointer,
    ...args: Parameters<NonNullable<Checkpointer[M]>>
  ) => unknown;
};

/** A function gives mistakes that remember something: afresh for each store. */
export function broken(
  mistake: string,
  checks: string | readonly string[],
  mistakes: Mistakes | (() => Mistakes),
): BrokenStore {
  const open = (): Checkpointer => {
    const inner = new MemoryCheckpointer();
    const made = typeof mistakes === "function" ? mistakes() : mistakes;
    return intercept(inner, ({ method, args, proceed }) => {
      const instead = made[method] as
        | ((store: MemoryCheckpointer, ...given: readonly unknown[]) => unknown)
        | undefined;
      return instead === undefined ? proceed() : instead(inner, ...args);
    });
  };
  return { mistake, checks: [checks].flat(), open };
}

/** Makes the checkpoint the head, whatever the head is. */
export function force(inner: MemoryCheckpointer, checkpoint: Checkpoint): number {
  return inner.commit({ ...checkpoint, parentSeq: undefined }, { replace: true });
}

export function headOf(inner: MemoryCheckpointer, sessionId: string): Checkpoint | undefined {
  return inner.load(sessionId)?.checkpoint;
}

/** What the call gives, or what it gives instead of that error. */
export function insteadOf<T>(kind: abstract new (...args: never[]) => Error, call: () => T, instead: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof kind) return instead();
    throw error;
  }
}
