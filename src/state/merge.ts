/** A channel folded as a JSON merge patch (RFC 7396, https://www.rfc-editor.org/rfc/rfc7396). */
import { type Channel, type ChannelOptions, channelOptions, type Fold } from "./channel.js";
import type { DeltaOp } from "./delta.js";
import { isEqual } from "./equality.js";
import type { Path } from "./path.js";
import { isPlainRecord } from "./plain.js";
import { heightOf, isSealed, seal, sealShallow } from "./seal.js";

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

/** A record folded as a JSON merge patch (RFC 7396), recursively in plain objects: null deletes a key, also one that its type says is always there. Dates, Maps, lists and class instances are values. */
export function merge<V extends object>(initial: V, options: ChannelOptions<V> = {}): Channel<V, MergePatch<V>> {
  return {
    ...channelOptions(options),
    kind: "merge",
    initial: () => initial,
    reduce: patched,
    fold: foldPatches,
    netWrite: patchBetween,
  };
}

/** Nothing that can be stored is as deep, unless it refers to itself. */
const MAX_DEPTH = 1_000;

type Fields = Record<string, unknown>;
interface Merging {
  readonly ops: DeltaOp[];
  /** Copies made by this fold, with the levels they have: changed in place from then on, frozen at its end. */
  readonly own: Map<object, number>;
}

function patched<V extends object>(current: V, patch: MergePatch<V>): V {
  const fold = foldPatches(current);
  fold.write(patch);
  return fold.finish();
}

function patchBetween<V extends object>(former: V, now: V): MergePatch<V> | undefined {
  return differences(former as Fields, now as Fields) as MergePatch<V> | undefined;
}

function differences(former: Fields, now: Fields): Fields | undefined {
  if (former === now) return undefined;
  const removed = Object.keys(former).filter((key) => !Object.hasOwn(now, key));
  const patch: Fields = Object.fromEntries(removed.map((key) => [key, null]));
  for (const key of Object.keys(now)) {
    const part = change(Object.hasOwn(former, key) ? former[key] : undefined, now[key]);
    if (part !== undefined) patch[key] = part;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** By what values are, not by reference: either may have been read from a store. */
function change(was: unknown, is: unknown): unknown {
  if (isRecord(was) && isRecord(is)) return differences(was, is);
  return isEqual(was, is) ? undefined : is;
}

/** Copies a record at most once, however many tasks patch it, and never looks at keys that no patch names. */
function foldPatches<V extends object>(current: V): Fold<V, MergePatch<V>> {
  const own = new Map<object, number>();
  let value = current as Fields;
  return {
    write(patch) {
      if (!isRecord(patch)) throw new TypeError("a merge patch is a plain object");
      const merging: Merging = { ops: [], own };
      value = mergeInto(merging, value, patch, []);
      return merging.ops.length === 0 ? undefined : merging.ops;
    },
    finish() {
      for (const [copy, height] of own) sealShallow(copy, height);
      return value as V;
    },
  };
}

/** The same object when nothing changes. */
function mergeInto(merging: Merging, current: Fields, patch: Fields, path: Path): Fields {
  checkDepth(path.length);
  let next = current;
  for (const key of Object.keys(patch)) {
    const part = patch[key];
    const inner = isRecord(part) && Object.hasOwn(next, key) ? next[key] : undefined;
    if (part === undefined) continue;
    if (part === null) next = removeKey(merging, next, [...path, key]);
    else if (!isRecord(part) || !isRecord(inner))
      next = setKey(merging, next, [...path, key], withoutNulls(part, path.length));
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
  const { own } = merging;
  const isSame = Object.hasOwn(current, key) && Object.is(current[key], value);
  if (isSame && !own.has(current)) return current;
  const next = ownCopy(merging, current);
  if (!isSame) next[key] = value;
  const height = own.get(value as object) ?? heightOf(value);
  own.set(next, Math.max(own.get(next) ?? 1, height + 1));
  return next;
}

function ownCopy({ own }: Merging, record: Fields): Fields {
  if (own.has(record)) return record;
  const copy =
    Object.getPrototypeOf(record) === null ? Object.assign(Object.create(null) as Fields, record) : { ...record };
  own.set(copy, Math.max(1, heightOf(record)));
  return copy;
}

/** What is left of sealed records without their nulls. A big one that is written again and again is looked into once. */
const stripped = new WeakMap<object, object>();

/** A patch that meets nothing: what is left of it when nulls delete nothing. The same object where there are none. */
function withoutNulls(part: unknown, depth: number): unknown {
  if (!isRecord(part)) return part;
  const known = stripped.get(part);
  if (known !== undefined) return known;
  checkDepth(depth);
  const entries = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
  const kept = entries.map(([key, value]) => [key, withoutNulls(value, depth + 1)] as const);
  const isWhole = kept.length === Object.keys(part).length && kept.every(([key, value]) => Object.is(value, part[key]));
  const left = isWhole ? part : Object.fromEntries(kept);
  if (isSealed(part)) stripped.set(part, left);
  return left;
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new TypeError("a merge patch cannot refer to itself");
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && isPlainRecord(value);
}
