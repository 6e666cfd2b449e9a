/** A conversation as a channel: messages are appended, replaced by id and removed by id. */
import type { Channel, Fold } from "./channel.js";
import type { Delta, DeltaOp } from "./delta.js";
import { isEqual } from "./equality.js";
import { heightOf, sealShallow } from "./seal.js";

/** One message of a conversation with a model. */
export interface Message {
  readonly id?: string;
  readonly role: "system" | "user" | "assistant" | "tool" | (string & {});
  readonly content: string | readonly unknown[];
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  readonly toolCallId?: string;
}

/** A write that deletes the message of that id. */
export interface RemoveMessage {
  readonly remove: string;
}

/** A write that deletes the message of that id from a `messages` channel; a ReducerError when there is none. */
export function removeMessage(id: string): RemoveMessage {
  return { remove: id };
}

/** Throws when one id stands for two messages: nobody could tell which one a write means. */
function checkedIds<M extends { readonly id?: string }>(list: readonly M[]): readonly M[] {
  const seen = new Set<string>();
  for (const { id } of list) {
    if (id === undefined) continue;
    if (seen.has(id)) throw new TypeError(`two messages have the id "${id}"`);
    seen.add(id);
  }
  return list;
}

type Write<M> = M | readonly (M | RemoveMessage)[] | RemoveMessage;

/** A conversation: writes append, a write with a known id replaces that message, `removeMessage(id)` deletes it. */
export function messages<M extends { readonly id?: string } = Message>(
  initial: readonly M[] = [],
): Channel<readonly M[], Write<M>> {
  return {
    kind: "messages",
    initial: () => checkedIds(initial),
    reduce: (list, write) => foldOnce(list, write),
    fold: foldMessages,
    netWrite: writesBetween,
  };
}

/**
 * Removals first, then what was replaced or added, in order. What is left of the former list stands at the beginning of the later one, in
 * its order; a message that was removed and came again stands behind it.
 */
function writesBetween<M extends { readonly id?: string }>(
  former: readonly M[],
  now: readonly M[],
): Write<M> | undefined {
  const removals: RemoveMessage[] = [];
  const changes: M[] = [];
  let place = 0;
  for (const message of former) {
    const later = now[place];
    if (later === undefined || later.id !== message.id) {
      if (message.id !== undefined) removals.push(removeMessage(message.id));
      continue;
    }
    place++;
    if (!isEqual(message, later)) changes.push(later);
  }
  const writes = [...removals, ...changes, ...now.slice(place)];
  return writes.length === 0 ? undefined : writes;
}

function foldOnce<M extends { readonly id?: string }>(list: readonly M[], write: Write<M>): readonly M[] {
  const fold = foldMessages(list);
  fold.write(write);
  return fold.finish();
}

function foldMessages<M extends { readonly id?: string }>(list: readonly M[]): Fold<readonly M[], Write<M>> {
  const next = Array.from(list);
  const places = placesOf(list);
  let changed = false;
  let height = Math.max(1, heightOf(list));
  return {
    write(write): Delta | undefined {
      const ops = (Array.isArray(write) ? write : [write]).flatMap((one) => writeOne(next, places, one));
      changed ||= ops.length > 0;
      height = Math.max(height, heightOf(write) + 1);
      return ops.length === 0 ? undefined : ops;
    },
    finish(): readonly M[] {
      placesByList.set(changed ? next : list, places);
      return changed ? sealShallow(next, height) : list;
    },
  };
}

/** Where each id stands. Handed on from list to list, so that no superstep scans the conversation. */
const placesByList = new WeakMap<readonly unknown[], Map<string, number>>();

function placesOf(list: readonly { readonly id?: string }[]): Map<string, number> {
  const known = placesByList.get(list);
  if (known !== undefined) {
    placesByList.delete(list);
    return known;
  }
  const places = new Map<string, number>();
  list.forEach((message, place) => {
    if (message.id !== undefined) places.set(message.id, place);
  });
  return places;
}

function writeOne<M extends { readonly id?: string }>(
  list: M[],
  places: Map<string, number>,
  write: M | RemoveMessage,
): DeltaOp[] {
  if (!isEntry(write)) throw new TypeError("a message is an object, and its id is a string if it has one");
  if (isRemoval(write)) return [removeAt(list, places, write.remove)];
  const place = write.id === undefined ? undefined : places.get(write.id);
  if (place !== undefined) {
    if (list[place] === write) return [];
    list[place] = write;
    return [{ op: "replace", path: [place], value: write }];
  }
  if (write.id !== undefined) places.set(write.id, list.length);
  list.push(write);
  return [{ op: "append", path: [], items: [write] }];
}

function isEntry(write: unknown): boolean {
  if (typeof write !== "object" || write === null || Array.isArray(write)) return false;
  const { id } = write as { readonly id?: unknown };
  return id === undefined || typeof id === "string";
}

function isRemoval(write: object): write is RemoveMessage {
  return "remove" in write && Object.keys(write).length === 1;
}

function removeAt(list: { readonly id?: string }[], places: Map<string, number>, id: string): DeltaOp {
  const place = places.get(id);
  if (place === undefined) throw new TypeError(`there is no message with id "${id}" to remove`);
  list.splice(place, 1);
  places.delete(id);
  for (let i = place; i < list.length; i++) {
    const later = list[i]?.id;
    if (later !== undefined) places.set(later, i);
  }
  return { op: "remove", path: [place] };
}
