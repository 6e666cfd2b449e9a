/** A channel folded as a JSON merge patch (RFC 7396, https://www.rfc-editor.org/rfc/rfc7396). */
import type { Channel, ChannelOptions } from "./channel.js";

/** A patch of V: any part of it, `null` to delete a key. Dates, Maps, lists and functions are values. */
export type MergePatch<V> = V extends
  | readonly unknown[]
  | Date
  // biome-ignore lint/suspicious/noExplicitAny: type-level match
  | Map<any, any>
  // biome-ignore lint/suspicious/noExplicitAny: type-level match
  | Set<any>
  // biome-ignore lint/suspicious/noExplicitAny: type-level match
  | ((...args: any) => any)
  ? V
  : V extends object
    ? { readonly [K in keyof V]?: MergePatch<V[K]> | null }
    : V;

/** A record folded as a JSON merge patch (RFC 7396), recursively in plain objects: null deletes a key. Dates, Maps, lists and class instances are values. */
export function merge<V extends object>(initial: V, options: ChannelOptions<V> = {}): Channel<V, MergePatch<V>> {
  return { ...options, kind: "merge", initial: () => initial, reduce: patched };
}

function patched<V extends object>(current: V, patch: MergePatch<V>): V {
  if (!isRecord(patch)) throw new TypeError("a merge patch is a plain object");
  return mergeInto(current as Record<string, unknown>, patch) as V;
}

/** The same object when nothing changes. */
function mergeInto(current: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const next = { ...current };
  let changed = false;
  for (const key of Object.keys(patch)) changed = mergeKey(next, key, patch[key]) || changed;
  return changed ? next : current;
}

/** True when the key's value is another one now. */
function mergeKey(next: Record<string, unknown>, key: string, part: unknown): boolean {
  if (part === undefined) return false;
  const had = Object.hasOwn(next, key);
  if (part === null) {
    delete next[key];
    return had;
  }
  const former = had ? next[key] : undefined;
  const value = isRecord(part) ? mergeInto(isRecord(former) ? former : {}, part) : part;
  next[key] = value;
  return !had || !Object.is(value, former);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
