/** What nodes and callers do with artifacts: content that is too large for a checkpoint. */
import type { ArtifactRef } from "../state/artifact-ref.js";

/** Content that is kept once, beside all checkpoints, under the SHA-256 of its bytes. Members may be destructured. */
export interface Artifacts {
  /**
   * Keeps content, and resolves once it is durable. Bytes, and streams of bytes (of Node, of the web, any AsyncIterable), come back as a
   * Uint8Array; any other value comes back as it was, and is frozen from now on. A stream costs the memory of a few pieces of 1 MiB with a store that takes pieces, such as
   * SqliteCheckpointer, and is read no farther once the task's signal is aborted. The same content is kept
   * once, whoever puts it, however often. What a node put stays at least until its session's next commit, what a caller put for a day;
   * then as long as anything refers to it that can be read. Throws SerializationError for a value that cannot be stored, InvalidOptionError
   * for a stream that gives anything but bytes and for a store without artifacts, CheckpointError, and what the stream throws.
   */
  put(content: unknown): Promise<ArtifactRef>;
  /** The content, held to its digest: ArtifactCorruptError when it is not what was put, ArtifactNotFoundError when it is not there. */
  get<T = unknown>(ref: ArtifactRef): Promise<T>;
  /**
   * The bytes a piece at a time, for content that is too large for memory. Nothing is read before somebody asks for the first piece; then all of
   * it is held to its digest, before anything is handed out, and each piece once more when it is. So it is read twice. May be read by many, and
   * again. Throws InvalidOptionError at once when the reference is none, or of a value; reading throws what `get` throws.
   */
  open(ref: ArtifactRef): AsyncIterable<Uint8Array>;
}
