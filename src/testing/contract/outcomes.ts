/** Outcomes of nodes, for every session: what is kept under a key counts until it expires. A store without a cache has nothing to prove. */
import { deepStrictEqual } from "node:assert/strict";
import type { CacheEntry, Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import type { TaskOutcome } from "../../superstep/outcome.js";
import { firstOf, nextOf } from "../checkpoints.js";
import { type Check, type Checks, expectHead } from "./expectations.js";

type CachingStore = Checkpointer & Required<Pick<Checkpointer, "cached" | "cache">>;

export const outcomeChecks: Checks = {
  "an outcome is kept under its key, with all that is in it, and under no other": cached(checkKept),
  "a later outcome takes the place of the one of the same key": cached(checkReplaced),
  "an outcome counts until it expires, and not at that moment": cached(checkExpiry),
  "an outcome stays when sessions are deleted and pruned, and changes none": cached(checkBesideSessions),
  "outcomes that are kept at the same time are all kept": cached(checkMany),
};

const OUTCOME: TaskOutcome = {
  updates: [
    { n: 1, when: new Date(5), big: 2n ** 70n, text: "\ud800\u0000é", nothing: undefined, list: [-0, Number.NaN] },
  ],
  routes: [{ mode: "append", targets: ["a", { node: "b", input: new Map([[1, "x"]]) }] }],
};
const KEYS = ["k", "K", "", "k\u0000", "%", "é", "e\u0301", "'"];

function cached(check: (store: CachingStore) => Promise<void>): Check {
  return async (store) => {
    if (store.cached !== undefined && store.cache !== undefined) await check(store as CachingStore);
  };
}

function entryOf(key: string, outcome: TaskOutcome, expiresAt?: number): CacheEntry {
  return { key, outcome, at: 1_000, expiresAt };
}

function writing(value: unknown): TaskOutcome {
  return { updates: [{ value }], routes: [] };
}

async function checkKept(store: CachingStore): Promise<void> {
  for (const key of KEYS) {
    deepStrictEqual(await store.cached(key, 1_000), undefined);
    await store.cache(entryOf(key, { ...OUTCOME, updates: [...OUTCOME.updates, { key }] }));
  }
  for (const key of KEYS) {
    const expected = { ...OUTCOME, updates: [...OUTCOME.updates, { key }] };
    deepStrictEqual(await store.cached(key, Number.MAX_SAFE_INTEGER), expected);
  }
}

async function checkReplaced(store: CachingStore): Promise<void> {
  await store.cache(entryOf("k", writing(1), 1_500));
  await store.cache(entryOf("k", writing(2)));
  deepStrictEqual(await store.cached("k", 2_000), writing(2));
  await store.cache(entryOf("k", writing(3), 1_500));
  deepStrictEqual(await store.cached("k", 1_499), writing(3));
  deepStrictEqual(await store.cached("k", 2_000), undefined);
}

async function checkExpiry(store: CachingStore): Promise<void> {
  await store.cache(entryOf("soon", writing("soon"), 1_500.5));
  await store.cache(entryOf("ever", writing("ever")));
  deepStrictEqual(await store.cached("soon", 1_500.25), writing("soon"));
  deepStrictEqual(await store.cached("soon", 1_500.5), undefined);
  await store.cache({ key: "late", outcome: writing("late"), at: 9_000, expiresAt: 9_001 });
  deepStrictEqual(await store.cached("soon", 1_500.5), undefined);
  deepStrictEqual(await store.cached("late", 9_000), writing("late"));
  deepStrictEqual(await store.cached("ever", 9_000), writing("ever"));
}

async function checkBesideSessions(store: CachingStore): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  await store.commit(first);
  await store.cache(entryOf("s", writing(1)));
  await store.commit(second);
  await expectHead(store, second);
  await store.prune({ keepLast: 1, madeBefore: Number.MAX_SAFE_INTEGER });
  await expectHead(store, second);
  await store.delete("s");
  deepStrictEqual(await store.cached("s", 2_000), writing(1));
}

async function checkMany(store: CachingStore): Promise<void> {
  const values = Array.from({ length: 200 }, (_, value) => value);
  await Promise.all(values.map(async (value) => store.cache(entryOf(`k${value}`, writing(value), 2_000 + value))));
  for (const value of values) deepStrictEqual(await store.cached(`k${value}`, 1_999), writing(value));
}
