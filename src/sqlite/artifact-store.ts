/** What the SQLite store does about artifacts, beside its sessions. */
import type { ArtifactWrite, DraftEnd, DraftPiece } from "../session/artifact.js";
import { finishDraft, removeSome, writeDraft } from "./artifact-drafts.js";
import { readArtifact, readRange, writeArtifact } from "./artifacts.js";
import type { Connection, OpenFile } from "./connection.js";
import { type Manner, NOT_DURABLE } from "./group-commit.js";
import { atomically } from "./statements.js";

type Write = <T>(operation: string, work: (file: OpenFile) => T, how?: Manner<T>) => Promise<T>;

const KEEP = "keep an artifact";
const READ = "read an artifact";
const REMOVE = "remove artifacts";

export class ArtifactStore {
  readonly #connection: Connection;
  readonly #write: Write;

  constructor(connection: Connection, write: Write) {
    this.#connection = connection;
    this.#write = write;
  }

  put(write: ArtifactWrite): Promise<void> {
    return this.#write(KEEP, (file) => writeArtifact(file, write));
  }

  get(digest: string): Uint8Array | undefined {
    return this.#read(({ statements }) => readArtifact(statements, digest));
  }

  range(digest: string, from: number, length: number): Uint8Array | undefined {
    return this.#read(({ statements }) => readRange(statements, digest, { from, length }));
  }

  /** It is durable with the draft's end: the log that is written before the file is flushed whole. */
  draft(piece: DraftPiece): Promise<void> {
    return this.#write(KEEP, (file) => writeDraft(file, piece), NOT_DURABLE);
  }

  async keep(end: DraftEnd): Promise<void> {
    const former = await this.#write(KEEP, (file) => finishDraft(file, end));
    if (former !== undefined) await this.drop(former);
  }

  /** Some of it a transaction, so that others get their turn. */
  async drop(name: string): Promise<void> {
    while (await this.#write(REMOVE, (file) => removeSome(file, name), NOT_DURABLE));
  }

  /** Files go when it is sure that their rows are gone, and nobody names them anew. */
  async clearAway(digests: readonly string[], { leftovers = false } = {}): Promise<void> {
    const { folder } = this.#connection.file().statements;
    if (folder === undefined || (digests.length === 0 && !leftovers)) return;
    await this.#write(REMOVE, ({ statements: { artifact } }) => {
      const isNamed = (digest: string): boolean => artifact.get(digest) !== undefined;
      if (leftovers) folder.removeAllBut(isNamed);
      else folder.remove(digests, isNamed);
    });
  }

  #read<T>(work: (file: OpenFile) => T): T {
    return this.#connection.use(READ, (file) => atomically(file.statements, () => work(file)));
  }
}
