/**
 * Sealing: a value enters the state once, is checked to be storable without loss (T3), and is frozen for ever (S3).
 * What was sealed is never looked at again (B7). Typed arrays, buffers and URLs cannot be frozen by the language.
 */
import { containersOf, isPrimitive, mutatorsOf } from "./storable.js";

/** How many levels a value may have, from the channel's name down. */
const MAX_DEPTH = 500;
/** What is read from a store was within that when it was written, and is wrapped into a few levels more. */
const MAX_STORED_DEPTH = 1_000;
/** Containers known to be frozen all the way down, with the levels they have. */
const heights = new WeakMap<object, number>();

export function isSealed(container: object): boolean {
  return heights.has(container);
}

/** The levels of containers in what is sealed, itself included; at most, where parts were taken out. 0 for anything else. */
export function heightOf(value: unknown): number {
  return typeof value === "object" && value !== null ? (heights.get(value) ?? 0) : 0;
}

/**
 * Freezes `value` deeply. Throws SerializationError naming the path, and freezes nothing, when something in it cannot be stored,
 * or when it is nested too deep for a store to walk. Returns what was newly frozen, or undefined when there was nothing to freeze.
 */
export function seal(value: unknown, at: readonly (string | number)[] = []): ReadonlyMap<object, number> | undefined {
  return sealWithin(MAX_DEPTH, value, at);
}

/** Freezes what a store gave back. What was accepted once is never too deep later. */
export function sealStored(value: unknown): void {
  sealWithin(MAX_STORED_DEPTH, value, []);
}

function sealWithin(
  maxDepth: number,
  value: unknown,
  at: readonly (string | number)[],
): ReadonlyMap<object, number> | undefined {
  if (isPrimitive(value)) return undefined;
  const height = heightOf(value);
  if (height > 0 && at.length + height - 1 <= maxDepth) return undefined;
  const found = containersOf(value, at, { heightOf, maxDepth });
  for (const [container, levels] of found) lock(container, levels);
  return found;
}

/** Freezes a list or plain object whose children are sealed already, and that has at most so many levels. */
export function sealShallow<T extends object>(container: T, height: number): T {
  Object.freeze(container);
  if (!heights.has(container)) heights.set(container, height);
  return container;
}

const cover: PropertyDescriptor = {
  value(): never {
    throw new TypeError("state is frozen: return an update instead of changing it in place");
  },
};

/** Freezing does not reach inside of a Map, a Set or a Date: what would change it is covered. */
function lock(container: object, height: number): void {
  if (ArrayBuffer.isView(container)) return;
  if (Object.isExtensible(container)) {
    for (const name of mutatorsOf(container)) Object.defineProperty(container, name, cover);
  }
  sealShallow(container, height);
}
