/** Values as text and back, without loss (T3). The only room that knows devalue. What gets here was sealed, so it can be written. */
import { DevalueError, parse, stringify } from "devalue";
import { SerializationError } from "../errors.js";
import { type ArtifactKind, ArtifactRef } from "../state/artifact-ref.js";
import { bareError, type ErrorParts, fillError, partsOfError } from "../state/error-value.js";
import { type Encoded, encodeInstance, isRegistered } from "../state/registered-class.js";
import { sealedInstance } from "../state/seal.js";
import { Apart } from "./apart.js";
import { isJson } from "./json.js";

/** What devalue does not know, as a list that it does. No list of the user's is taken for one: devalue writes those by reference. */
type Envelope =
  | readonly [kind: "error", ...ErrorParts]
  | readonly [kind: "buffer", bytes: ArrayBufferLike]
  | readonly [kind: "class", ...Encoded]
  | readonly [kind: "artifact", digest: string, size: number, as: ArtifactKind]
  | readonly [kind: "apart", digest: string, size: number];

/** What a text refers to, and does not contain. */
export interface Noted {
  /** Digests of artifacts. */
  artifacts?: Set<string>;
  /** Values that are kept apart. */
  apart?: Set<Apart>;
}

const opening = { "+": opened };

/**
 * Text that survives any store of UTF-8: half surrogates are escaped. Throws SerializationError when it would be longer than a
 * string can be, or when the value is not what it was sealed as. What it refers to is added to `noted`.
 */
export function encode(value: unknown, noted?: Noted): string {
  try {
    if (isRecordOfJson(value)) return JSON.stringify(value);
    return stringify(value, { "+": (part: unknown) => enclosed(part, noted) });
  } catch (problem) {
    throw refusalOf(problem);
  }
}

/** Throws when the text was not made by `encode`; SerializationError when it names a class that is not registered. */
export function decode(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : parse(text, opening);
}

/** devalue's text is a list or a number, so that one that begins as a record does is known to be JSON. */
function isRecordOfJson(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isJson(value);
}

function enclosed(value: unknown, noted: Noted | undefined): Envelope | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return undefined;
  if (prototype === Buffer.prototype) return ["buffer", new Uint8Array(value as Buffer).buffer];
  if (value instanceof ArtifactRef) return referred(value, noted);
  if (value instanceof Apart) return left(value, noted);
  if (isRegistered(value)) return ["class", ...encodeInstance(value, () => "the value")];
  const parts = partsOfError(value);
  return parts && ["error", ...parts];
}

function referred(ref: ArtifactRef, noted: Noted | undefined): Envelope {
  if (noted !== undefined) {
    noted.artifacts ??= new Set();
    noted.artifacts.add(ref.digest);
  }
  return ["artifact", ref.digest, ref.size, ref.kind];
}

function left(apart: Apart, noted: Noted | undefined): Envelope {
  if (noted !== undefined) {
    noted.apart ??= new Set();
    noted.apart.add(apart);
  }
  return ["apart", apart.digest, apart.size];
}

/** Errors that were opened before all of what they lead to was: then they lead back to themselves. */
const errors = new WeakMap<Envelope, Error>();

function opened(envelope: Envelope): object {
  const [kind] = envelope;
  if (kind === "buffer") return Buffer.from(envelope[1]);
  if (kind === "class") return sealedInstance([envelope[1], envelope[2]]);
  if (kind === "artifact") return new ArtifactRef(envelope[1], envelope[2], envelope[3]);
  if (kind === "apart") return new Apart(envelope[1], envelope[2]);
  const [, ...parts] = envelope;
  const error = errors.get(envelope) ?? bareError(parts[0]);
  errors.set(envelope, error);
  // Only when they are all there: the last time that devalue asks.
  if (parts[2] !== undefined) fillError(error, parts);
  return error;
}

/** V8 and Node each have their own words for what is too long. */
function refusalOf(problem: unknown): unknown {
  if (problem instanceof DevalueError) {
    return new SerializationError(
      problem.path.replace(/^\./, "") || "the value",
      "not what it was when it was sealed",
      {
        cause: problem,
      },
    );
  }
  const { message, code } = problem as { readonly message?: unknown; readonly code?: unknown };
  if (message !== "Invalid string length" && code !== "ERR_STRING_TOO_LONG") return problem;
  return new SerializationError("the text of a checkpoint", "longer than one string can be", {
    why: "and cannot be stored in one piece",
    help: "keep less in the state: big texts and bytes in files or another store, and in the state where they are",
    cause: problem,
  });
}
