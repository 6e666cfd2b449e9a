/** A channel folded as a JSON merge patch (RFC 7396, https://www.rfc-editor.org/rfc/rfc7396). */
import type { Channel, ChannelOptions, Fold } from "./channel.js";
import type { DeltaOp } from "./delta.js";
import type { Path } from "./path.js";
import { seal, sealShallow } from "./seal.js";

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
  return { ...options, kind: "merge", initial: () => initial, reduce: patched, fold: foldPatches };
}

type Fields = Record<string, unknown>;
interface Merging {
  readonly ops: DeltaOp[];
  /** Copies made by this fold: changed in place from then on, frozen at its end. */
  readonly own: Set<object>;
}

function patched<V extends object>(current: V, patch: MergePatch<V>): V {
  const fold = foldPatches(current);
  fold.write(patch);
  return fold.finish();
}

/** Copies a record at most once, however many tasks patch it, and never looks at keys that no patch names. */
function foldPatches<V extends object>(current: V): Fold<V, MergePatch<V>> {
  const own = new Set<object>();
  let value = current as Fields;
  return {
    write(patch) {
      if (!isRecord(patch)) throw new TypeError("a merge patch is a plain object");
      const merging: Merging = { ops: [], own };
      value = mergeInto(merging, value, patch, []);
      return merging.ops.length === 0 ? undefined : merging.ops;
    },
    finish() {
      for (const copy of own) sealShallow(copy);
      return value as V;
    },
  };
}

/** The same object when nothing changes. */
function mergeInto(merging: Merging, current: Fields, patch: Fields, path: Path): Fields {
  let next = current;
  for (const key of Object.keys(patch)) {
    const part = patch[key];
    const inner = isRecord(part) && Object.hasOwn(next, key) ? next[key] : undefined;
    if (part === undefined) continue;
    if (part === null) next = removeKey(merging, next, [...path, key]);
    else if (!isRecord(part) || !isRecord(inner)) next = setKey(merging, next, [...path, key], withoutNulls(part));
    else next = putKey(merging, next, key, mergeInto(merging, inner, part, [...path, key]));
  }
  return next;
}

function removeKey(merging: Merging, current: Fields, path: Path): Fields {
  const key = String(path.at(-1));
  if (!Object.hasOwn(current, key)) return current;
  const next = ownCopy(merging, current);
  delete next[key];
  merging.ops.push({ op: "remove", path });
  return next;
}

function setKey(merging: Merging, current: Fields, path: Path, value: unknown): Fields {
  const key = String(path.at(-1));
  const had = Object.hasOwn(current, key);
  if (had && Object.is(current[key], value)) return current;
  seal(value, path);
  merging.ops.push({ op: had ? "replace" : "add", path, value });
  return putKey(merging, current, key, value);
}

function putKey(merging: Merging, current: Fields, key: string, value: unknown): Fields {
  if (Object.hasOwn(current, key) && Object.is(current[key], value)) return current;
  const next = ownCopy(merging, current);
  next[key] = value;
  return next;
}

function ownCopy({ own }: Merging, record: Fields): Fields {
  if (own.has(record)) return record;
  const copy =
    Object.getPrototypeOf(record) === null ? Object.assign(Object.create(null) as Fields, record) : { ...record };
  own.add(copy);
  return copy;
}

/** A patch that meets nothing: what is left of it when nulls delete nothing. */
function withoutNulls(part: unknown): unknown {
  if (!isRecord(part)) return part;
  const entries = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutNulls(value)]));
}

function isRecord(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
