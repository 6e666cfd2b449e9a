/** Writes under a lease: only the newest may write, and nothing of any other is written (C4). */
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, forkOf, nextOf } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, expectLine, expectNoSession, isConflict, noteOn } from "./expectations.js";
import { expectHeld, granted } from "./leases.js";
import { PAUSED, RESULT } from "./pending.js";

export const fenceChecks: Checks = {
  "C4: a write under an older lease than the newest is a conflict and writes nothing": checkOlder,
  "C4: no session is begun, forked or replaced under an older lease": checkOlderFirst,
  "C4: a write under a lease that nobody was granted is a conflict": checkUnissued,
  "C4: a write under the newest lease is written, also when it has ended or was given back": checkNewest,
  "C4: a write without a lease is not held to one": checkWithout,
  "C4: a replacing commit keeps the lease": checkReplaced,
  "C4: a late write to a deleted session is a conflict and leaves nothing behind": checkDeleted,
  "C4: a late owner does not begin a deleted session again": checkDeletedFirst,
};

async function checkOlder(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  const { fence: older } = await granted(store);
  await store.commit(first, { fence: older });
  const { fence } = await granted(store, { owner: "two", at: 2_000 });
  const told = { sessionId: "s", expected: "made-1", takenBy: "two" };
  await isConflict(() => store.commit(second, { fence: older }), told);
  await isConflict(() => store.annotate(noteOn(first, { note: PAUSED, records: [RESULT], fence: older })), told);
  await isConflict(() => store.annotate(noteOn(first, { discardResults: true, fence: older })));
  await expectHead(store, first);
  await store.annotate(noteOn(first, { records: [RESULT], fence }));
  await store.commit(second, { fence });
  await isConflict(() => store.commit(nextOf(second, "n", replaceAll(2)), { fence: older }));
  await isConflict(() => store.delete("s", older));
  await expectHead(store, second);
  await expectLine(store, "s", [second, first]);
  await store.delete("s", fence);
  await expectNoSession(store, "s");
}

async function checkOlderFirst(store: Checkpointer): Promise<void> {
  const origin = firstOf("origin", { state: { n: 0 } });
  await store.commit(origin);
  const { fence: older } = await granted(store);
  const { fence } = await granted(store, { owner: "two", at: 2_000 });
  const first = firstOf("s", { state: { n: 1 } });
  const refuseAll = async (): Promise<void> => {
    await isConflict(() => store.commit(firstOf("s", { incarnation: "late" }), { fence: older }));
    await isConflict(() => store.commit(firstOf("s", { incarnation: "late" }), { fence: older, replace: true }));
    await isConflict(() => store.commit(forkOf(origin, "s"), { fence: older, origin: "origin" }));
  };
  await refuseAll();
  await expectNoSession(store, "s");
  await store.commit(first, { fence });
  await refuseAll();
  await expectHead(store, first);
  await expectLine(store, "s", [first]);
}

async function checkUnissued(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  const { fence } = await granted(store);
  await isConflict(() => store.commit(nextOf(first, "n", replaceAll(1)), { fence: fence + 1 }));
  await isConflict(() => store.annotate(noteOn(first, { note: PAUSED, fence: fence + 1 })));
  await expectHead(store, first);
}

async function checkNewest(store: Checkpointer): Promise<void> {
  let last = firstOf("s", { state: { n: 0 } });
  await store.commit(last);
  const write = async (fence: number): Promise<void> => {
    await store.annotate(noteOn(last, { note: PAUSED, records: [RESULT], fence }));
    await expectHead(store, last, PAUSED, [RESULT]);
    last = nextOf(last, "n", replaceAll(last.seq));
    await store.commit(last, { fence });
    await expectHead(store, last);
  };
  const ended = await granted(store, { ttlMs: 0 });
  await write(ended.fence);
  const next = await granted(store);
  await write(next.fence);
  await store.release(next);
  await write(next.fence);
  const evicted = await granted(store, { evict: next.fence });
  await store.renew([evicted], 9_000);
  await write(evicted.fence);
}

async function checkWithout(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  await granted(store);
  await granted(store, { owner: "two", at: 2_000 });
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT] }));
  await expectHead(store, first, PAUSED, [RESULT]);
  await store.commit(second);
  await expectHead(store, second);
}

async function checkReplaced(store: Checkpointer): Promise<void> {
  const { fence: older } = await granted(store);
  const lease = await granted(store, { owner: "two", at: 2_000 });
  const { fence } = lease;
  await store.commit(firstOf("s", { incarnation: "old" }), { fence });
  const first = firstOf("s", { state: { n: 0 }, incarnation: "new" });
  await store.commit(first, { fence, replace: true });
  await expectHeld(store, lease, { owner: "three", at: 2_100 }, { owner: "two", at: 2_000 });
  await isConflict(() => store.commit(nextOf(first, "n", replaceAll(1)), { fence: older }));
  const second = nextOf(first, "n", replaceAll(2));
  await store.commit(second, { fence });
  await expectHead(store, second);
}

async function checkDeleted(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, now: 1 }, ephemeral: ["now"] });
  const second = nextOf(first, "n", replaceAll(1));
  const { fence } = await granted(store);
  await commitAll(store, [first], { fence });
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT], fence }));
  await store.delete("s");
  for (const options of [{ fence }, {}]) {
    await isConflict(() => store.commit(second, options));
    await isConflict(() => store.commit(second, { ...options, keepsRecords: true }));
    await isConflict(() => store.annotate(noteOn(first, { note: PAUSED, records: [RESULT], ...options })));
  }
  await expectNoSession(store, "s");
  const fresh = firstOf("s", { state: { n: 9 }, incarnation: "fresh" });
  await store.commit(fresh, { fence });
  await expectHead(store, fresh);
  await expectLine(store, "s", [fresh]);
}

async function checkDeletedFirst(store: Checkpointer): Promise<void> {
  const { fence: late } = await granted(store);
  const next = await granted(store, { owner: "two", at: 2_000 });
  await store.commit(firstOf("s"), { fence: next.fence });
  await store.delete("s");
  await store.release(next);
  const again: Checkpoint = firstOf("s", { incarnation: "late" });
  await isConflict(() => store.commit(again, { fence: late }));
  await isConflict(() => store.commit(again, { fence: late, replace: true }));
  await expectNoSession(store, "s");
}
