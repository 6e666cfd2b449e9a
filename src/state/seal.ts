/**
 * Sealing: a value enters the state once, is checked to be storable without loss (T3), and is frozen for ever (S3).
 * What was sealed is never looked at again (B7). Typed arrays, buffers and URLs cannot be frozen by the language.
 */
import { SerializationError } from "../errors.js";
import { formatPath } from "./path.js";

const MAX_DEPTH = 500;
/** Containers known to be frozen all the way down. Small objects without children are not worth an entry. */
const sealed = new WeakSet<object>();

type Trail = (string | number)[];
type Visit = (value: object, found: Set<object>, trail: Trail) => void;

/**
 * Freezes `value` deeply. Throws SerializationError naming the path, and freezes nothing, when something in it cannot be stored.
 * Returns what was newly frozen, or undefined when there was nothing to freeze.
 */
export function seal(value: unknown, at: readonly (string | number)[] = []): ReadonlySet<object> | undefined {
  if (isPrimitive(value) || (typeof value === "object" && sealed.has(value as object))) return undefined;
  const found = new Set<object>();
  visit(value, found, [...at]);
  for (const object of found) lock(object);
  return found;
}

/** Freezes a list or plain object whose children are sealed already. */
export function sealShallow<T extends object>(container: T): T {
  Object.freeze(container);
  sealed.add(container);
  return container;
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}

function visit(value: unknown, found: Set<object>, trail: Trail): void {
  if (isPrimitive(value)) return;
  if (typeof value !== "object" || value === null) refuse(trail, `a ${typeof value}`);
  if (sealed.has(value) || found.has(value)) return;
  if (trail.length > MAX_DEPTH) refuse(trail, `nested deeper than ${MAX_DEPTH} levels`);
  found.add(value);
  visitorOf(value, trail)(value, found, trail);
}

function visitorOf(value: object, trail: Trail): Visit {
  if (Array.isArray(value)) return visitList;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return visitRecord;
  const visitor = visitors.get(prototype);
  if (visitor === undefined) refuse(trail, `an instance of ${classOf(prototype)}`);
  return visitor;
}

function visitRecord(record: object, found: Set<object>, trail: Trail): void {
  for (const key of Reflect.ownKeys(record)) visitProperty(record, key, found, trail);
}

function visitList(list: object, found: Set<object>, trail: Trail): void {
  if (Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(list) ?? list) ?? list) !== null) {
    refuse(trail, "an instance of a subclass of Array");
  }
  const { length } = list as readonly unknown[];
  for (const key of Reflect.ownKeys(list)) {
    if (key === "length") continue;
    const index = typeof key === "string" ? Number(key) : Number.NaN;
    if (!(index >= 0 && index < length)) refuse(trail, `a list with an own property "${String(key)}"`);
    visitProperty(list, key, found, trail, index);
  }
}

function visitProperty(owner: object, key: string | symbol, found: Set<object>, trail: Trail, index?: number): void {
  if (typeof key === "symbol") refuse(trail, `an object with the symbol key ${String(key)}`);
  trail.push(index ?? key);
  if (key === "__proto__") refuse(trail, 'an own property "__proto__"');
  const property = Object.getOwnPropertyDescriptor(owner, key);
  if (property === undefined || !("value" in property)) refuse(trail, "a getter");
  if (!property.enumerable) refuse(trail, "a property that is not enumerable");
  visit(property.value, found, trail);
  trail.pop();
}

function visitMap(map: object, found: Set<object>, trail: Trail): void {
  visitBare(map, found, trail);
  for (const [key, value] of map as Map<unknown, unknown>) {
    trail.push(typeof key === "number" ? key : String(isPrimitive(key) ? key : "key"));
    visit(key, found, trail);
    visit(value, found, trail);
    trail.pop();
  }
}

function visitSet(set: object, found: Set<object>, trail: Trail): void {
  visitBare(set, found, trail);
  let index = 0;
  for (const value of set as Set<unknown>) {
    trail.push(index++);
    visit(value, found, trail);
    trail.pop();
  }
}

/** Own properties on a Date, Map, … would be lost. */
function visitBare(value: object, _found: Set<object>, trail: Trail): void {
  const [extra] = Reflect.ownKeys(value);
  if (extra !== undefined) refuse(trail, `a ${classOf(Object.getPrototypeOf(value))} with an own property "${String(extra)}"`);
}

function visitRegExp(value: object, _found: Set<object>, trail: Trail): void {
  if (Reflect.ownKeys(value).length > 1) refuse(trail, "a RegExp with own properties");
}

/** Bytes over shared memory would go on changing under everybody's feet. */
function visitBytes(value: object, _found: Set<object>, trail: Trail): void {
  const { buffer } = value as ArrayBufferView;
  if (!(buffer instanceof ArrayBuffer)) refuse(trail, "a view of shared memory");
}

function visitNothing(): void {}

const visitors: ReadonlyMap<object, Visit> = new Map<object, Visit>([
  [Date.prototype, visitBare],
  [Map.prototype, visitMap],
  [Set.prototype, visitSet],
  [RegExp.prototype, visitRegExp],
  [URL.prototype, visitNothing],
  [URLSearchParams.prototype, visitNothing],
  [ArrayBuffer.prototype, visitNothing],
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(bytes),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView].map(bytes),
]);

function bytes(type: { readonly prototype: object }): [object, Visit] {
  return [type.prototype, visitBytes];
}

function classOf(prototype: object): string {
  const { constructor } = prototype as { constructor?: { name?: unknown } };
  return typeof constructor?.name === "string" && constructor.name !== "" ? constructor.name : "an unnamed class";
}

function refuse(trail: Trail, found: string): never {
  throw new SerializationError(formatPath(trail) || "the value", found);
}

const refuseMutation = {
  value(): never {
    throw new TypeError("state is frozen: return an update instead of changing it in place");
  },
};
const locks: ReadonlyMap<object, PropertyDescriptorMap> = new Map<object, PropertyDescriptorMap>([
  [Map.prototype, lockOf(["set", "delete", "clear"])],
  [Set.prototype, lockOf(["add", "delete", "clear"])],
  [Date.prototype, lockOf(Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set")))],
]);

function lockOf(methods: readonly string[]): PropertyDescriptorMap {
  return Object.fromEntries(methods.map((method) => [method, refuseMutation]));
}

function lock(object: object): void {
  if (ArrayBuffer.isView(object)) return;
  const methods = locks.get(Object.getPrototypeOf(object) as object);
  if (methods !== undefined) Object.defineProperties(object, methods);
  sealShallow(object);
}
