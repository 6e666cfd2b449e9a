/** Artifacts: kept under their digest as long as they are held or something refers to them that can be read. A store without them has nothing to prove. */
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { ArtifactNotFoundError } from "../../errors.js";
import { type ArtifactContent, contentOfBytes, contentOfValue } from "../../session/artifact.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { ArtifactRef } from "../../state/artifact-ref.js";
import { replaceAll } from "../../state/delta.js";
import { seal } from "../../state/seal.js";
import { firstOf, forkOf, nextOf } from "../checkpoints.js";
import {
  type Check,
  type Checks,
  expectHead,
  expectLine,
  expectNoSession,
  isConflict,
  noteOn,
} from "./expectations.js";

type Store = Checkpointer & Required<Pick<Checkpointer, "putArtifact" | "artifact">>;

export const artifactChecks: Checks = {
  "an artifact is given as it was put, once for all who put it, as bytes of one's own": keeping(checkKept),
  "T6: what anything refers to that can be read stays, whoever is pruned and deleted": keeping(checkStays),
  "T6: pruning and deleting take the artifacts that nothing refers to, and pruning counts their bytes":
    keeping(checkGoes),
  "T6: what was put for a session stays until its next commit, what a caller put until its time": keeping(checkHeld),
  "a commit or an artifact that refers to an artifact that is not there is refused, and nothing of it is written":
    keeping(checkRefused),
  "C4: who was taken over from puts no artifact": keeping(checkFence),
};

const SIZES = [0, 1, 255, 70_000, 2 ** 20, 2 ** 21 + 1];
const FOR_EVER = { until: Number.MAX_SAFE_INTEGER };
const FOR_NOBODY = { until: 0 };

function keeping(check: (store: Store) => Promise<void>): Check {
  return async (store) => {
    if (store.putArtifact !== undefined && store.artifact !== undefined) await check(store as Store);
  };
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + length) % 251);
}

/** An artifact that is a value, kept for nobody: it goes unless something refers to it. */
async function put(store: Store, value: unknown): Promise<ArtifactRef> {
  seal(value);
  const content = contentOfValue(value);
  await store.putArtifact({ ...content, holder: FOR_NOBODY });
  return refTo(content);
}

function refTo({ digest, bytes }: ArtifactContent): ArtifactRef {
  return new ArtifactRef(digest, bytes.length, "value");
}

async function isThere(store: Store, ref: ArtifactRef): Promise<boolean> {
  return (await store.artifact(ref.digest)) !== undefined;
}

async function checkKept(store: Store): Promise<void> {
  const contents = SIZES.map((size) => contentOfBytes(bytesOf(size)));
  for (const content of contents) {
    deepStrictEqual(await store.artifact(content.digest), undefined);
    await store.putArtifact({ ...content, holder: FOR_EVER });
    await store.putArtifact({ ...content, holder: FOR_EVER });
  }
  for (const { digest, bytes } of contents) {
    const found = await store.artifact(digest);
    deepStrictEqual(found, bytes);
    found?.fill(255);
    deepStrictEqual(await store.artifact(digest), bytes);
  }
}

async function checkStays(store: Store): Promise<void> {
  const inner = await put(store, "inner");
  const refs = { inner, outer: await put(store, { inner }) } as Record<string, ArtifactRef>;
  for (const name of ["before", "now", "input", "result", "note", "other"]) refs[name] = await put(store, name);
  const { before, now, input, result, note, other, outer } = refs;
  const first = firstOf("s", { state: { doc: before, kept: [outer] } });
  const second = nextOf(first, "doc", replaceAll(now), { frontier: [{ node: "a", input }] });
  await store.commit(first);
  await store.commit(firstOf("t", { state: { doc: other }, incarnation: "t" }));
  await store.commit(second);
  const outcome = { updates: [{ doc: result }], routes: [] };
  const paused = { ...first.note, status: { kind: "paused", reason: { kind: "hook", detail: note } } } as const;
  const records = [{ kind: "result", taskId: second.frontier[0]?.id ?? "", outcome }] as const;
  seal([records, paused]);
  await store.annotate(noteOn(second, { note: paused as unknown as Checkpoint["note"], records }));
  await store.commit(forkOf(second, "f"), { origin: "s" });
  await store.prune({ keepLast: 100, at: 1 });
  for (const [name, ref] of Object.entries(refs)) ok(await isThere(store, ref), `artifact "${name}" stays`);
  await store.prune({ sessionId: "s", keepLast: 1, at: 1 });
  ok(await isThere(store, before as ArtifactRef), "a fork refers to what its origin shows no longer");
  await store.delete("s");
  for (const ref of [before, now, input, outer, inner])
    ok(await isThere(store, ref as ArtifactRef), "a fork refers to it");
  ok(await isThere(store, other as ArtifactRef), "another session refers to it");
}

async function checkGoes(store: Store): Promise<void> {
  const [old, last, deep] = [await put(store, "old"), await put(store, "last"), await put(store, "deep")];
  const outer = await put(store, [deep]);
  const first = firstOf("s", { state: { doc: [old, outer] } });
  const second = nextOf(first, "doc", replaceAll(last));
  await store.commit(first);
  await store.commit(second);
  deepStrictEqual((await store.prune({ keepLast: 2, at: 1 })).artifacts ?? 0, 0);
  deepStrictEqual((await store.prune({ keepLast: 1, at: 1 })).artifacts, old.size + outer.size + deep.size);
  for (const ref of [old, outer, deep]) ok(!(await isThere(store, ref)), "nothing refers to it any more");
  ok(await isThere(store, last), "the head refers to it");
  await expectLine(store, "s", [second]);
  await store.delete("s");
  ok(!(await isThere(store, last)), "its session is gone");
}

async function checkHeld(store: Store): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  const [task, caller] = [contentOfBytes(bytesOf(10)), contentOfBytes(bytesOf(20))];
  await store.putArtifact({ ...task, holder: { sessionId: "s" } });
  await store.putArtifact({ ...caller, holder: { until: 5_000 } });
  await store.annotate(noteOn(first, { records: [] }));
  await store.prune({ keepLast: 1, at: 4_999 });
  await store.prune({ keepLast: 1 });
  for (const one of [task, caller]) ok(await isThere(store, refTo(one)), "it is held");
  await store.commit(nextOf(first, "n", replaceAll(1)));
  deepStrictEqual((await store.prune({ keepLast: 1, at: 5_000 })).artifacts, 30);
  for (const one of [task, caller]) ok(!(await isThere(store, refTo(one))), "nobody holds it any more");
}

async function checkRefused(store: Store): Promise<void> {
  const nowhere = new ArtifactRef(`sha256-${"0".repeat(64)}`, 1, "value");
  const first = firstOf("s", { state: { doc: 1 } });
  const isRefused = (write: () => unknown): Promise<void> =>
    rejects(
      async () => write(),
      (error) => error instanceof ArtifactNotFoundError && error.digest === nowhere.digest,
    );
  await isRefused(() => store.commit(firstOf("s", { state: { doc: nowhere } })));
  await expectNoSession(store, "s");
  await store.commit(first);
  await isRefused(() => store.commit(nextOf(first, "doc", replaceAll([nowhere]))));
  await isRefused(() =>
    store.commit(nextOf(first, "doc", replaceAll(2), { frontier: [{ node: "a", input: nowhere }] })),
  );
  await isRefused(async () => put(store, [nowhere]));
  await expectHead(store, first);
  await store.commit(nextOf(first, "doc", replaceAll(2)));
}

async function checkFence(store: Store): Promise<void> {
  const claim = { sessionId: "s", owner: "one", at: 0, ttlMs: 10 };
  await store.commit(firstOf("s", { state: {} }));
  const [slow, quick] = [await store.acquire(claim), await store.acquire({ ...claim, owner: "two", at: 20 })];
  if (slow.kind !== "granted" || quick.kind !== "granted") return ok(false, "a lease that has ended holds nobody up");
  const content = contentOfBytes(bytesOf(3));
  const putting = async (fence: number): Promise<void> =>
    store.putArtifact({ ...content, holder: { sessionId: "s", fence } });
  await isConflict(() => putting(slow.lease.fence), { sessionId: "s" });
  deepStrictEqual(await store.artifact(content.digest), undefined);
  await putting(quick.lease.fence);
  deepStrictEqual(await store.artifact(content.digest), content.bytes);
}
