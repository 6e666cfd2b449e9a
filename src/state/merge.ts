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
  let next: Record<string, unknown> | undefined;
  for (const key of Object.keys(patch)) {
    const part = patch[key];
    const had = Object.hasOwn(current, key);
    if (part === undefined || (part === null && !had)) continue;
    const value = isRecord(part) ? mergeInto(isRecord(current[key]) && had ? current[key] : {}, part) : part;
    if (part !== null && had && Object.is(value, current[key])) continue;
    next ??= { ...current };
    if (part === null) delete next[key];
    else next[key] = value;
  }
  return next ?? current;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
