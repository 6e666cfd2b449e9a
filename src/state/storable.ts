/** What can be stored without loss (T3): walks a value once, weighs it, and says where something stands that cannot. */

import { SerializationError } from "../errors.js";
import { disown } from "./disown.js";
import { errorBase, errorVisits } from "./error-value.js";
import { nativeVisits } from "./native-value.js";
import { formatPath, type Path } from "./path.js";
import { isPlainInside, isPlainList, isPlainRecord } from "./plain.js";
import { type Encoded, encodeInstance, isRegistered } from "./registered-class.js";
import { classOf, type Visit, type Visitor } from "./visit.js";

/** How much of its path an error shows of what is nested too deep. */
const PATH_SHOWN = 8;
/** A level of a path that stands for no key: from an instance to what its class made of it. */
const WITHIN = Symbol("within");
const NOTHING_ENCODED: ReadonlyMap<object, Encoded> = new Map();
const OPAQUE = "an object that cannot be looked into, or is not what it pretends to be";

/** What the walk knows beforehand, and what it allows. */
export interface Bounds {
  /** The levels of a container that was walked before; 0 for any other. */
  readonly heightOf: (container: object) => number;
  readonly maxDepth: number;
  /** In characters and bytes. */
  readonly maxWeight: number;
}
/** What was not walked before. */
export interface Found {
  /** Containers, each with the levels it has. */
  readonly heights: ReadonlyMap<object, number>;
  /** Instances of registered classes, each with what its class made of it. */
  readonly encoded: ReadonlyMap<object, Encoded>;
}

/**
 * What there is in `value` that was not walked before. Throws SerializationError naming the path of what cannot be stored; `at`
 * begins that path.
 */
export function walked(value: unknown, at: Path, bounds: Bounds): Found {
  return new Walk(at, bounds).through(value);
}

/** Whether it is a plain record of primitives, as most writes are: nothing in it needs a walk. Says no wherever `walked` might refuse. */
export function isFlatRecord(value: object, maxWeight: number): boolean {
  let weight = 0;
  try {
    if (Object.getPrototypeOf(value) !== Object.prototype || !isPlainInside(value)) return false;
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (typeof key === "symbol" || key === "__proto__" || property?.enumerable !== true) return false;
      if (!("value" in property) || !isPrimitive(property.value) || typeof property.value === "bigint") return false;
      if (typeof property.value === "string") weight += property.value.length;
    }
    return weight <= maxWeight;
  } catch {
    return false;
  }
}

/** The path to a container within `value`, which can be stored. */
export function pathTo(container: object, value: unknown, at: Path): string {
  let path: string | undefined;
  const noteWhere = (one: object): number => {
    if (one === container) path ??= walk.path();
    return 0;
  };
  const unbounded = { maxDepth: Number.POSITIVE_INFINITY, maxWeight: Number.POSITIVE_INFINITY };
  const walk: Walk = new Walk(at, { heightOf: noteWhere, ...unbounded });
  walk.through(value);
  return path ?? walk.path();
}

/** True for what needs no freezing and can always be stored. */
export function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}

class Walk implements Visitor {
  /** 0 while its parts are being visited. */
  readonly #found = new Map<object, number>();
  #encoded: Map<object, Encoded> | undefined;
  /** Where instances stood, for the one that turns out to be part of itself. */
  #places: Map<object, readonly (string | number | symbol)[]> | undefined;
  #buffers: Set<object> | undefined;
  readonly #trail: (string | number | symbol)[];
  readonly #bounds: Bounds;
  /** How deep the container now being visited reaches. */
  #bottom = 0;
  #weight = 0;
  #hasRings = false;

  constructor(at: readonly (string | number | symbol)[], bounds: Bounds, encoded?: Map<object, Encoded>) {
    this.#trail = [...at];
    this.#bounds = bounds;
    this.#encoded = encoded;
  }

  /** Whatever a trap of a proxy throws on the way is a refusal too. */
  through(value: unknown): Found {
    try {
      this.#visit(value);
      if (this.#hasRings) this.#refuseRingsOfInstances();
    } catch (problem) {
      disown(value);
      if (problem instanceof SerializationError) throw problem;
      throw new SerializationError(this.path(), OPAQUE, { cause: problem });
    }
    return { heights: this.#heights(), encoded: this.#encoded ?? NOTHING_ENCODED };
  }

  #visit(value: unknown): void {
    if (typeof value === "string") return this.weigh(value.length);
    if (typeof value === "bigint") return this.weigh(digitsOf(value));
    if (isPrimitive(value)) return;
    if (typeof value !== "object" || value === null) this.refuse(`a ${typeof value}`);
    const found = this.#found.get(value);
    const known = found ?? this.#bounds.heightOf(value);
    if (found === undefined && known === 0) return this.#enter(value);
    this.#hasRings ||= known === 0;
    this.#reach(known);
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
    throw new SerializationError(`${this.path(PATH_SHOWN)}…`, `nested deeper than ${maxDepth} levels`);
  }

  #visitorOf(value: object): Visit {
    if (Array.isArray(value)) return visitList;
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === null || prototype === Object.prototype) return visitRecord;
    const visit = nativeVisits.get(prototype) ?? errorVisits.get(prototype);
    if (visit !== undefined) return visit;
    if (isRegistered(value)) return (_, instance) => this.#visitInstance(instance);
    return isPlainRecord(value) ? visitRecord : this.refuse(`an instance of ${describe(value)}`);
  }

  #visitInstance(instance: object): void {
    this.#places ??= new Map();
    this.#places.set(instance, [...this.#trail]);
    this.#encoded ??= new Map();
    const encoded = this.#encoded.get(instance) ?? encodeInstance(instance, () => this.path());
    this.#encoded.set(instance, encoded);
    this.#visitWithin(encoded);
  }

  #visitWithin([, plain]: Encoded): void {
    this.#trail.push(WITHIN);
    this.#visit(plain);
    this.#trail.pop();
  }

  /** An instance is made anew of what its class made of it, which thus cannot lead back to it. */
  #refuseRingsOfInstances(): void {
    for (const [instance, place] of this.#places ?? []) {
      const heightOf = (one: object): number => {
        if (one === instance) walk.refuse(`an instance of ${classOf(instance)} within what its encode returned`);
        return this.#bounds.heightOf(one);
      };
      const walk: Walk = new Walk(place, { ...this.#bounds, heightOf }, this.#encoded);
      walk.#visitWithin(this.#encoded?.get(instance) as Encoded);
    }
  }

  /** Parts of a ring reach all of it. */
  #heights(): ReadonlyMap<object, number> {
    if (!this.#hasRings) return this.#found;
    let highest = 0;
    for (const height of this.#found.values()) highest = Math.max(highest, height);
    return new Map([...this.#found.keys()].map((container) => [container, highest]));
  }

  visitAt(place: string | number, part: unknown): void {
    this.#trail.push(place);
    this.#visit(part);
    this.#trail.pop();
  }

  /** As what it is: a getter would run at odd times, and what is hidden would be lost. */
  visitProperty(owner: object, key: string, place: string | number): void {
    const property = Object.getOwnPropertyDescriptor(owner, key);
    if (key === "__proto__") this.#refuseAt(place, 'an own property "__proto__"');
    if (property === undefined || !("value" in property)) this.#refuseAt(place, "a getter");
    if (property.enumerable !== true) this.#refuseAt(place, "a property that is not enumerable");
    const part: unknown = property.value;
    if (typeof part === "string") this.#weighAt(place, part.length);
    else if (typeof part === "bigint" || !isPrimitive(part)) this.visitAt(place, part);
  }

  visitAnyProperty(owner: object, key: string): void {
    const property = Object.getOwnPropertyDescriptor(owner, key);
    if (property === undefined || !("value" in property)) this.#refuseAt(key, "a getter");
    this.visitAt(key, property.value);
  }

  weigh(size: number, buffer?: object): void {
    if (buffer !== undefined && this.#buffers?.has(buffer)) return;
    if (buffer !== undefined) {
      this.#buffers ??= new Set();
      this.#buffers.add(buffer);
    }
    this.#weight += size;
    if (this.#weight > this.#bounds.maxWeight) throw tooHeavy(this.path(), this.#bounds.maxWeight);
  }

  #weighAt(place: string | number, size: number): void {
    this.#weight += size;
    if (this.#weight <= this.#bounds.maxWeight) return;
    this.#trail.push(place);
    throw tooHeavy(this.path(), this.#bounds.maxWeight);
  }

  refuse(found: string): never {
    throw new SerializationError(this.path(), found);
  }

  #refuseAt(place: string | number, found: string): never {
    this.#trail.push(place);
    this.refuse(found);
  }

  path(shown = this.#trail.length): string {
    const keys = this.#trail.slice(0, shown).filter((key) => typeof key !== "symbol");
    return formatPath(keys) || "the value";
  }
}

/** What would be refused for its weight at this path. */
export function tooHeavy(path: string, maxWeight: number): SerializationError {
  return new SerializationError(
    path,
    `heavier than ${maxWeight} characters and bytes, with all that stands before it`,
    {
      why: "which is more than one write may weigh",
      help: "keep what is so big in a file or another store, and write where it is",
    },
  );
}

function visitRecord(walk: Visitor, record: object): void {
  for (const key of Reflect.ownKeys(record)) {
    if (typeof key === "symbol") walk.refuse(`an object with the symbol key ${String(key)}`);
    walk.visitProperty(record, key, key);
  }
  if (!isPlainInside(record)) walk.refuse("an object that pretends to be a plain one");
}

function visitList(walk: Visitor, list: object): void {
  if (!isPlainList(list)) walk.refuse("an instance of a subclass of Array");
  const keys = Reflect.ownKeys(list);
  const places = keys.indexOf("length");
  if (places < keys.length - 1) walk.refuse(`a list with an own property "${String(keys[places + 1])}"`);
  for (const key of keys.slice(0, places) as string[]) walk.visitProperty(list, key, Number(key));
}

/** Tells a class of errors from the one that it extends, and may be named after. */
function describe(value: object): string {
  const base = errorBase(value);
  return base === undefined ? classOf(value) : `${classOf(value)}, a subclass of ${base}`;
}

/** About as many as it is written with. */
function digitsOf(value: bigint): number {
  return BigInt.asIntN(64, value) === value ? 20 : Math.ceil(value.toString(16).length * 1.21);
}
