/** Channels with a fold of the user's own, on an immer draft. The only file that knows immer. */
import { enableMapSet, Immer, isDraftable } from "immer";
import { type Channel, type ChannelOptions, channelOptions } from "./channel.js";

enableMapSet();
/** Freezing is done by the barrier, and only of what is new. */
const immer = new Immer({ autoFreeze: false });

/** Your own fold. It gets an immer draft: change it in place, or return the next value. A Date, a URL or bytes come as they are. */
export function reducer<V, W = V>(
  initial: V,
  reduce: (draft: V, write: W) => V | void,
  options: ChannelOptions<V> = {},
): Channel<V, W> {
  const { label = String(reduce), ...others } = channelOptions(options);
  return {
    ...others,
    label,
    kind: "reducer",
    initial: () => initial,
    reduce: (current, write) => folded(current, write, reduce),
  };
}

function folded<V, W>(current: V, write: W, reduce: (draft: V, write: W) => V | void): V {
  if (isDraftable(current)) {
    return immer.produce(current, (draft) => reduce(draft as V, write) as never);
  }
  const next = reduce(current, write);
  return next === undefined ? current : next;
}
