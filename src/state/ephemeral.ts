/** A channel whose value is gone after the next superstep, from state and from history. */
import type { Channel } from "./channel.js";

/** A value that lives for the next superstep only: kept with the head checkpoint until then, absent from state and history after it. */
export function ephemeral<V>(): Channel<V | undefined, V> {
  return {
    kind: "ephemeral",
    initial: () => undefined,
    reduce: (_current, write) => write,
    exclusive: true,
    ephemeral: true,
    netWrite: (former, now) => (Object.is(former, now) ? undefined : now),
  };
}
