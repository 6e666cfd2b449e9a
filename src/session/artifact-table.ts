/** The artifacts of a store in memory. What refers to them is found by looking, when something may go. */
import { ArtifactNotFoundError } from "../errors.js";
import { wasAnyRefMade } from "../state/artifact-ref.js";
import { artifactsIn } from "../state/artifact-refs.js";
import type { ArtifactHolder, ArtifactWrite } from "./artifact.js";
import type { Checkpoint } from "./checkpoint.js";

interface Entry {
  bytes: Uint8Array;
  readonly mentions: Set<string>;
  /** Heads of sessions during which it was put, by name. */
  readonly heads: Set<string>;
  until: number;
}
/** What may still be read, and the heads of all sessions by name. */
export interface Readable {
  readonly values: Iterable<unknown>;
  readonly heads: ReadonlySet<string>;
}

export class ArtifactTable {
  readonly #entries = new Map<string, Entry>();

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** `head`: of the holder's session. Throws ArtifactNotFoundError. */
  put({ digest, bytes, mentions, holder }: ArtifactWrite, head: string | undefined): void {
    this.#expect(mentions);
    const copy = new Uint8Array(bytes);
    const entry = this.#entries.get(digest) ?? { bytes: copy, mentions: new Set(), heads: new Set(), until: -Infinity };
    entry.bytes = copy;
    for (const mention of mentions) entry.mentions.add(mention);
    if (head !== undefined) entry.heads.add(head);
    entry.until = Math.max(entry.until, untilOf(holder));
    this.#entries.set(digest, entry);
  }

  get(digest: string): Uint8Array | undefined {
    const entry = this.#entries.get(digest);
    return entry && new Uint8Array(entry.bytes);
  }

  /** Throws ArtifactNotFoundError when a checkpoint refers to what is not there. `whole`: its state does not follow from another's. */
  check(checkpoint: Checkpoint, whole: boolean): void {
    if (!wasAnyRefMade()) return;
    const { deltas, frontier, progress, note, state } = checkpoint;
    this.#expect(artifactsIn([deltas, frontier, progress, note, whole ? state : undefined]));
  }

  hasAllOf(value: unknown): boolean {
    return !wasAnyRefMade() || [...artifactsIn(value)].every((digest) => this.#entries.has(digest));
  }

  /** Takes away what nothing refers to. Gives the bytes. */
  sweep({ values, heads }: Readable, at = -Infinity): number {
    const reached = new Set<string>();
    const seen = new Set<object>();
    for (const value of values) for (const digest of artifactsIn(value, seen)) this.#reach(digest, reached);
    for (const [digest, entry] of this.#entries) if (isHeld(entry, heads, at)) this.#reach(digest, reached);
    return this.#dropAllBut(reached);
  }

  #reach(digest: string, reached: Set<string>): void {
    if (reached.has(digest)) return;
    reached.add(digest);
    for (const mention of this.#entries.get(digest)?.mentions ?? []) this.#reach(mention, reached);
  }

  #dropAllBut(reached: ReadonlySet<string>): number {
    let freed = 0;
    for (const [digest, { bytes }] of this.#entries) {
      if (reached.has(digest)) continue;
      this.#entries.delete(digest);
      freed += bytes.length;
    }
    return freed;
  }

  #expect(digests: Iterable<string>): void {
    for (const digest of digests) if (!this.#entries.has(digest)) throw new ArtifactNotFoundError(digest);
  }
}

/** A hold that is over never comes back. */
function isHeld(entry: Entry, heads: ReadonlySet<string>, at: number): boolean {
  for (const head of entry.heads) if (!heads.has(head)) entry.heads.delete(head);
  if (entry.until <= at) entry.until = -Infinity;
  return entry.heads.size > 0 || entry.until > -Infinity;
}

function untilOf(holder: ArtifactHolder): number {
  return "until" in holder ? holder.until : -Infinity;
}
