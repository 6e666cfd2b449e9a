/** Content of artifacts a piece at a time. No piece is handed out before all of them, and then this one, were held to the digest. */
import { setImmediate as turn } from "node:timers/promises";
import { ArtifactCorruptError, ArtifactNotFoundError } from "../../errors.js";
import { ARTIFACT_PIECE, checkFound, RunningDigest, readContent } from "../../session/artifact.js";
import type { ArtifactRef } from "../../state/artifact-ref.js";
import type { Pieces, Store } from "../store.js";

/** What the reference stands for. Throws ArtifactNotFoundError, ArtifactCorruptError. */
export async function readWhole(store: Store, ref: ArtifactRef): Promise<unknown> {
  const bytes = await store.artifact(ref.digest);
  if (bytes === undefined) throw new ArtifactNotFoundError(ref.digest);
  return readContent(ref, bytes);
}

/** Nothing is open between two pieces, so who breaks off leaves nothing behind. Reading throws as `readWhole`. */
export function piecesOf(store: Store, ref: ArtifactRef): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => read(store, ref) };
}

async function* read(store: Store, ref: ArtifactRef): AsyncGenerator<Uint8Array, void, void> {
  const { pieces } = store;
  if (pieces === undefined || ref.size <= ARTIFACT_PIECE)
    return yield* cut((await readWhole(store, ref)) as Uint8Array);
  const expected = await check(pieces, ref);
  const running = new RunningDigest();
  for (const [place, digest] of expected.entries()) {
    const piece = await pieceAt(pieces, ref, place);
    if (running.add(piece).digest !== digest) throw new ArtifactCorruptError(ref.digest);
    yield piece;
  }
}

function* cut(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += ARTIFACT_PIECE) yield bytes.subarray(at, at + ARTIFACT_PIECE);
}

/** Reads all of it. Gives, for each piece, the digest of everything up to its end. */
async function check(pieces: Pieces, ref: ArtifactRef): Promise<readonly string[]> {
  const running = new RunningDigest();
  const digests: string[] = [];
  let size = 0;
  for (let isEnd = false; !isEnd; ) {
    const piece = await pieceAt(pieces, ref, digests.length);
    if (piece.length > 0) digests.push(running.add(piece).digest);
    size += piece.length;
    isEnd = piece.length < ARTIFACT_PIECE || size > ref.size;
  }
  checkFound(ref, { digest: running.digest, size });
  return digests;
}

/** A store that answers at once lets others have their turn between two pieces. */
async function pieceAt({ range }: Pieces, { digest }: ArtifactRef, place: number): Promise<Uint8Array> {
  await turn();
  const piece = await range(digest, place * ARTIFACT_PIECE, ARTIFACT_PIECE);
  if (piece === undefined) throw new ArtifactNotFoundError(digest);
  return piece;
}
