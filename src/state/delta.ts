/**
 * Deltas: what one task changed in one channel (B8). Applied to the former value they give the new one, key order included;
 * they are what the log stores and, as RFC 6902 operations, what reports and history show.
 */
import { type Path, toPointer } from "./path.js";
import { heightOf, sealShallow, sealStored } from "./seal.js";

/** One change inside a channel's value. An `append` is as many RFC 6902 `add`s at the end of the list. */
export type DeltaOp =
  | { readonly op: "add" | "replace"; readonly path: Path; readonly value: unknown }
  | { readonly op: "remove"; readonly path: Path }
  | { readonly op: "append"; readonly path: Path; readonly items: readonly unknown[] };

/** The changes of one task to one channel, in order. */
export type Delta = readonly DeltaOp[];

/** An RFC 6902 operation; the path is a JSON pointer from the channel's value, "" is all of it. */
export interface PatchOperation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly value?: unknown;
}

/** The path to all of a channel's value. */
export const WHOLE: Path = Object.freeze([]);

/** The delta that replaces the whole value. */
export function replaceAll(value: unknown): Delta {
  return [{ op: "replace", path: WHOLE, value }];
}

/** Applies deltas in order. The result is frozen; what they do not touch is the same by reference. */
export function applyDeltas<V>(value: V, deltas: Iterable<Delta>): V {
  const own: Own = new Set();
  let next: unknown = value;
  for (const delta of deltas) for (const op of delta) next = applyAt(own, next, op, 0);
  sealStored(next);
  return next as V;
}

/** The delta as RFC 6902 operations. */
export function toPatch(delta: Delta): readonly PatchOperation[] {
  return delta.flatMap((op): PatchOperation[] => {
    const path = toPointer(op.path);
    if (op.op === "remove") return [{ op: "remove", path }];
    if (op.op === "append") return Array.from(op.items, (value) => ({ op: "add", path: `${path}/-`, value }));
    return [{ op: op.op, path, value: op.value }];
  });
}

/** The copies made on the way, which may be changed in place. All else may be shared: with the former value, or by two places. */
type Own = Set<object>;

function applyAt(own: Own, value: unknown, op: DeltaOp, depth: number): unknown {
  if (depth === op.path.length)
    return op.op === "append" ? appended(own, value, op.items) : (op as { value: unknown }).value;
  const container = ownCopy(own, value);
  const key = op.path[depth] as string | number;
  if (depth < op.path.length - 1 || op.op === "append") {
    setKey(container, key, applyAt(own, partAt(container, key), op, depth + 1));
  } else {
    changeKey(container, key, op);
  }
  return container;
}

function changeKey(container: object, key: string | number, op: DeltaOp): void {
  if (!Array.isArray(container)) {
    if (op.op === "remove") delete (container as Record<string | number, unknown>)[key];
    else setKey(container, key, (op as { value: unknown }).value);
  } else if (op.op === "replace") container[key as number] = op.value;
  else if (op.op === "add") container.splice(key as number, 0, op.value);
  else container.splice(key as number, 1);
}

/** A damaged path must not lead out of the value, into what all objects inherit. */
function partAt(container: object, key: string | number): unknown {
  if (!Object.hasOwn(container, key)) throw new TypeError(`a delta leads to "${key}", which is not there`);
  return (container as Record<string | number, unknown>)[key];
}

function setKey(container: object, key: string | number, value: unknown): void {
  if (key === "__proto__") throw new TypeError('a delta leads to "__proto__"');
  (container as Record<string | number, unknown>)[key] = value;
}

function ownCopy(own: Own, value: unknown): object {
  if (own.has(value as object)) return value as object;
  const copy = Array.isArray(value) ? Array.from(value as readonly unknown[]) : recordCopy(value as object);
  own.add(copy);
  return copy;
}

function recordCopy(record: object): object {
  return Object.assign(Object.create(Object.getPrototypeOf(record) as object | null) as object, record);
}

function appended(own: Own, list: unknown, items: readonly unknown[]): unknown[] {
  const copy = ownCopy(own, list) as unknown[];
  for (const item of items) copy.push(item);
  return copy;
}

/** The list with the items at its end, frozen, by structural copy. The items are sealed already. */
export function appendSealed<T>(list: readonly T[], items: readonly T[]): readonly T[] {
  const copy = Array.from(list);
  let height = heightOf(list);
  for (const item of items) {
    copy.push(item);
    height = Math.max(height, 1 + heightOf(item));
  }
  return sealShallow(copy, Math.max(1, height));
}
