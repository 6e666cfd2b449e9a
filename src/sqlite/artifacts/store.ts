/** What the SQLite store does about artifacts, beside its sessions. */
import type { ArtifactWrite, DraftEnd, DraftPiece } from "../../session/artifact.js";
import type { Connection, OpenFile } from "../connection/connection.js";
import { type Manner, NOT_DURABLE } from "../connection/group-commit.js";
import { atomically, type Statements } from "../connection/statements.js";
import { readArtifact, readRange, writeArtifact } from "./artifacts.js";
import { finishDraft, removeSome, writeDraft } from "./drafts.js";
import { sweepAll } from "./sweeping.js";

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

  /** Takes away all that nothing mentions. Before a file goes, the disk has it that its row is gone. Gives the bytes. */
  async sweep(at: number | undefined): Promise<number> {
    const { folder } = this.#connection.file().statements;
    const { bytes } = await this.#write(REMOVE, (file) => sweepAll(file, at), { isDurable: folder !== undefined });
    if (folder !== undefined) await this.#write(REMOVE, ({ statements }) => folder.removeAllBut(namedIn(statements)));
    return bytes;
  }

  /** Of artifacts whose rows are gone for good, unless somebody names them anew. */
  async removeFiles(digests: readonly string[]): Promise<void> {
    const { folder } = this.#connection.file().statements;
    if (folder === undefined || digests.length === 0) return;
    await this.#write(REMOVE, ({ statements }) => folder.remove(digests, namedIn(statements)));
  }

  #read<T>(work: (file: OpenFile) => T): T {
    return this.#connection.use(READ, (file) => atomically(file.statements, () => work(file)));
  }
}

function namedIn({ artifact }: Statements): (digest: string) => boolean {
  return (digest) => artifact.get(digest) !== undefined;
}
