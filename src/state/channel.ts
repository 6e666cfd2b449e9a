/**
 * A channel is a slot of session state: an initial value, and how one write is folded into it (B2).
 * Values are frozen and shared by reference; what a fold changed is told as a delta (B7, B8).
 */
import { checkNames, type OptionNames } from "../errors.js";
import type { Delta } from "./delta.js";
import type { StandardSchema } from "./schema.js";

/** A named slot of session state: an initial value and how one write is folded into it. */
export interface Channel<Value, Write = Value> {
  readonly kind: string;
  readonly initial: () => Value;
  readonly reduce: (current: Value, write: Write) => Value;
  readonly schema?: StandardSchema<Value> | undefined;
  readonly label?: string | undefined;
  /** As ChannelOptions.artifactsAbove. */
  readonly artifactsAbove?: number | boolean | undefined;
  /** Takes one writer per superstep; a second one is a ConcurrentWriteError (B5). */
  readonly exclusive?: boolean;
  /** Lives for the next superstep only. */
  readonly ephemeral?: boolean;
  /** A faster `reduce` for many writes that also tells its delta; must agree with `reduce`. */
  readonly fold?: (current: Value) => Fold<Value, Write>;
  /**
   * The write that turns one value into a later one; `undefined` when they are the same. What happened in a subgraph is one write in the
   * graph around it. Without it, such a channel cannot be shared.
   */
  readonly netWrite?: (former: Value, now: Value) => Write | undefined;
}

/** The writes of one superstep going into one channel. */
export interface Fold<Value, Write> {
  /** Folds one write and says what it changed; `undefined` when nothing did. */
  write(write: Write): Delta | undefined;
  /** The value after all writes so far, frozen. */
  finish(): Value;
}

/** What `lastValue`, `append`, `merge` and `reducer` take besides their initial value. */
export interface ChannelOptions<Value> {
  /** Checked after every barrier that touched the channel, and on session input. A check only: what it returns is not used; an asynchronous one is refused. */
  readonly schema?: StandardSchema<Value> | undefined;
  /** Goes into the graph's fingerprint in place of the reducer's source. */
  readonly label?: string | undefined;
  /**
   * Bytes that a value may take in a checkpoint: what is written to the channel, or all that it holds, is kept as an artifact when it takes
   * more; `true`: 65,536. Nodes and readers of the state see no difference. For stores on disk that can; ephemeral values never are.
   */
  readonly artifactsAbove?: number | boolean | undefined;
}

const OPTIONS = { schema: true, label: true, artifactsAbove: true } satisfies OptionNames<ChannelOptions<unknown>>;

/** The options, checked. Throws InvalidOptionError for a name that is none of theirs. */
export function channelOptions<Value>(options: ChannelOptions<Value>): ChannelOptions<Value> {
  checkNames(options, OPTIONS);
  return options;
}

// biome-ignore lint/suspicious/noExplicitAny: a record of channels of any value and write is the bound that inference needs
export type AnyChannel = Channel<any, any>;

/** The channels of a graph, by name. */
export type Channels = Record<string, AnyChannel>;

/** The state that nodes see: each channel's value, by name. Frozen. */
export type StateOf<C extends Channels> = {
  // biome-ignore lint/suspicious/noExplicitAny: type-level match on any write
  readonly [K in keyof C]: C[K] extends Channel<infer V, any> ? V : never;
};

/** What a node writes, by channel. A key whose value is `undefined` is not written. */
export type UpdateOf<C extends Channels> = {
  // biome-ignore lint/suspicious/noExplicitAny: type-level match on any value
  readonly [K in keyof C]?: (C[K] extends Channel<any, infer W> ? W : never) | undefined;
};
