/** What the language and Node have besides records, lists and errors: how each kind is walked, and what would change it in place. */
import { ArtifactRef, visitArtifactRef } from "./artifact-ref.js";
import { classOf, tagOf, type Visit, type Visitor } from "./visit.js";

const TYPED_ARRAYS = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

/** Beyond that many items nobody looks for names among the indices: the engine lists them all. */
const MOST_KEYS = 4_096;

/** How each kind is walked, by prototype. An instance of a subclass is another thing. */
export const nativeVisits: ReadonlyMap<object, Visit> = new Map<object, Visit>([
  [Date.prototype, visitDate],
  [Map.prototype, visitMap],
  [Set.prototype, visitSet],
  [RegExp.prototype, visitRegExp],
  [URL.prototype, visitUrl],
  [URLSearchParams.prototype, visitSearchParams],
  [ArrayBuffer.prototype, visitBuffer],
  [DataView.prototype, visitDataView],
  [Buffer.prototype, visitNodeBuffer],
  [ArtifactRef.prototype, visitArtifactRef],
  ...TYPED_ARRAYS.map((type): [object, Visit] => [type.prototype, visitTypedArray]),
]);

function visitDate(walk: Visitor, date: object): void {
  Date.prototype.getTime.call(date);
  visitBare(walk, date);
}

function visitMap(walk: Visitor, map: object): void {
  visitBare(walk, map);
  for (const [key, value] of map as Map<unknown, unknown>) {
    const place = typeof key === "number" || typeof key === "string" ? key : nameOf(key);
    walk.visitAt(place, key);
    walk.visitAt(place, value);
  }
}

function nameOf(key: unknown): string {
  return (typeof key === "object" && key !== null) || typeof key === "function" ? "key" : String(key);
}

function visitSet(walk: Visitor, set: object): void {
  visitBare(walk, set);
  let index = 0;
  for (const value of set as Set<unknown>) walk.visitAt(index++, value);
}

/** Own properties on a Date, Map, … would be lost. */
function visitBare(walk: Visitor, value: object): void {
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

function visitRegExp(walk: Visitor, regexp: object): void {
  if (tagOf(regexp) !== "RegExp") walk.refuse("an object that pretends to be a RegExp");
  if (Reflect.ownKeys(regexp).length > 1) walk.refuse("a RegExp with own properties");
  if ((regexp as RegExp).lastIndex !== 0) walk.refuse("a RegExp whose lastIndex is not 0");
  walk.weigh((regexp as RegExp).source.length);
}

/** A few opaque URLs can be brought into a form that is read as another one. */
function visitUrl(walk: Visitor, url: object): void {
  visitOpaque(walk, url);
  const { href } = url as URL;
  if (new URL(href).href !== href) walk.refuse("a URL that is not read as what it is written as");
  walk.weigh(href.length);
}

function visitSearchParams(walk: Visitor, params: object): void {
  visitOpaque(walk, params);
  walk.weigh(URLSearchParams.prototype.toString.call(params).length);
}

/** The engine may keep symbols on it. */
function visitOpaque(walk: Visitor, value: object): void {
  const [extra] = Object.getOwnPropertyNames(value);
  if (extra !== undefined) walk.refuse(`a ${classOf(value)} with an own property "${extra}"`);
}

function visitBuffer(walk: Visitor, buffer: object): void {
  refuseNames(walk, buffer);
  walk.weigh(lengthOf(walk, buffer), buffer);
}

function visitDataView(walk: Visitor, view: object): void {
  const { buffer, byteLength } = view as DataView;
  refuseNames(walk, view);
  walk.weigh(Math.max(byteLength, lengthOf(walk, buffer)), buffer);
}

/** All bytes beneath are written, so that views of the same bytes come back as views of the same bytes. */
function visitTypedArray(walk: Visitor, view: object): void {
  const { buffer } = seenThrough(walk, view, classOf(view));
  walk.weigh(lengthOf(walk, buffer), buffer);
}

/** Beneath a small one lies a pool with what others keep there: only its own bytes are written. */
function visitNodeBuffer(walk: Visitor, view: object): void {
  const { buffer, byteLength } = seenThrough(walk, view, "Uint8Array");
  lengthOf(walk, buffer);
  walk.weigh(byteLength);
}

function seenThrough(walk: Visitor, view: object, tag: string): Uint8Array {
  if (!ArrayBuffer.isView(view) || tagOf(view) !== tag) walk.refuse(`an object that pretends to be a ${classOf(view)}`);
  const { length } = view as Uint8Array;
  if (length <= MOST_KEYS) refuseNames(walk, view, length);
  return view as Uint8Array;
}

function refuseNames(walk: Visitor, value: object, indices = 0): void {
  const extra = Reflect.ownKeys(value)[indices];
  if (extra !== undefined) walk.refuse(`a ${classOf(value)} with an own property "${String(extra)}"`);
}

const byteLengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get;

/** Bytes over shared memory would go on changing under everybody's feet; a buffer that can grow would come back as one that cannot. */
function lengthOf(walk: Visitor, buffer: object): number {
  if (tagOf(buffer) === "SharedArrayBuffer") walk.refuse("a view of shared memory");
  if ((buffer as { readonly resizable?: boolean }).resizable === true) walk.refuse("a buffer that can be resized");
  const length = byteLengthOf?.call(buffer) as number;
  if (length === 0 && isDetached(buffer as ArrayBuffer)) walk.refuse("a buffer whose bytes were handed on");
  return length;
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}
