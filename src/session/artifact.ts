/** Artifacts as stores keep them: content under the SHA-256 of its bytes, held to it whenever it is read. */
import { createHash } from "node:crypto";
import { ArtifactCorruptError, SerializationError } from "../errors.js";
import type { ArtifactRef } from "../state/artifact-ref.js";
import { sealStored } from "../state/seal.js";
import { decode, encode, type Noted } from "./codec.js";

/** Who keeps an artifact in the store while nothing refers to it: a session until its next commit, or a caller until then (milliseconds since the epoch). */
export type ArtifactHolder = { readonly sessionId: string; readonly fence?: number } | { readonly until: number };
/** An artifact on its way into a store. */
export interface ArtifactWrite {
  readonly digest: string;
  readonly bytes: Uint8Array;
  /** Digests of the artifacts that it refers to, which stay as long as it does. */
  readonly mentions: readonly string[];
  readonly holder: ArtifactHolder;
}
/** A piece of a draft: of content on its way into a store, which has no digest before its end. */
export interface DraftPiece {
  /** The draft's, until it is kept. */
  readonly name: string;
  /** Where its bytes begin: a multiple of ARTIFACT_PIECE. */
  readonly at: number;
  /** ARTIFACT_PIECE of them; the last piece may have fewer. */
  readonly bytes: Uint8Array;
  readonly holder: ArtifactHolder;
}
/** A draft that is complete. */
export interface DraftEnd extends Pick<ArtifactWrite, "digest" | "holder"> {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}
/** What an artifact consists of. */
export type ArtifactContent = Pick<ArtifactWrite, "digest" | "bytes" | "mentions">;

/** Bytes of a piece, where content comes and goes in pieces. */
export const ARTIFACT_PIECE = 2 ** 20;

const NONE: readonly string[] = Object.freeze([]);

/** Bytes as content. They must not change any more. */
export function contentOfBytes(bytes: Uint8Array): ArtifactContent {
  return { digest: digestOf(bytes), bytes, mentions: NONE };
}

/** A sealed value as content. Throws SerializationError for a text that is too long. */
export function contentOfValue(value: unknown): ArtifactContent {
  return measured(value).content();
}

/** The bytes that a sealed value takes, and the value as content. Throws SerializationError for a text that is too long. */
export function measured(value: unknown): { readonly size: number; readonly content: () => ArtifactContent } {
  const noted: Noted = {};
  const bytes = Buffer.from(encode(value, noted));
  return {
    size: bytes.length,
    content: () => ({ digest: digestOf(bytes), bytes, mentions: [...(noted.artifacts ?? NONE)] }),
  };
}

/** What the reference stands for. Throws ArtifactCorruptError unless the bytes are what it names. */
export function readContent(ref: ArtifactRef, bytes: Uint8Array): unknown {
  checkFound(ref, { digest: digestOf(bytes), size: bytes.length });
  return ref.kind === "bytes" ? bytes : valueIn(ref.digest, bytes);
}

/** Throws ArtifactCorruptError unless what was found is what the reference names. */
export function checkFound(
  ref: ArtifactRef,
  { digest, size }: { readonly digest: string; readonly size: number },
): void {
  if (digest !== ref.digest) throw new ArtifactCorruptError(ref.digest);
  if (size !== ref.size)
    throw new ArtifactCorruptError(ref.digest, new RangeError(`it has ${size} bytes, not ${ref.size}`));
}

/** The value of a content that was checked. Throws ArtifactCorruptError for one that never was a value. */
export function valueIn(digest: string, bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  let value: unknown;
  try {
    value = decode(text);
  } catch (cause) {
    // A class that is not registered here is no damage.
    if (cause instanceof SerializationError) throw cause;
    throw new ArtifactCorruptError(digest, cause);
  }
  sealStored(value);
  return value;
}

/** Throws ArtifactCorruptError. */
export function checkContent(digest: string, bytes: Uint8Array): void {
  if (digestOf(bytes) !== digest) throw new ArtifactCorruptError(digest);
}

/** The digest of content that comes in pieces: at any time that of all so far. */
export class RunningDigest {
  readonly #hash = createHash("sha256");

  add(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  get digest(): string {
    return `sha256-${this.#hash.copy().digest("hex")}`;
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
}
