/** Leases: one holder at a time, under a fencing number that never comes again (C4). */
import { deepStrictEqual, ok } from "node:assert/strict";
import type { Checkpointer } from "../../session/checkpointer.js";
import type { Lease, LeaseClaim } from "../../session/lease.js";
import { firstOf } from "../checkpoints.js";
import { type Checks, expectHead, expectNoSession } from "./expectations.js";

export const leaseChecks: Checks = {
  "C4: a lease is granted of a session that does not exist yet, and makes none": checkOfNothing,
  "C4: a lease that holds is not granted again, not even to its owner, and says whose it is": checkHeld,
  "C4: a lease ends by itself at the very millisecond": checkEnds,
  "C4: a renewed lease holds longer, since when it was granted": checkRenewed,
  "C4: a lease that ended and was not taken over is renewed": checkRevived,
  "C4: renewing tells which leases were lost, and leaves their successors": checkLost,
  "C4: a lease that was given back is granted at once": checkGivenBack,
  "C4: giving a lost lease back does nothing to its successor": checkLateRelease,
  "C4: a holder that is known to be gone is evicted by its number, and by no other": checkEvict,
  "C4: a fence grows with every lease of a session, also while it is deleted": checkGrowing,
  "C4: a fence does not come again after the session is gone": checkNeverAgain,
  "C4: who holds a lease hears of the first request to stop at each renewal, and its successor of none": checkStop,
  "C4: nobody is asked to stop where no lease holds, and nothing of it is kept": checkNobodyToStop,
  "C4: leases of many sessions are independent": checkIndependent,
  "C4: a session and an owner may be called anything": checkHostileNames,
};

const CLAIM: LeaseClaim = { sessionId: "s", owner: "one", at: 1_000, ttlMs: 500 };

/** The lease that was granted. */
export async function granted(store: Checkpointer, claim: Partial<LeaseClaim> = {}): Promise<Lease> {
  const wanted = { ...CLAIM, ...claim };
  const answer = await store.acquire(wanted);
  ok(answer.kind === "granted", `"${wanted.owner}" gets the lease of "${wanted.sessionId}"`);
  deepStrictEqual(answer.lease, { sessionId: wanted.sessionId, fence: answer.lease.fence });
  return answer.lease;
}

/** The lease is held, by the owner and since the time of the claim that it was granted to. */
export async function expectHeld(
  store: Checkpointer,
  { fence }: Lease,
  claim: Partial<LeaseClaim> = {},
  { owner, at: since }: Pick<LeaseClaim, "owner" | "at"> = CLAIM,
): Promise<void> {
  const answer = await store.acquire({ ...CLAIM, owner: "two", ...claim });
  deepStrictEqual(answer, { kind: "held", holder: { owner, fence, since } });
}

async function checkOfNothing(store: Checkpointer): Promise<void> {
  const lease = await granted(store);
  await expectHeld(store, lease);
  await expectNoSession(store, "s");
  const first = firstOf("s");
  await store.commit(first, { fence: lease.fence });
  await expectHead(store, first);
  await expectHeld(store, lease);
}

async function checkHeld(store: Checkpointer): Promise<void> {
  await store.commit(firstOf("s"));
  const lease = await granted(store);
  await expectHeld(store, lease);
  await expectHeld(store, lease, { owner: "one" });
  await expectHeld(store, lease, { at: 1_499, ttlMs: 10_000 });
}

async function checkEnds(store: Checkpointer): Promise<void> {
  const lease = await granted(store);
  await expectHeld(store, lease, { at: 1_499 });
  const next = await granted(store, { owner: "two", at: 1_500 });
  await expectHeld(store, next, { at: 1_600 }, { owner: "two", at: 1_500 });
  const atOnce = await granted(store, { sessionId: "short", ttlMs: 0 });
  ok((await granted(store, { sessionId: "short" })).fence > atOnce.fence, "a lease of no time holds for none");
}

async function checkRenewed(store: Checkpointer): Promise<void> {
  const lease = await granted(store);
  deepStrictEqual([...(await store.renew([lease], 9_000))], []);
  await expectHeld(store, lease, { at: 8_999 });
  await granted(store, { owner: "two", at: 9_000 });
}

async function checkRevived(store: Checkpointer): Promise<void> {
  const lease = await granted(store);
  deepStrictEqual([...(await store.renew([lease], 9_000))], []);
  await expectHeld(store, lease, { at: 5_000 });
}

async function checkLost(store: Checkpointer): Promise<void> {
  const kept = await granted(store, { sessionId: "kept" });
  const lost = await granted(store);
  const next = await granted(store, { owner: "two", at: 1_500 });
  deepStrictEqual([...(await store.renew([lost, kept], 9_000))], [lost]);
  deepStrictEqual([...(await store.renew([], 9_000))], []);
  await expectHeld(store, kept, { sessionId: "kept", at: 8_999 });
  await expectHeld(store, next, { at: 1_999 }, { owner: "two", at: 1_500 });
  await granted(store, { at: 2_000 });
}

async function checkGivenBack(store: Checkpointer): Promise<void> {
  for (const sessionId of ["s", "nobody"]) {
    if (sessionId === "s") await store.commit(firstOf("s"));
    const lease = await granted(store, { sessionId });
    await store.release(lease);
    const next = await granted(store, { sessionId, owner: "two" });
    await expectHeld(store, next, { sessionId }, { ...CLAIM, owner: "two" });
    await store.release(next);
    await store.release(next);
    await granted(store, { sessionId, owner: "three" });
  }
}

async function checkLateRelease(store: Checkpointer): Promise<void> {
  const lost = await granted(store);
  const next = await granted(store, { owner: "two", at: 1_500 });
  await store.release(lost);
  await store.release({ sessionId: "never", fence: 1 });
  await expectHeld(store, next, { at: 1_600 }, { owner: "two", at: 1_500 });
  deepStrictEqual([...(await store.renew([next], 9_000))], []);
}

async function checkEvict(store: Checkpointer): Promise<void> {
  const lost = await granted(store, { at: 500, ttlMs: 500 });
  const lease = await granted(store);
  await expectHeld(store, lease, { evict: lost.fence });
  await expectHeld(store, lease, { evict: lease.fence + 1 });
  await expectHeld(store, lease, { evict: 0 });
  const next = await granted(store, { owner: "two", evict: lease.fence });
  await expectHeld(store, next, { evict: lease.fence }, { ...CLAIM, owner: "two" });
  deepStrictEqual([...(await store.renew([lease], 9_000))], [lease]);
}

async function checkGrowing(store: Checkpointer): Promise<void> {
  await store.commit(firstOf("s"));
  const fences: number[] = [];
  const lease = async (claim: Partial<LeaseClaim>): Promise<Lease> => {
    const next = await granted(store, claim);
    ok(Number.isSafeInteger(next.fence) && next.fence > (fences.at(-1) ?? 0), `fence ${next.fence} follows ${fences}`);
    fences.push(next.fence);
    return next;
  };
  await store.release(await lease({}));
  await store.release(await lease({}));
  await lease({});
  await lease({ at: 2_000 });
  const held = await lease({ at: 3_000 });
  await store.delete("s");
  await expectHeld(store, held, { at: 3_100 }, { ...CLAIM, at: 3_000 });
  await lease({ at: 3_200, evict: held.fence });
  await store.commit(firstOf("s"), { replace: true });
  await lease({ at: 4_000 });
}

async function checkNeverAgain(store: Checkpointer): Promise<void> {
  const late = await granted(store);
  await store.commit(firstOf("s"));
  const next = await granted(store, { owner: "two", at: 1_500 });
  await store.delete("s");
  await store.release(next);
  const last = await granted(store, { owner: "three", at: 1_600 });
  ok(last.fence > next.fence, `fence ${last.fence} follows ${next.fence}`);
  await store.release(late);
  deepStrictEqual([...(await store.renew([late, next], 9_000))], [late, next]);
  await expectHeld(store, last, { at: 1_700 }, { owner: "three", at: 1_600 });
}

async function checkStop(store: Checkpointer): Promise<void> {
  if (store.askToStop === undefined) return;
  const [lease, other] = [await granted(store), await granted(store, { sessionId: "other" })];
  const request = { by: "two", reason: 'it\'s "late" 😀' };
  const holder = { owner: "one", fence: lease.fence, since: 1_000 };
  deepStrictEqual({ ...(await store.askToStop("s", request, 1_400)) }, holder);
  deepStrictEqual({ ...(await store.askToStop("s", { by: "three" }, 1_450)) }, holder);
  for (const until of [2_000, 3_000]) {
    deepStrictEqual([...(await store.renew([lease, other], until))], [{ ...lease, stop: request }]);
  }
  await store.release(lease);
  const next = await granted(store, { owner: "two" });
  deepStrictEqual([...(await store.renew([next, lease], 9_000))], [lease]);
  await store.askToStop("s", { by: "one" }, 1_500);
  deepStrictEqual([...(await store.renew([next], 9_000))], [{ ...next, stop: { by: "one" } }]);
  const last = await granted(store, { owner: "three", at: 9_000 });
  deepStrictEqual([...(await store.renew([last], 9_500))], []);
}

async function checkNobodyToStop(store: Checkpointer): Promise<void> {
  if (store.askToStop === undefined) return;
  const request = { by: "two" };
  deepStrictEqual(await store.askToStop("s", request, 1_000), undefined);
  await expectNoSession(store, "s");
  const lease = await granted(store);
  deepStrictEqual(await store.askToStop("s", request, 1_500), undefined);
  deepStrictEqual([...(await store.renew([lease], 2_000))], []);
  await store.release(lease);
  deepStrictEqual(await store.askToStop("s", request, 1_600), undefined);
}

async function checkIndependent(store: Checkpointer): Promise<void> {
  const ids = Array.from({ length: 50 }, (_, i) => `s${i}`);
  const leases = await Promise.all(ids.map((sessionId) => granted(store, { sessionId })));
  const [given, renewed] = [leases.slice(0, 25), leases.slice(25, 49)];
  await Promise.all(given.map((lease) => store.release(lease)));
  deepStrictEqual([...(await store.renew(renewed, 9_000))], []);
  for (const { sessionId } of given) await granted(store, { sessionId, owner: "two", at: 1_400 });
  for (const lease of renewed) await expectHeld(store, lease, { sessionId: lease.sessionId, at: 5_000 });
  await granted(store, { sessionId: "s49", owner: "two", at: 1_500 });
}

async function checkHostileNames(store: Checkpointer): Promise<void> {
  const names = ["1", "01", "a'b\"c", "%", "_", "é", "e\u0301", "__proto__", " ", "S", "😀"];
  const owners = [...names, "", "null", "x".repeat(10_000)];
  const leases = await Promise.all(names.map((sessionId) => granted(store, { sessionId, owner: sessionId })));
  for (const lease of leases) {
    await expectHeld(store, lease, { sessionId: lease.sessionId }, { ...CLAIM, owner: lease.sessionId });
  }
  for (const [at, owner] of owners.entries()) {
    const lease = await granted(store, { owner, at, ttlMs: 1 });
    await expectHeld(store, lease, { at }, { owner, at });
  }
}
