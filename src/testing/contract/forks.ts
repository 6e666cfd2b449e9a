/** Forks: sessions that start where another one stood, share its past, and live on without it (T2, T6). */
import { deepStrictEqual } from "node:assert/strict";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, forkOf, nextOf, updateOf } from "../checkpoints.js";
import {
  type Checks,
  commitAll,
  expectHead,
  expectLine,
  expectNoSession,
  isConflict,
  isNotFound,
  noteOn,
} from "./expectations.js";
import { lineOf, newestFirst } from "./past.js";
import { EFFECT, PAUSED, RESULT } from "./pending.js";

export const forkChecks: Checks = {
  "T2: a fork stands where it starts, and shows what came before as its own": checkFork,
  "T2: a fork inherits neither records nor note, nor shows what was ephemeral": checkNotInherited,
  "T2: siblings, forks of forks and forks of inherited checkpoints each show their own line": checkFamily,
  "T2: origin and fork go on independently": checkIndependent,
  "T2: a fork may start from a state of its own, kept whole": checkWholeFork,
  "T5: a fork of a checkpoint that is not there is refused and begins nothing": checkNoOrigin,
  "C4: a fork under a name that is taken is a conflict": checkTaken,
  "T6: a fork is whole after its origin is deleted or replaced": checkDeletedOrigin,
  "T6: a new session under the origin's name is another one": checkNameAgain,
  "T6: a deleted fork takes nothing along": checkDeletedFork,
  "T6: a fork of a fork is whole after all that was before it is deleted": checkDeletedAncestors,
};

/** The first so many of a line, and the last of them. */
function upTo(line: readonly Checkpoint[], length: number): readonly [last: Checkpoint, ...rest: Checkpoint[]] {
  return newestFirst(line.slice(0, length) as [Checkpoint, ...Checkpoint[]]);
}

async function checkFork(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 6);
  const [origin, ...before] = upTo(line, 4);
  const fork = forkOf(origin, "f", { write: ["n", replaceAll(-1)], frontier: ["b", { node: "c", input: 1 }] });
  const plain = forkOf(origin, "p", { incarnation: "plain" });
  await commitAll(store, line);
  await commitAll(store, [fork, plain], { origin: "o" });
  await expectHead(store, fork);
  await expectLine(store, "f", [fork, origin, ...before]);
  await expectHead(store, plain);
  await expectLine(store, "p", [plain, origin, ...before]);
  await expectLine(store, "o", newestFirst(line));
  deepStrictEqual((await store.at("f", { step: fork.step }))?.incarnation, fork.incarnation);
  deepStrictEqual((await store.at("f", { step: 1 }))?.seq, 2);
  deepStrictEqual(await store.at("f", { incarnation: "made", seq: 5 }), undefined);
  deepStrictEqual(await store.at("o", { incarnation: "forked", seq: 5 }), undefined);
  deepStrictEqual(await store.at("p", { incarnation: "forked", seq: 5 }), undefined);
}

async function checkNotInherited(store: Checkpointer): Promise<void> {
  const origin = firstOf("o", { state: { n: 0, now: { secret: 1 } }, ephemeral: ["now"] });
  await store.commit(origin);
  await store.annotate(noteOn(origin, { note: PAUSED, records: [RESULT, EFFECT] }));
  const fork = forkOf(origin, "f");
  await store.commit(fork, { origin: "o" });
  await expectHead(store, fork);
  await expectLine(store, "f", [fork, origin]);
  await expectHead(store, origin, PAUSED, [RESULT, EFFECT]);
  await store.annotate(noteOn(fork, { records: [EFFECT] }));
  await store.annotate(noteOn(origin, { discardResults: true }));
  const next = nextOf(fork, "n", replaceAll(1));
  await store.commit(next);
  await expectHead(store, next);
  await expectLine(store, "f", [next, fork, origin]);
  await expectHead(store, origin, PAUSED, [EFFECT]);
}

async function checkFamily(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 5);
  const [origin, ...before] = upTo(line, 3);
  await commitAll(store, line);
  const one = forkOf(origin, "one", { write: ["n", replaceAll("one")], incarnation: "one" });
  const other = forkOf(origin, "other", { write: ["n", replaceAll("other")], incarnation: "other" });
  await commitAll(store, [one, other], { origin: "o" });
  const later = nextOf(one, "list", [{ op: "append", path: [], items: ["later"] }]);
  await store.commit(later);
  const ofFork = forkOf(later, "deep", { write: ["n", replaceAll("deep")], incarnation: "deep" });
  await store.commit(ofFork, { origin: "one" });
  const [first] = line;
  const ofInherited = forkOf(first, "early", { write: ["n", replaceAll("early")], incarnation: "early" });
  await store.commit(ofInherited, { origin: "deep" });
  await expectLine(store, "one", [later, one, origin, ...before]);
  await expectLine(store, "other", [other, origin, ...before]);
  await expectLine(store, "deep", [ofFork, later, one, origin, ...before]);
  await expectLine(store, "early", [ofInherited, first]);
  for (const head of [later, other, ofFork, ofInherited]) await expectHead(store, head);
  await expectLine(store, "o", newestFirst(line));
}

async function checkIndependent(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 4);
  await commitAll(store, line);
  const origin = newestFirst(line);
  const fork: [Checkpoint, ...Checkpoint[]] = [forkOf(origin[0], "f")];
  await store.commit(fork[0], { origin: "o" });
  for (let i = 0; i < 30; i++) {
    const item = String(i).padEnd(500, "y");
    origin.unshift(nextOf(origin[0], "list", [{ op: "append", path: [], items: [`o${item}`] }]));
    fork.unshift(updateOf(fork[0], "doc", [{ op: "add", path: ["parts", `f${i}`], value: item }]));
    await commitAll(store, [origin[0], fork[0]]);
  }
  await expectHead(store, origin[0]);
  await expectHead(store, fork[0]);
  await expectLine(store, "o", origin);
  await expectLine(store, "f", [...fork, ...upTo(line, 4)]);
}

async function checkWholeFork(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 3);
  const [origin] = upTo(line, 3);
  await commitAll(store, line);
  const fork: Checkpoint = {
    ...forkOf(origin, "f"),
    state: Object.freeze({ m: Object.freeze([1]) }),
    versions: { m: 4 },
    fingerprint: "fedcba9876543210",
  };
  const next = nextOf(fork, "m", [{ op: "append", path: [], items: [2] }]);
  await store.commit(fork, { origin: "o", whole: true });
  await expectHead(store, fork);
  await store.commit(next);
  await expectHead(store, next);
  await expectLine(store, "f", [next, fork, ...upTo(line, 3)]);
}

async function checkNoOrigin(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 4);
  const [head] = upTo(line, 4);
  await commitAll(store, line);
  const sibling = forkOf(head, "sibling", { incarnation: "sibling" });
  await store.commit(sibling, { origin: "o" });
  const never = nextOf(head, "n", replaceAll(9));
  await isNotFound(() => store.commit(forkOf(head, "f"), { origin: "nobody" }));
  await isNotFound(() => store.commit(forkOf(never, "f"), { origin: "o" }));
  await isNotFound(() => store.commit(forkOf({ ...head, incarnation: "other" }, "f"), { origin: "o" }));
  await isNotFound(() => store.commit(forkOf(sibling, "f"), { origin: "o" }));
  await isNotFound(() => store.commit(forkOf({ ...head, seq: 0 }, "f"), { origin: "o" }));
  await store.delete("o");
  await isNotFound(() => store.commit(forkOf(head, "f"), { origin: "o" }));
  await expectNoSession(store, "f");
  await expectLine(store, "sibling", [sibling, ...upTo(line, 4)]);
}

async function checkTaken(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 3);
  const [head] = upTo(line, 3);
  const taken = firstOf("taken", { state: { n: 1 }, incarnation: "taken" });
  await commitAll(store, [...line, taken]);
  await store.annotate(noteOn(taken, { note: PAUSED, records: [RESULT] }));
  await isConflict(() => store.commit(forkOf(head, "taken"), { origin: "o" }));
  await isConflict(() => store.commit(forkOf(head, "o"), { origin: "o" }));
  await expectHead(store, taken, PAUSED, [RESULT]);
  await expectLine(store, "taken", [{ ...taken, note: PAUSED }]);
  await expectLine(store, "o", newestFirst(line));
}

async function checkDeletedOrigin(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 30);
  const [origin, ...before] = upTo(line, 20);
  await commitAll(store, line);
  const fork = forkOf(origin, "f", { write: ["n", replaceAll(-1)] });
  const next = nextOf(fork, "list", [{ op: "append", path: [], items: ["next"] }]);
  const last = nextOf(next, "n", replaceAll(-2));
  await store.commit(fork, { origin: "o" });
  await store.commit(firstOf("o", { incarnation: "instead" }), { replace: true });
  await expectHead(store, fork);
  await expectLine(store, "f", [fork, origin, ...before]);
  await store.commit(next);
  await store.delete("o");
  await expectNoSession(store, "o");
  await expectHead(store, next);
  await expectLine(store, "f", [next, fork, origin, ...before]);
  await store.commit(last);
  await expectLine(store, "f", [last, next, fork, origin, ...before]);
}

async function checkNameAgain(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 4);
  const [origin] = upTo(line, 4);
  const fork = forkOf(origin, "f");
  await commitAll(store, line);
  await store.commit(fork, { origin: "o" });
  await store.delete("o");
  const again = lineOf("o", 6, { state: { n: "again", list: ["again"], doc: { parts: {} } }, incarnation: "again" });
  await commitAll(store, again);
  await commitAll(store, lineOf("another", 6, { incarnation: "another" }));
  await expectHead(store, upTo(again, 6)[0]);
  await expectLine(store, "o", newestFirst(again));
  await expectLine(store, "f", [fork, ...upTo(line, 4)]);
  deepStrictEqual(await store.at("o", { incarnation: "made", seq: 1 }), undefined);
  deepStrictEqual(await store.at("f", { incarnation: "again", seq: 1 }), undefined);
  await isNotFound(() => store.commit(forkOf(origin, "late", { incarnation: "late" }), { origin: "o" }));
  const late = forkOf(origin, "late", { incarnation: "late" });
  await store.commit(late, { origin: "f" });
  await expectLine(store, "late", [late, ...upTo(line, 4)]);
}

async function checkDeletedFork(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 5);
  const [head] = upTo(line, 5);
  await commitAll(store, line);
  const fork = forkOf(head, "f");
  const sibling = forkOf(head, "sibling", { incarnation: "sibling" });
  await commitAll(store, [fork, sibling], { origin: "o" });
  await store.annotate(noteOn(fork, { note: PAUSED, records: [RESULT] }));
  await store.delete("f");
  await expectNoSession(store, "f");
  await isConflict(() => store.commit(nextOf(fork, "n", replaceAll(1))));
  await expectHead(store, head);
  await expectLine(store, "o", newestFirst(line));
  await expectLine(store, "sibling", [sibling, ...upTo(line, 5)]);
  const again = forkOf(head, "f", { write: ["n", replaceAll(2)], incarnation: "again" });
  await store.commit(again, { origin: "o" });
  await expectHead(store, again);
  await expectLine(store, "f", [again, ...upTo(line, 5)]);
}

async function checkDeletedAncestors(store: Checkpointer): Promise<void> {
  const line = lineOf("o", 12);
  await commitAll(store, line);
  const middle = lineOn(forkOf(upTo(line, 10)[0], "middle", { incarnation: "middle" }), 12);
  await store.commit(middle[0], { origin: "o" });
  await commitAll(store, middle.slice(1));
  const [start] = upTo(middle, 8);
  const fork = forkOf(start, "f", { write: ["n", replaceAll("f")] });
  await store.commit(fork, { origin: "middle" });
  const shown = [fork, ...upTo(middle, 8), ...upTo(line, 10)] as const;
  for (const sessionId of ["middle", "o"]) {
    await store.delete(sessionId);
    await expectNoSession(store, sessionId);
    await expectHead(store, fork);
    await expectLine(store, "f", shown);
  }
  const next = nextOf(fork, "n", replaceAll("next"));
  await store.commit(next);
  await expectLine(store, "f", [next, ...shown]);
}

/** A line that goes on from its first checkpoint. */
function lineOn(first: Checkpoint, length: number): readonly [Checkpoint, ...Checkpoint[]] {
  const line: [Checkpoint, ...Checkpoint[]] = [first];
  let last = first;
  while (line.length < length) {
    last = nextOf(last, "list", [{ op: "append", path: [], items: [String(line.length).padEnd(400, "z")] }]);
    line.push(last);
  }
  return line;
}
