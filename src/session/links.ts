/** What a record refers to and does not contain: artifacts, and values of its own that are kept apart because they are large. */
import { isPrimitive } from "../state/storable.js";
import { Apart } from "./apart.js";
import { type ArtifactContent, contentOfValue, measured } from "./artifact.js";
import type { Noted } from "./codec.js";

/** A value that is kept apart from its record. */
export interface Part {
  readonly apart: Apart;
  readonly content: () => ArtifactContent;
  /** It was kept apart before, so that a store most likely has it; its content would have to be made again. */
  readonly isKnown: boolean;
}

/** Values that were kept apart before are not written out again to be measured. */
const known = new WeakMap<object, Apart>();

export class Links {
  readonly #above: ReadonlyMap<string, number> | undefined;
  readonly noted: Noted = {};
  #parts: Map<string, Part> | undefined;

  /** `above`: as `CommitOptions.apartAbove`. */
  constructor(above: ReadonlyMap<string, number> | undefined) {
    this.#above = above;
  }

  get isEmpty(): boolean {
    return this.#parts === undefined && this.noted.artifacts === undefined && this.noted.apart === undefined;
  }
  get hasParts(): boolean {
    return this.#parts !== undefined;
  }
  get parts(): Iterable<Part> {
    return this.#parts?.values() ?? [];
  }
  /** Bytes that are kept apart. */
  get size(): number {
    let size = 0;
    for (const apart of this.noted.apart ?? []) size += apart.size;
    return size;
  }
  /** Whether some channel may have values that are kept apart. */
  get mayPart(): boolean {
    return this.#above !== undefined;
  }

  /** For another text of the same record. */
  fresh(): Links {
    return new Links(this.#above);
  }

  /** With what another text refers to; one of the two, when the other one refers to nothing. */
  and(other: Links): Links {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const both = this.fresh();
    both.#take(this);
    both.#take(other);
    return both;
  }

  #take({ noted, parts }: Links): void {
    if (noted.artifacts !== undefined)
      this.noted.artifacts = new Set([...(this.noted.artifacts ?? []), ...noted.artifacts]);
    if (noted.apart !== undefined) this.noted.apart = new Set([...(this.noted.apart ?? []), ...noted.apart]);
    for (const part of parts) this.#part(part);
  }

  /** What is written for a value of a channel: the value itself, or where it is kept. Throws SerializationError. */
  standIn(channel: string, value: unknown): unknown {
    const limit = this.#above?.get(channel);
    if (limit === undefined || (isPrimitive(value) && typeof value !== "string")) return value;
    const before = typeof value === "object" && value !== null ? known.get(value) : undefined;
    if (before !== undefined) return this.#part({ apart: before, content: () => contentOfValue(value), isKnown: true });
    const { size, content: contentOf } = measured(value);
    if (size <= limit) return value;
    const content = contentOf();
    const apart = new Apart(content.digest, content.bytes.length);
    if (typeof value === "object" && value !== null) known.set(value, apart);
    return this.#part({ apart, content: () => content, isKnown: false });
  }

  #part(part: Part): Apart {
    const { apart } = part;
    const former = this.#parts?.get(apart.digest);
    if (former !== undefined) return former.apart;
    this.#parts ??= new Map();
    this.#parts.set(apart.digest, part);
    return apart;
  }
}
