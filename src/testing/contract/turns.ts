/** Many calls in one turn of the event loop: each stands for itself, and one of those that compete wins (C4). */
import { deepStrictEqual, ok } from "node:assert/strict";
import { CheckpointConflictError, CheckpointNotFoundError } from "../../errors.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, forkOf, nextOf } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, expectLine, expectNoSession, noteOn } from "./expectations.js";
import { EFFECT, resultOf } from "./pending.js";

export const turnChecks: Checks = {
  "many sessions commit at once": checkManyAtOnce,
  "C4: of twenty commits on one head in one turn, one is written": checkCompeting,
  "C4: so it is with notes, records and leases in the same turn": checkMixed,
  "C4: of twenty first commits of a session in one turn, one is written": checkCompetingFirst,
  "C4: of twenty claims in one turn, one is granted": checkCompetingClaims,
  "T6: a fork and the end of its origin in one turn leave a whole fork, or none": checkForkAndDelete,
};

const TWENTY = Array.from({ length: 20 }, (_, i) => i);

async function checkManyAtOnce(store: Checkpointer): Promise<void> {
  const firsts = Array.from({ length: 50 }, (_, i) => firstOf(`s${i}`, { state: { n: 0 } }));
  await Promise.all(firsts.map((first) => store.commit(first)));
  const seconds = firsts.map((first, i) => nextOf(first, "n", replaceAll(i)));
  const settled = await attempt([...seconds, firsts[0] as Checkpoint].map((one) => () => store.commit(one)));
  deepStrictEqual(settled.filter(({ status }) => status === "rejected").length, 1);
  for (const second of seconds) await expectHead(store, second);
}

async function checkCompeting(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, text: "" } });
  await store.commit(first);
  const next = TWENTY.map((i) => nextOf(first, "text", replaceAll(`${i}`.repeat(100))));
  const winner = await onlyWinner(next, (checkpoint) => store.commit(checkpoint));
  await expectHead(store, winner);
  await expectLine(store, "s", [winner, first]);
  const later = nextOf(winner, "n", replaceAll(1));
  await store.commit(later);
  await expectLine(store, "s", [later, winner, first]);
}

async function checkMixed(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const bystander = firstOf("bystander", { state: { n: 0 } });
  await commitAll(store, [first, bystander]);
  const next = TWENTY.map((i) => nextOf(first, "n", replaceAll(i)));
  const asides: Promise<unknown>[] = [];
  const winner = await onlyWinner(next, (checkpoint, i) => {
    const { seq } = bystander;
    asides.push(
      attempt([
        () => store.annotate(noteOn(first, { records: [resultOf(`t${i}`, i), EFFECT] })),
        () => store.annotate({ ...noteOn(bystander, { records: [resultOf(`t${i}`, i)] }), seq }),
        () => store.acquire({ sessionId: "s", owner: `owner ${i}`, at: i, ttlMs: 1_000 }),
      ]),
    );
    return store.commit(checkpoint);
  });
  await Promise.all(asides);
  await expectHead(store, winner);
  await expectLine(store, "s", [winner, first]);
  await expectHead(
    store,
    bystander,
    bystander.note,
    TWENTY.map((i) => resultOf(`t${i}`, i)),
  );
}

async function checkCompetingFirst(store: Checkpointer): Promise<void> {
  const firsts = TWENTY.map((i) => firstOf("s", { state: { i }, incarnation: `made${i}` }));
  const winner = await onlyWinner(firsts, (checkpoint) => store.commit(checkpoint));
  await expectHead(store, winner);
  await expectLine(store, "s", [winner]);
}

async function checkCompetingClaims(store: Checkpointer): Promise<void> {
  const answers = await Promise.all(
    TWENTY.map(async (i) => store.acquire({ sessionId: "s", owner: `owner ${i}`, at: 0, ttlMs: 1_000 })),
  );
  const [granted, ...more] = answers.filter(({ kind }) => kind === "granted");
  ok(granted?.kind === "granted" && more.length === 0, "one claim is granted");
  for (const answer of answers) {
    if (answer.kind === "held") deepStrictEqual(answer.holder.fence, granted.lease.fence);
  }
}

async function checkForkAndDelete(store: Checkpointer): Promise<void> {
  const first = firstOf("o", { state: { n: 0 } });
  const origin = nextOf(first, "n", replaceAll(1));
  await commitAll(store, [first, origin]);
  const forks = TWENTY.map((i) => forkOf(origin, `f${i}`, { incarnation: `fork${i}` }));
  const settled = await attempt([
    ...forks.slice(0, 10).map((fork) => () => store.commit(fork, { origin: "o" })),
    () => store.delete("o"),
    ...forks.slice(10).map((fork) => () => store.commit(fork, { origin: "o" })),
  ]);
  await expectNoSession(store, "o");
  const outcomes = settled.filter((_, place) => place !== 10);
  for (const [place, fork] of forks.entries()) {
    const outcome = outcomes[place];
    if (outcome?.status === "fulfilled") await expectLine(store, fork.sessionId, [fork, origin, first]);
    else {
      ok(outcome?.reason instanceof CheckpointNotFoundError, "the origin is gone");
      await expectNoSession(store, fork.sessionId);
    }
  }
}

/** All calls in this turn, whether they throw, answer at once or later. */
async function attempt(calls: readonly (() => unknown)[]): Promise<readonly PromiseSettledResult<unknown>[]> {
  return Promise.allSettled(calls.map(async (call) => call()));
}

/** The one that was written; the others are conflicts. */
async function onlyWinner(
  competing: readonly Checkpoint[],
  commit: (checkpoint: Checkpoint, place: number) => unknown,
): Promise<Checkpoint> {
  const settled = await attempt(competing.map((checkpoint, place) => () => commit(checkpoint, place)));
  const winners = competing.filter((_, place) => settled[place]?.status === "fulfilled");
  deepStrictEqual(winners.length, 1);
  for (const one of settled) if (one.status === "rejected") ok(one.reason instanceof CheckpointConflictError);
  return winners[0] as Checkpoint;
}
