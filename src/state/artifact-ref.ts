/** Names what is too large for a checkpoint and is kept beside all of them: a value like any other, equal when it names the same content. */
import { InvalidOptionError } from "../errors.js";
import { mark } from "./mark.js";
import { classOf, type Visitor } from "./visit.js";

/** What an artifact is read as. */
export type ArtifactKind = "bytes" | "value";

let isAnyMade = false;

/** Whether there can be references in this process at all: where there are none, nobody looks for them. */
export function wasAnyRefMade(): boolean {
  return isAnyMade;
}

/** The way to an artifact: by the SHA-256 of its content. May stand in state, Sends, questions and whatever else is stored; frozen. */
export class ArtifactRef {
  /** `sha256-` and 64 hexadecimal digits. */
  readonly digest: string;
  /** Of the content, in bytes. */
  readonly size: number;
  readonly kind: ArtifactKind;
  readonly #isGenuine = true;

  /** For a reference that came as JSON. Throws InvalidOptionError. */
  constructor(digest: string, size: number, kind: ArtifactKind) {
    if (!isDigest(digest)) refuse("digest", "is none", 'pass "sha256-" and 64 digits of 0-9a-f');
    if (!(Number.isSafeInteger(size) && size >= 0)) refuse("size", "is no size", "pass a number of bytes, 0 or more");
    if (kind !== "bytes" && kind !== "value") refuse("kind", "is none", 'pass "bytes" or "value"');
    isAnyMade = true;
    this.digest = digest;
    this.size = size;
    this.kind = kind;
    mark(this, 1);
    Object.freeze(this);
  }

  /** Whether it was made by the constructor, of this class itself. */
  static is(value: unknown): value is ArtifactRef {
    return typeof value === "object" && value !== null && #isGenuine in value && isOfClass(value);
  }
}

/** Whether a text is the name of some content. */
function isDigest(text: unknown): text is string {
  return typeof text === "string" && /^sha256-[0-9a-f]{64}$/.test(text);
}

/** Whether both name the same content, to be read as the same. */
export function isSameArtifact(one: ArtifactRef, other: ArtifactRef): boolean {
  return one.digest === other.digest && one.size === other.size && one.kind === other.kind;
}

/** How a reference is walked. */
export function visitArtifactRef(walk: Visitor, ref: object): void {
  if (!ArtifactRef.is(ref)) walk.refuse(`an object that pretends to be an ${classOf(ref)}`);
  walk.weigh(ref.digest.length);
}

function isOfClass(value: object): boolean {
  return Object.getPrototypeOf(value) === ArtifactRef.prototype;
}

function refuse(option: string, problem: string, help: string): never {
  throw new InvalidOptionError(option, `of an artifact ${problem}`, help);
}
