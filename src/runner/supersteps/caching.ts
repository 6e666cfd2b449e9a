/** The store's cache as the tasks of a superstep use it: under which key, and for how long. */
import { createHash } from "node:crypto";
import { canonicalText } from "../../session/canonical.js";
import type { Channels } from "../../state/channel.js";
import type { OutcomeCache } from "../../superstep/outcome-cache.js";
import { type Awaitable, after } from "../../superstep/thenable.js";
import type { Engine } from "../run.js";

/** `attend` waits for a write, and answers for its failure. */
export function cacheOf<C extends Channels>(
  { store, clock, plan }: Engine<C>,
  attend: (write: () => Awaitable<void>) => Awaitable<void>,
): OutcomeCache {
  return {
    find(node, { key: value, version }, { ttlMs }) {
      const key = keyOf([plan.name, node, version, value]);
      return after(store.cached(key, clock.now()), (outcome) => ({
        outcome,
        keep: (fresh) => {
          const at = clock.now();
          const expiresAt = ttlMs === undefined ? undefined : at + ttlMs;
          return attend(() => store.cache({ key, outcome: fresh, at, expiresAt }));
        },
      }));
    },
  };
}

/** As long as any other, whatever the value weighs. */
function keyOf(parts: readonly [graph: string, node: string, version: string | undefined, value: unknown]): string {
  return createHash("sha256").update(canonicalText(parts)).digest("hex");
}
