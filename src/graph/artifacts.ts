/** What nodes and callers do with artifacts: content that is too large for a checkpoint. */
import type { ArtifactRef } from "../state/artifact-ref.js";

/** Content that is kept once, beside all checkpoints, under the SHA-256 of its bytes. Members may be destructured. */
export interface Artifacts {
  /**
   * Keeps content, and resolves once it is durable. Bytes, and streams of bytes (of Node, of the web, any AsyncIterable), come back as a
   * Uint8Array; any other value comes back as it was, and is frozen from now on. A stream is read to its end first. The same content is kept
   * once, whoever puts it, however often. What a node put stays at least until its session's next commit, what a caller put for a day;
   * then as long as anything refers to it that can be read. Throws SerializationError for a value that cannot be stored, InvalidOptionError
   * for a stream that gives anything but bytes and for a store without artifacts, CheckpointError, and what the stream throws.
   */
  put(content: unknown): Promise<ArtifactRef>;
  /** The content, held to its digest: ArtifactCorruptError when it is not what was put, ArtifactNotFoundError when it is not there. */
  get<T = unknown>(ref: ArtifactRef): Promise<T>;
}
