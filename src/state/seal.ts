/**
 * Sealing: a value enters the state once, is checked to be storable without loss (T3), and is frozen for ever (S3).
 * What was sealed is never looked at again (B7). Typed arrays, buffers and URLs cannot be frozen by the language.
 */
import { containersOf, isPrimitive, mutatorsOf } from "./storable.js";

/** Containers known to be frozen all the way down. */
const sealed = new WeakSet<object>();

export function isSealed(container: object): boolean {
  return sealed.has(container);
}

/**
 * Freezes `value` deeply. Throws SerializationError naming the path, and freezes nothing, when something in it cannot be stored.
 * Returns what was newly frozen, or undefined when there was nothing to freeze.
 */
export function seal(value: unknown, at: readonly (string | number)[] = []): ReadonlySet<object> | undefined {
  if (isPrimitive(value) || (typeof value === "object" && isSealed(value as object))) return undefined;
  const found = containersOf(value, at, isSealed);
  for (const container of found) lock(container);
  return found;
}

/** Freezes a list or plain object whose children are sealed already. */
export function sealShallow<T extends object>(container: T): T {
  Object.freeze(container);
  sealed.add(container);
  return container;
}

const cover: PropertyDescriptor = {
  value(): never {
    throw new TypeError("state is frozen: return an update instead of changing it in place");
  },
};

/** Freezing does not reach inside of a Map, a Set or a Date: what would change it is covered. */
function lock(container: object): void {
  if (ArrayBuffer.isView(container)) return;
  if (Object.isExtensible(container)) {
    for (const name of mutatorsOf(container)) Object.defineProperty(container, name, cover);
  }
  sealShallow(container);
}
