/** Artifacts that come and go in pieces. A store that takes and gives them whole has nothing to prove. */
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { CheckpointError } from "../../errors.js";
import { ARTIFACT_PIECE, type ArtifactHolder, contentOfBytes } from "../../session/artifact.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { ArtifactRef } from "../../state/artifact-ref.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, nextOf } from "../checkpoints.js";
import { type Check, type Checks, isConflict } from "./expectations.js";

type Store = Checkpointer &
  Required<Pick<Checkpointer, "artifact" | "draftArtifact" | "keepDraft" | "dropDraft" | "artifactRange">>;

export const artifactPieceChecks: Checks = {
  "an artifact that came in pieces is as one that was put whole, and is given from any place on": inPieces(checkSame),
  "T6: a draft is held as an artifact is, and goes as one does": inPieces(checkHeld),
  "T6: what is put again in pieces stays for all that referred to it": inPieces(checkAgain),
  "C4: who was taken over from adds to no draft, and keeps none": inPieces(checkFence),
};

const FOR_EVER = { until: Number.MAX_SAFE_INTEGER };
const SIZE = 2 * ARTIFACT_PIECE + 5;

function inPieces(check: (store: Store) => Promise<void>): Check {
  return async (store) => {
    if (store.draftArtifact !== undefined) await check(store as Store);
  };
}

function contentOf(seed: number): { readonly digest: string; readonly bytes: Uint8Array } {
  return contentOfBytes(Uint8Array.from({ length: SIZE }, (_, at) => (at * 7 + (at >> 9) + seed) % 251));
}

async function draft(store: Store, name: string, bytes: Uint8Array, holder: ArtifactHolder): Promise<void> {
  for (let at = 0; at < bytes.length; at += ARTIFACT_PIECE)
    await store.draftArtifact({ name, at, bytes: bytes.slice(at, at + ARTIFACT_PIECE), holder });
}

async function checkSame(store: Store): Promise<void> {
  const { digest, bytes } = contentOf(1);
  await draft(store, "a", bytes, FOR_EVER);
  for (const found of [await store.artifact(digest), await store.artifactRange(digest, 0, 1)])
    deepStrictEqual(found, undefined);
  await store.keepDraft({ name: "a", digest, size: SIZE, holder: FOR_EVER });
  await draft(store, "b", bytes.slice(0, ARTIFACT_PIECE), FOR_EVER);
  await store.dropDraft("b");
  await store.dropDraft("never begun");
  deepStrictEqual(plain(await store.artifact(digest)), bytes);
  for (const [from, length] of [
    ...([
      [0, ARTIFACT_PIECE],
      [ARTIFACT_PIECE, ARTIFACT_PIECE],
      [2 * ARTIFACT_PIECE, ARTIFACT_PIECE],
    ] as const),
    ...([
      [ARTIFACT_PIECE - 3, 10],
      [7, 0],
      [SIZE - 1, 1],
      [SIZE, 10],
      [SIZE + ARTIFACT_PIECE, 10],
    ] as const),
  ])
    deepStrictEqual(plain(await store.artifactRange(digest, from, length)), bytes.slice(from, from + length));
}

async function checkHeld(store: Store): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  const holders = { caller: { until: 5_000 }, task: { sessionId: "s" } };
  const { digest, bytes } = contentOf(2);
  const goOn = async (name: keyof typeof holders): Promise<void> =>
    store.draftArtifact({ name, at: ARTIFACT_PIECE, bytes: bytes.slice(0, ARTIFACT_PIECE), holder: holders[name] });
  for (const name of ["caller", "task"] as const)
    await draft(store, name, bytes.slice(0, ARTIFACT_PIECE), holders[name]);
  await store.prune({ keepLast: 1, at: 4_999 });
  for (const name of ["caller", "task"] as const) await goOn(name);
  await store.commit(nextOf(first, "n", replaceAll(1)));
  await store.prune({ keepLast: 1, at: 5_000 });
  for (const [name, holder] of Object.entries(holders)) {
    const end = { name, digest, size: 2 * ARTIFACT_PIECE, holder };
    await rejects(
      async () => store.keepDraft(end),
      (error) => error instanceof CheckpointError,
    );
  }
  deepStrictEqual(await store.artifact(digest), undefined);
}

async function checkAgain(store: Store): Promise<void> {
  const { digest, bytes } = contentOf(3);
  const nobody = { until: 0 };
  for (const name of ["a", "b"]) {
    await draft(store, name, bytes, nobody);
    await store.keepDraft({ name, digest, size: SIZE, holder: nobody });
    if (name === "a") await store.commit(firstOf("s", { state: { doc: new ArtifactRef(digest, SIZE, "bytes") } }));
  }
  await store.prune({ keepLast: 1, at: 1 });
  deepStrictEqual(plain(await store.artifact(digest)), bytes);
  await store.delete("s");
  deepStrictEqual(await store.artifact(digest), undefined);
}

async function checkFence(store: Store): Promise<void> {
  const claim = { sessionId: "s", owner: "one", at: 0, ttlMs: 10 };
  await store.commit(firstOf("s", { state: {} }));
  const [slow, quick] = [await store.acquire(claim), await store.acquire({ ...claim, owner: "two", at: 20 })];
  if (slow.kind !== "granted" || quick.kind !== "granted") return ok(false, "a lease that has ended holds nobody up");
  const { digest, bytes } = contentOf(4);
  const holderOf = (fence: number): ArtifactHolder => ({ sessionId: "s", fence });
  await isConflict(async () => draft(store, "a", bytes, holderOf(slow.lease.fence)), { sessionId: "s" });
  await draft(store, "b", bytes, holderOf(quick.lease.fence));
  const keep = async (fence: number): Promise<void> =>
    store.keepDraft({ name: "b", digest, size: SIZE, holder: holderOf(fence) });
  await isConflict(() => keep(slow.lease.fence), { sessionId: "s" });
  deepStrictEqual(await store.artifact(digest), undefined);
  await keep(quick.lease.fence);
  deepStrictEqual(plain(await store.artifact(digest)), bytes);
}

/** A Buffer is bytes, too. */
function plain(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes);
}
