/** Stores whose cache gets one thing wrong. */
import type { CacheEntry } from "superstep";
import { type BrokenStore, broken } from "./broken-store.js";

const KEPT = "an outcome is kept under its key, with all that is in it, and under no other";
const REPLACED = "a later outcome takes the place of the one of the same key";
const EXPIRY = "an outcome counts until it expires, and not at that moment";
const BESIDE = "an outcome stays when sessions are deleted and pruned, and changes none";
const MANY = "outcomes that are kept at the same time are all kept";

export const brokenOutcomes: readonly BrokenStore[] = [
  broken("keeps no outcomes", [KEPT, REPLACED, EXPIRY, BESIDE, MANY], { cache: () => undefined }),
  broken("keeps outcomes as JSON", KEPT, {
    cached: (inner, key, at) => {
      const outcome = inner.cached(key, at);
      return outcome && JSON.parse(JSON.stringify(outcome, (_, value) => (typeof value === "bigint" ? 1 : value)));
    },
  }),
  broken("takes keys for the same that differ in case only", KEPT, {
    cache: (inner, entry) => inner.cache({ ...entry, key: entry.key.toLowerCase() }),
    cached: (inner, key, at) => inner.cached(key.toLowerCase(), at),
  }),
  broken("keeps the first outcome of a key", REPLACED, {
    cache: (inner, entry) => (inner.cached(entry.key, 0) === undefined ? inner.cache(entry) : undefined),
  }),
  broken("gives outcomes that have expired", EXPIRY, { cached: (inner, key) => inner.cached(key, 0) }),
  broken("counts an outcome at the moment when it expires", EXPIRY, {
    cached: (inner, key, at) => inner.cached(key, at - 0.01),
  }),
  broken("forgets outcomes that never expire when it is cleared", EXPIRY, () => {
    const lasting: CacheEntry[] = [];
    return {
      cache: (inner, entry) => {
        for (const one of lasting.splice(0)) inner.cache({ ...one, expiresAt: entry.at });
        if (entry.expiresAt === undefined) lasting.push(entry);
        inner.cache(entry);
      },
    };
  }),
  broken("forgets the outcomes when a session is deleted", BESIDE, () => {
    let isGone = false;
    return {
      delete: (inner, sessionId, fence) => {
        isGone = true;
        inner.delete(sessionId, fence);
      },
      cached: (inner, key, at) => (isGone ? undefined : inner.cached(key, at)),
    };
  }),
  broken("keeps one outcome a turn", MANY, () => {
    let isTaken = false;
    return {
      cache: (inner, entry) => {
        if (isTaken) return;
        isTaken = true;
        setImmediate(() => {
          isTaken = false;
        });
        inner.cache(entry);
      },
    };
  }),
];
