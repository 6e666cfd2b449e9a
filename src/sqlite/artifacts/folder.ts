/**
 * Bytes of artifacts in files of their own: `ab/cdef…` by digest. Written within the transaction that names them, under its lock: a file that
 * no row names is a leftover, whoever finds it. It is whole and on the disk before it has its name.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { crashPoint } from "../../crash-point.js";
import { ArtifactCorruptError, CheckpointError, InvalidOptionError } from "../../errors.js";

/** Files that were not written to their end. */
const UNFINISHED = "unfinished";
/** Names the store that the folder belongs to. */
const OWNER = "store";
/** What the store calls a draft by instead of a digest. */
export const DRAFT = "draft-";

export class ArtifactFolder {
  readonly #path: string;
  #store = "";

  constructor(path: string) {
    this.#path = resolve(path);
  }

  /** Makes it the folder of that store. Throws InvalidOptionError when it is another's, which would take our files for leftovers, and CheckpointError. */
  claim(store: string): void {
    this.#store = store;
    const file = join(this.#path, OWNER);
    const owner = writing(() => {
      this.#makeFolder(this.#path);
      return readOwner(file);
    });
    if (owner === store) return;
    if (owner !== "")
      throw new InvalidOptionError(
        "artifacts.folder",
        "belongs to another store",
        "give each store a folder of its own",
      );
    writing(() => writeThrough(file, Buffer.from(store)));
  }

  /** Throws ArtifactCorruptError when there is none, and CheckpointError when it cannot be read now. */
  read(digest: string): Uint8Array {
    try {
      return new Uint8Array(readFileSync(this.#fileOf(digest)));
    } catch (cause) {
      throw unread(digest, cause);
    }
  }

  /** As `read`: fewer bytes at its end. */
  readRange(digest: string, from: number, length: number): Uint8Array {
    try {
      return readFrom(this.#fileOf(digest), from, length);
    } catch (cause) {
      throw unread(digest, cause);
    }
  }

  /** Adds to a file that has no digest yet, or begins it. Throws as `claim`. */
  writeDraft(name: string, at: number, bytes: Uint8Array): void {
    this.#claimAgain();
    writing(() => {
      const file = this.#fileOf(DRAFT + name);
      this.#makeFolder(dirname(file));
      writeThrough(file, bytes, at);
    });
  }

  /** Throws as `claim`. */
  keepDraft(name: string, digest: string): void {
    this.#claimAgain();
    writing(() => this.#name(this.#fileOf(DRAFT + name), digest));
  }

  dropDraft(name: string): void {
    remove(this.#fileOf(DRAFT + name));
  }

  /** What is there already stays, unless it is damaged. Throws as `claim`. */
  write(digest: string, bytes: Uint8Array): void {
    this.#claimAgain();
    if (!this.#has(digest, bytes)) writing(() => this.#writeFile(digest, bytes));
  }

  #writeFile(digest: string, bytes: Uint8Array): void {
    const unfinished = join(this.#path, UNFINISHED, digest);
    this.#makeFolder(dirname(unfinished));
    writeThrough(unfinished, bytes);
    this.#name(unfinished, digest);
  }

  #name(unfinished: string, digest: string): void {
    const file = this.#fileOf(digest);
    this.#makeFolder(dirname(file));
    renameSync(unfinished, file);
    syncFolder(dirname(file));
    crashPoint("artifact.filed");
  }

  /** Every file of ours but those of these digests, and of writes that were not finished. Nobody may be writing. Throws as `claim`. */
  removeAllBut(isNamed: (digest: string) => boolean): void {
    this.#claimAgain();
    for (const shard of namesIn(this.#path)) {
      for (const name of namesIn(join(this.#path, shard))) {
        if (isLeftover(shard, name, isNamed)) remove(join(this.#path, shard, name));
      }
    }
  }

  /** Those of these digests that nobody names. Nobody may be writing. Throws as `claim`. */
  remove(digests: readonly string[], isNamed: (digest: string) => boolean): void {
    this.#claimAgain();
    for (const digest of digests) if (!isNamed(digest)) remove(this.#fileOf(digest));
  }

  /** It may have been removed under the store, and made anew by another one. */
  #claimAgain(): void {
    this.claim(this.#store);
  }

  #has(digest: string, bytes: Uint8Array): boolean {
    try {
      return Buffer.compare(readFileSync(this.#fileOf(digest)), bytes) === 0;
    } catch {
      return false;
    }
  }

  /** A folder that is new is known to the one above it only when that is on the disk. */
  #makeFolder(path: string): void {
    const first = mkdirSync(path, { recursive: true });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
  }

  #fileOf(digest: string): string {
    if (digest.startsWith(DRAFT)) return join(this.#path, UNFINISHED, digest);
    const hex = digest.slice("sha256-".length);
    return join(this.#path, hex.slice(0, 2), hex.slice(2));
  }
}

function writing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CheckpointError("write to the folder of artifacts", cause, "make the folder writable, or free some disk");
  }
}

/** Too many open files, or no rights, are no damage. */
function unread(digest: string, cause: unknown): Error {
  if (isAbsent(cause)) return new ArtifactCorruptError(digest, cause);
  return new CheckpointError("read the folder of artifacts", cause, "make the folder readable, and read it again");
}

/** No such file, or something else in its place. */
function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR"].includes(String((error as { readonly code?: unknown }).code));
}

/** None yet: empty. */
function readOwner(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return "";
    throw error;
  }
}

function digestOf(shard: string, name: string): string {
  return `sha256-${shard}${name}`;
}

/** What we would not have called so is not ours. */
function isLeftover(shard: string, name: string, isNamed: (digest: string) => boolean): boolean {
  if (shard === UNFINISHED) return name.startsWith(DRAFT) ? !isNamed(name) : isDigest(name);
  const digest = digestOf(shard, name);
  return shard.length === 2 && isDigest(digest) && !isNamed(digest);
}

function isDigest(name: string): boolean {
  return /^sha256-[0-9a-f]{64}$/.test(name);
}

/** None when there is no such folder, or it is a file. */
function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** `from`: after what is there already. */
function writeThrough(path: string, bytes: Uint8Array, from = 0): void {
  const file = openSync(path, from === 0 ? "w" : "r+");
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, from + at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function readFrom(path: string, from: number, length: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(length);
    let size = 0;
    for (let read = -1; read !== 0 && size < length; size += read)
      read = readSync(file, bytes, size, length - size, from + size);
    return bytes.subarray(0, size);
  } finally {
    closeSync(file);
  }
}

/** A folder has no business here. Throws CheckpointError. */
function remove(path: string): void {
  writing(() => rmSync(path, { force: true, recursive: true }));
}

/** What Windows cannot do: there the names of files are on the disk with the files. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
