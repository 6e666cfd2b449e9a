/** What was committed is loaded; what does not build on the head is a conflict. */
import { deepStrictEqual, ok } from "node:assert/strict";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { type Delta, replaceAll } from "../../state/delta.js";
import { firstOf, forkOf, nextOf, updateOf } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, expectLine, expectNoSession, isConflict, noteOn } from "./expectations.js";
import { PAUSED, RESULT } from "./pending.js";

export const lineChecks: Checks = {
  "a session that was never committed is undefined": checkUnknown,
  "what was committed is loaded, all of it": checkRoundTrip,
  "T1: a long chain of deltas gives the last state": checkLongChain,
  "T1: a state that does not follow from its parent's is kept whole, and later deltas build on it": checkWhole,
  "what is known may be given back while it is the head, and never after": checkKnown,
  "S3: what is loaded is frozen": checkFrozen,
  "C4: a commit on a stale parent is a conflict and writes nothing": checkStaleParent,
  "C4: a second first commit is a conflict": checkSecondFirst,
  "C4: a commit on another incarnation is a conflict": checkIncarnation,
  "a replacing commit takes the place of the session, or begins one": checkReplace,
  "a replacing commit drops the records and the past of the former session": checkReplacedPast,
  "P29: committing an old checkpoint again does not move the head back": checkMonotonicHead,
  "P29: nor does one of a fork, or one before an update": checkMonotonicLines,
};

async function checkUnknown(store: Checkpointer): Promise<void> {
  await expectNoSession(store, "nobody");
  deepStrictEqual([...(await store.list({ limit: 10 }))], []);
}

async function checkRoundTrip(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { list: ["a"], n: 1 }, frontier: ["a", { node: "b", input: { deep: [1] } }] });
  await store.commit(first);
  await expectHead(store, first);
  const second = nextOf(first, "list", [{ op: "append", path: [], items: ["b", "c"] }]);
  await store.commit(second);
  await expectHead(store, second);
  const progress = { joins: { j: ["a"] }, deferred: ["z", { node: "y", input: 1 }], ended: true };
  const third = { ...nextOf(second, "n", replaceAll(2)), progress };
  await store.commit(third);
  await expectHead(store, third);
}

async function checkLongChain(store: Checkpointer): Promise<void> {
  let last = firstOf("s", { state: { list: [], n: 0 } });
  await store.commit(last);
  for (let i = 1; i <= 200; i++) {
    const append: Delta = [{ op: "append", path: [], items: ["x".repeat(100) + i] }];
    last = i % 3 === 0 ? nextOf(last, "n", replaceAll(i)) : nextOf(last, "list", append);
    await store.commit(last);
  }
  await expectHead(store, last);
}

async function checkWhole(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { old: [1], kept: "k", now: undefined } });
  const second = nextOf(first, "old", [{ op: "append", path: [], items: [2] }]);
  const third: Checkpoint = {
    ...nextOf(second, "kept", replaceAll("K")),
    state: Object.freeze({ kept: "K", added: Object.freeze({ list: Object.freeze([]) }), now: 3 }),
    versions: { kept: 2, added: 7, now: 1 },
    ephemeral: ["now"],
  };
  const fourth = nextOf(third, "added", [{ op: "append", path: ["list"], items: [4] }]);
  await commitAll(store, [first, second]);
  await store.commit(third, { whole: true });
  await expectHead(store, third);
  await expectLine(store, "s", [third, second, first]);
  await store.commit(fourth);
  await expectHead(store, fourth);
  await expectLine(store, "s", [fourth, third, second, first]);
}

async function checkKnown(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  const other = firstOf("s", { state: { n: 2 }, incarnation: "other" });
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT] }));
  const expectLoaded = async (expected: Checkpoint): Promise<void> => {
    const stored = await store.load("s", first);
    deepStrictEqual(stored?.checkpoint, expected);
  };
  await expectLoaded(first);
  await expectHead(store, first, PAUSED, [RESULT]);
  await store.commit(second);
  await expectLoaded(second);
  await store.commit(other, { replace: true });
  await expectLoaded(other);
}

async function checkFrozen(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { doc: { list: [{ a: 1 }] }, n: 0 } });
  await commitAll(store, [first, nextOf(first, "doc", [{ op: "append", path: ["list"], items: [{ b: [2] }] }])]);
  const head = await store.load("s");
  const old = await store.at("s", { step: 0 });
  for (const state of [head?.checkpoint.state, old?.state]) ok(isFrozen(state), "the state is frozen all the way down");
}

function isFrozen(value: unknown): boolean {
  return (
    typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
  );
}

async function checkStaleParent(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const winner = nextOf(first, "n", replaceAll(1));
  await commitAll(store, [first, winner]);
  await isConflict(() => store.commit(nextOf(first, "n", replaceAll(2))), { sessionId: "s", expected: "made-1" });
  await isConflict(() => store.commit({ ...nextOf(winner, "n", replaceAll(3)), parentSeq: 7 }));
  await isConflict(() => store.commit(nextOf(firstOf("nobody", { state: { n: 0 } }), "n", replaceAll(4))));
  await expectHead(store, winner);
  await expectLine(store, "s", [winner, first]);
  await expectNoSession(store, "nobody");
}

async function checkSecondFirst(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  const second = firstOf("s", { state: { n: 1 }, incarnation: "other" });
  await isConflict(() => store.commit(second), { sessionId: "s", expected: undefined });
  await expectHead(store, first);
  await expectLine(store, "s", [first]);
}

async function checkIncarnation(store: Checkpointer): Promise<void> {
  const old = firstOf("s", { state: { n: 0 }, incarnation: "old" });
  const fresh = firstOf("s", { state: { n: 0 }, incarnation: "new" });
  await store.commit(old);
  await store.delete("s");
  await store.commit(fresh);
  await isConflict(() => store.commit(nextOf(old, "n", replaceAll(1))));
  await expectHead(store, fresh);
}

async function checkReplace(store: Checkpointer): Promise<void> {
  const former = firstOf("s", { state: { n: 0 }, incarnation: "old" });
  await store.commit(former);
  for (const id of ["s", "fresh"]) {
    const first = firstOf(id, { state: { n: 9 }, incarnation: "new" });
    await store.commit(first, { replace: true });
    await expectHead(store, first);
  }
  await isConflict(() => store.commit(nextOf(former, "n", replaceAll(1))));
}

async function checkReplacedPast(store: Checkpointer): Promise<void> {
  const former = firstOf("s", { state: { n: 0, now: 1 }, incarnation: "old", ephemeral: ["now"] });
  const latter = nextOf(former, "n", replaceAll(1));
  await commitAll(store, [former, latter]);
  await store.annotate(noteOn(latter, { note: PAUSED, records: [RESULT] }));
  const first = firstOf("s", { state: { m: 0 }, incarnation: "new" });
  await store.commit(first, { replace: true });
  await expectHead(store, first);
  await expectLine(store, "s", [first]);
  deepStrictEqual(await store.at("s", { incarnation: "old", seq: 1 }), undefined);
  deepStrictEqual(await store.at("s", { step: 1 }), undefined);
  await isConflict(() => store.annotate(noteOn(latter, { records: [RESULT] })));
  await expectHead(store, first);
}

async function checkMonotonicHead(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  const third = nextOf(second, "n", replaceAll(2));
  await commitAll(store, [first, second, third]);
  for (const former of [first, second, third]) await isConflict(() => store.commit(former));
  await expectHead(store, third);
}

async function checkMonotonicLines(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = updateOf(first, "n", replaceAll(1));
  const third = updateOf(second, "n", replaceAll(2));
  await commitAll(store, [first, second, third]);
  const fork = forkOf(second, "f", { write: ["n", replaceAll(-1)] });
  const later = nextOf(fork, "n", replaceAll(-2));
  await store.commit(fork, { origin: "s" });
  await store.commit(later);
  for (const former of [first, second, third]) await isConflict(() => store.commit(former));
  await isConflict(() => store.commit(fork, { origin: "s" }));
  await isConflict(() => store.commit(later));
  await isConflict(() => store.commit({ ...third, sessionId: "f" }));
  await isConflict(() => store.commit({ ...later, sessionId: "s" }));
  await expectLine(store, "s", [third, second, first]);
  await expectLine(store, "f", [later, fork, second, first]);
  await expectHead(store, third);
  await expectHead(store, later);
}
