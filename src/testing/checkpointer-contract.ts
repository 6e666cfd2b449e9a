/** What every store must do: plain values, free of a test runner. */
import type { Checkpointer } from "../session/checkpointer.js";
import { artifactPieceChecks } from "./contract/artifact-pieces.js";
import { artifactChecks } from "./contract/artifacts.js";
import type { Check, Checks } from "./contract/expectations.js";
import { fenceChecks } from "./contract/fences.js";
import { forkChecks } from "./contract/forks.js";
import { leaseChecks } from "./contract/leases.js";
import { lineChecks } from "./contract/lines.js";
import { noteChecks } from "./contract/notes.js";
import { outcomeChecks } from "./contract/outcomes.js";
import { pastChecks } from "./contract/past.js";
import { pruningChecks } from "./contract/pruning.js";
import { type Reopen, type ReopeningCheck, reopening, reopeningChecks } from "./contract/reopening.js";
import { sessionChecks } from "./contract/sessions.js";
import { turnChecks } from "./contract/turns.js";
import { valueChecks } from "./contract/values.js";

/** What a store can do besides its port. */
export interface ContractOptions {
  /** Closes a store and opens the same one again. With it, every check is made a second time, and the store reopened before each reading. */
  readonly reopen?: Reopen | undefined;
}
/** One thing that a store must do. */
export interface ContractCheck {
  /** A sentence. Begins with the law that it holds the store to, where there is one. */
  readonly name: string;
  /** `open` gives an empty store, a new one each time. Rejects when the store does not do it. */
  check(open: () => Checkpointer, options?: ContractOptions): Promise<void>;
}

const topics: readonly Checks[] = [
  ...[lineChecks, noteChecks, valueChecks, sessionChecks],
  ...[leaseChecks, fenceChecks, turnChecks],
  ...[pastChecks, forkChecks, pruningChecks, outcomeChecks, artifactChecks, artifactPieceChecks],
];

/** The contract of the store's port: run every check against your implementation. */
export const checkpointerContract: readonly ContractCheck[] = [
  ...topics.flatMap((checks) => Object.entries(checks)).map(([name, check]) => ({ name, check: twice(check) })),
  ...Object.entries(reopeningChecks).map(([name, check]) => ({ name, check: onceReopened(check) })),
];

/** As it is open, and reopened again and again. */
function twice(check: Check): ContractCheck["check"] {
  return async (open, { reopen } = {}) => {
    await checkOn(open(), check);
    if (reopen !== undefined) await checkOn(reopening(open(), reopen), check);
  };
}

function onceReopened(check: ReopeningCheck): ContractCheck["check"] {
  return async (open, { reopen } = {}) => {
    if (reopen === undefined) return;
    const reopened = await check(open(), reopen);
    await reopened.close();
  };
}

async function checkOn(store: Checkpointer, check: Check): Promise<void> {
  try {
    await check(store);
  } finally {
    await store.close();
  }
}
