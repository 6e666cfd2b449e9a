/** What can be stored without loss (T3): walks a value once, and says where something stands that cannot. */
import { SerializationError } from "../errors.js";
import { formatPath } from "./path.js";

/** How much of its path an error shows of what is nested too deep. */
const PATH_SHOWN = 8;

type Visit = (walk: Walk, value: object) => void;

/** What the walk knows beforehand. */
interface Bounds {
  /** The levels of a container that was walked before; 0 for any other. */
  readonly heightOf: (container: object) => number;
  readonly maxDepth: number;
}

/**
 * The containers in `value` that were not walked before, each with the levels it has. Throws SerializationError naming the path of
 * what cannot be stored; `at` begins that path.
 */
export function containersOf(
  value: unknown,
  at: readonly (string | number)[],
  bounds: Bounds,
): ReadonlyMap<object, number> {
  const walk = new Walk(at, bounds);
  walk.visit(value);
  return walk.heights();
}

/** True for what needs no freezing and can always be stored. */
export function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}

class Walk {
  /** 0 while its parts are being visited. */
  readonly #found = new Map<object, number>();
  readonly #trail: (string | number)[];
  readonly #bounds: Bounds;
  /** How deep the container now being visited reaches. */
  #bottom = 0;
  #hasRings = false;

  constructor(at: readonly (string | number)[], bounds: Bounds) {
    this.#trail = [...at];
    this.#bounds = bounds;
  }

  visit(value: unknown): void {
    if (isPrimitive(value)) return;
    if (typeof value !== "object" || value === null) this.refuse(`a ${typeof value}`);
    const known = this.#found.get(value) ?? this.#bounds.heightOf(value);
    if (this.#found.has(value) || known > 0) {
      this.#hasRings ||= known === 0;
      this.#reach(known);
    } else this.#enter(value);
  }

  #enter(container: object): void {
    const outer = this.#bottom;
    this.#bottom = 0;
    this.#reach(1);
    this.#found.set(container, 0);
    this.#visitorOf(container)(this, container);
    this.#found.set(container, this.#bottom - this.#trail.length);
    this.#bottom = Math.max(outer, this.#bottom);
  }

  #reach(height: number): void {
    const { maxDepth } = this.#bounds;
    this.#bottom = Math.max(this.#bottom, this.#trail.length + height);
    if (this.#bottom - 1 <= maxDepth) return;
    const beginning = formatPath(this.#trail.slice(0, PATH_SHOWN));
    throw new SerializationError(`${beginning}…`, `nested deeper than ${maxDepth} levels`);
  }

  /** Parts of a ring reach all of it. */
  heights(): ReadonlyMap<object, number> {
    if (!this.#hasRings) return this.#found;
    let highest = 0;
    for (const height of this.#found.values()) highest = Math.max(highest, height);
    return new Map([...this.#found.keys()].map((container) => [container, highest]));
  }

  visitAt(key: string | number, value: unknown): void {
    this.#trail.push(key);
    this.visit(value);
    this.#trail.pop();
  }

  /** An own property, as what it is: a getter would run at odd times, and what is hidden would be lost. */
  visitProperty(owner: object, key: string, place: string | number): void {
    const property = Object.getOwnPropertyDescriptor(owner, key);
    if (key === "__proto__") this.refuseAt(place, 'an own property "__proto__"');
    if (property === undefined || !("value" in property)) this.refuseAt(place, "a getter");
    if (property.enumerable !== true) this.refuseAt(place, "a property that is not enumerable");
    if (!isPrimitive(property.value)) this.visitAt(place, property.value);
  }

  refuse(found: string): never {
    throw new SerializationError(formatPath(this.#trail) || "the value", found);
  }

  refuseAt(place: string | number, found: string): never {
    this.#trail.push(place);
    this.refuse(found);
  }

  #visitorOf(value: object): Visit {
    if (Array.isArray(value)) return visitList;
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === null || isObjectPrototype(prototype)) return visitRecord;
    return visitors.get(prototype) ?? this.refuse(`an instance of ${classOf(value)}`);
  }
}

function visitRecord(walk: Walk, record: object): void {
  for (const key of Reflect.ownKeys(record)) {
    if (typeof key === "symbol") walk.refuse(`an object with the symbol key ${String(key)}`);
    walk.visitProperty(record, key, key);
  }
}

function visitList(walk: Walk, list: object): void {
  if (!isPlainList(list)) walk.refuse("an instance of a subclass of Array");
  const keys = Reflect.ownKeys(list);
  const places = keys.indexOf("length");
  if (places < keys.length - 1) walk.refuse(`a list with an own property "${String(keys[places + 1])}"`);
  for (const key of keys.slice(0, places) as string[]) walk.visitProperty(list, key, Number(key));
}

/** An array of this realm or another: its prototype stands directly above Object's. */
function isPlainList(list: object): boolean {
  const arrayPrototype = Object.getPrototypeOf(list) as object | null;
  const objectPrototype = arrayPrototype && (Object.getPrototypeOf(arrayPrototype) as object | null);
  return objectPrototype !== null && isObjectPrototype(objectPrototype);
}

/** That of this realm or another, and not some record without a prototype that others inherit from. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
}

function visitMap(walk: Walk, map: object): void {
  visitBare(walk, map);
  for (const [key, value] of map as Map<unknown, unknown>) {
    const place = typeof key === "number" || typeof key === "string" ? key : String(isPrimitive(key) ? key : "key");
    walk.visitAt(place, key);
    walk.visitAt(place, value);
  }
}

function visitSet(walk: Walk, set: object): void {
  visitBare(walk, set);
  let index = 0;
  for (const value of set as Set<unknown>) walk.visitAt(index++, value);
}

/** Own properties on a Date, Map, … would be lost. */
function visitBare(walk: Walk, value: object): void {
  const names = Reflect.ownKeys(value);
  const mutators = mutatorsOf(value);
  const isCovered = !Object.isExtensible(value) && mutators.every((name) => names.includes(name));
  const extra = names.find((name) => !isCovered || !ALL_MUTATORS.has(name));
  if (extra !== undefined) walk.refuse(`a ${classOf(value)} with an own property "${String(extra)}"`);
  if (!isCovered && !Object.isExtensible(value)) walk.refuse(`a frozen ${classOf(value)} that can still be changed`);
}

/** What changes a Map, a Set or a Date in place, frozen or not, unless a property of that name covers it. */
export function mutatorsOf(container: object): readonly string[] {
  return MUTATORS.get(Object.getPrototypeOf(container) as object) ?? [];
}

const MUTATORS: ReadonlyMap<object, readonly string[]> = new Map<object, readonly string[]>([
  [Map.prototype, ["set", "delete", "clear"]],
  [Set.prototype, ["add", "delete", "clear"]],
  [Date.prototype, Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"))],
]);
/** Immer covers `add` on a Map, and `set` on a Set. */
const ALL_MUTATORS: ReadonlySet<string | symbol> = new Set([...MUTATORS.values()].flat());

function visitRegExp(walk: Walk, regexp: object): void {
  if (Reflect.ownKeys(regexp).length > 1) walk.refuse("a RegExp with own properties");
  if ((regexp as RegExp).lastIndex !== 0) walk.refuse("a RegExp whose lastIndex is not 0");
}

/** The engine may keep symbols on it. */
function visitOpaque(walk: Walk, value: object): void {
  const [extra] = Object.getOwnPropertyNames(value);
  if (extra !== undefined) walk.refuse(`a ${classOf(value)} with an own property "${extra}"`);
}

/** Bytes over shared memory would go on changing under everybody's feet. */
function visitBytes(walk: Walk, view: object): void {
  if (!((view as ArrayBufferView).buffer instanceof ArrayBuffer)) walk.refuse("a view of shared memory");
}

const visitors: ReadonlyMap<object, Visit> = new Map<object, Visit>([
  [Date.prototype, visitBare],
  [Map.prototype, visitMap],
  [Set.prototype, visitSet],
  [RegExp.prototype, visitRegExp],
  [URL.prototype, visitOpaque],
  [URLSearchParams.prototype, visitOpaque],
  [ArrayBuffer.prototype, visitOpaque],
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(bytes),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView].map(bytes),
]);

function bytes(type: { readonly prototype: object }): [object, Visit] {
  return [type.prototype, visitBytes];
}

function classOf(value: object): string {
  const { constructor: made } = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } };
  return typeof made?.name === "string" && made.name !== "" ? made.name : "an unnamed class";
}
