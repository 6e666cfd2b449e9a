/** A channel that holds the last value written, by one writer a superstep (B5). */
import { type Channel, type ChannelOptions, channelOptions } from "./channel.js";

/** One value; two tasks that write it in one superstep are a ConcurrentWriteError (several writes of one task: the last). Say what an empty list holds: `lastValue<string[]>([])`. */
export function lastValue<V>(initial: V, options: ChannelOptions<V> = {}): Channel<V, V> {
  return {
    ...channelOptions(options),
    kind: "lastValue",
    initial: () => initial,
    reduce: replaced,
    exclusive: true,
    netWrite: replacement,
  };
}

function replacement<V>(former: V, now: V): V | undefined {
  return Object.is(former, now) ? undefined : now;
}

function replaced<V>(_current: V, write: V): V {
  return write;
}
