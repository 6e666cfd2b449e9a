/** Whether two values that can be stored say the same, whether or not they are the same objects. */
import { ArtifactRef, isSameArtifact } from "./artifact-ref.js";
import { isPlainRecord } from "./plain.js";

/** Of what is not a primitive, a plain record, a list, a Map, a Set, a Date, bytes or an ArtifactRef, only the same object is equal. */
export function isEqual(one: unknown, other: unknown): boolean {
  return new Comparison().equal(one, other);
}

class Comparison {
  /** Pairs that are being compared: a value that refers to itself says no more the second time. */
  readonly #begun = new Map<object, Set<object>>();

  equal(one: unknown, other: unknown): boolean {
    if (Object.is(one, other)) return true;
    if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
    if (this.#isBegun(one, other)) return true;
    if (isPlainRecord(one)) return isPlainRecord(other) && this.#sameFields(one as Fields, other as Fields);
    return Object.getPrototypeOf(one) === Object.getPrototypeOf(other) && this.#sameParts(one, other);
  }

  #isBegun(one: object, other: object): boolean {
    const begun = this.#begun.get(one);
    if (begun?.has(other) === true) return true;
    if (begun === undefined) this.#begun.set(one, new Set([other]));
    else begun.add(other);
    return false;
  }

  #sameParts(one: object, other: object): boolean {
    if (one instanceof Date) return Object.is(one.getTime(), (other as Date).getTime());
    if (one instanceof ArtifactRef) return isSameArtifact(one, other as ArtifactRef);
    if (one instanceof Map || one instanceof Set) return this.#sameLists([...one], [...(other as typeof one)]);
    if (ArrayBuffer.isView(one)) return sameBytes(one, other as ArrayBufferView);
    return Array.isArray(one) && this.#sameLists(one, other as unknown[]);
  }

  #sameLists(one: readonly unknown[], other: readonly unknown[]): boolean {
    return one.length === other.length && one.every((item, place) => this.equal(item, other[place]));
  }

  #sameFields(one: Fields, other: Fields): boolean {
    const keys = Object.keys(one);
    if (keys.length !== Object.keys(other).length) return false;
    return keys.every((key) => Object.hasOwn(other, key) && this.equal(one[key], other[key]));
  }
}

type Fields = Readonly<Record<string, unknown>>;

function sameBytes(one: ArrayBufferView, other: ArrayBufferView): boolean {
  if (one.byteLength !== other.byteLength) return false;
  const [left, right] = [one, other].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return left?.every((byte, place) => byte === right?.[place]) === true;
}
