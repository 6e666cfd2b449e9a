/** A channel that collects items in a list, by structural copy, with the appended items as its delta. */
import { InvalidOptionError, shown } from "../errors.js";
import { type Channel, type ChannelOptions, channelOptions, type Fold } from "./channel.js";
import { appendSealed, WHOLE } from "./delta.js";

/** A list; a write is one item, or a list of items (an item that is itself a list goes inside a list). Throws InvalidOptionError for an `initial` that is no list. */
export function append<Item>(
  initial: readonly Item[] = [],
  options: ChannelOptions<readonly Item[]> = {},
): Channel<readonly Item[], Item | readonly Item[]> {
  const isList: boolean = Array.isArray(initial);
  if (!isList)
    throw new InvalidOptionError(
      "initial",
      `of \`append\` is ${shown(initial)}, which is no list`,
      "pass append([], options)",
    );
  return {
    ...channelOptions(options),
    kind: "append",
    initial: () => initial,
    reduce: appended,
    fold: foldItems,
    netWrite: addedItems,
  };
}

function appended<Item>(list: readonly Item[], write: Item | readonly Item[]): readonly Item[] {
  const items = itemsOf(write);
  return items.length === 0 ? list : [...list, ...items];
}

/** Copies the list once, however many tasks append to it. */
function foldItems<Item>(list: readonly Item[]): Fold<readonly Item[], Item | readonly Item[]> {
  const all: Item[] = [];
  return {
    write(write) {
      const items = itemsOf(write);
      if (items.length === 0) return undefined;
      for (const item of items) all.push(item);
      return [{ op: "append", path: WHOLE, items }];
    },
    finish: () => (all.length === 0 ? list : appendSealed(list, all)),
  };
}

/** As a list, so that an item that is a list stays one. */
function addedItems<Item>(former: readonly Item[], now: readonly Item[]): readonly Item[] | undefined {
  return now.length > former.length ? now.slice(former.length) : undefined;
}

function itemsOf<Item>(write: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(write) ? write : [write as Item];
}
