/** Pruning takes old checkpoints away, and nothing that a head, another session or a fork needs (T6). */
import { deepStrictEqual, ok } from "node:assert/strict";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer, PrunePolicy } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, forkOf, nextOf, updateOf } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, expectLine, expectNoSession, isNotFound, noteOn } from "./expectations.js";
import { lineOf, newestFirst } from "./past.js";
import { EFFECT, PAUSED, RESULT } from "./pending.js";

export const pruningChecks: Checks = {
  "T6: pruning leaves so many of the newest": checkKeepLast,
  "T6: pruning leaves what was made at a time or later": checkMadeBefore,
  "T6: a checkpoint goes only when every limit lets it go": checkBoth,
  "T6: pruning without a limit, or of nobody, takes nothing": checkNeither,
  "T6: pruning one session leaves the others": checkOthers,
  "T6: pruning every session leaves each its own newest": checkEvery,
  "T6: pruning every session leaves those of subgraphs, which have U+001F in their ids and are pruned by name":
    checkSubgraphs,
  "T6: the head stays, with its note, records and ephemeral values": checkHeadStays,
  "T6: what was pruned is not found, and nothing is forked from it": checkGone,
  "T6: a pruned session goes on": checkGoesOn,
  "T6: pruning the origin leaves forks whole, and counts only what is gone": checkForks,
  "T6: forks and origins are pruned each for itself, also when the origin is deleted": checkForkPruned,
};

type Line = [head: Checkpoint, ...rest: Checkpoint[]];

async function prunes(store: Checkpointer, policy: PrunePolicy, expected: number): Promise<void> {
  const { checkpoints, bytes } = await store.prune(policy);
  deepStrictEqual(checkpoints, expected);
  ok(Number.isSafeInteger(bytes) && bytes >= 0, `${bytes} bytes were pruned`);
  if (expected === 0) deepStrictEqual(bytes, 0);
}

/** A line of that length, committed; as it is shown. */
async function committed(store: Checkpointer, sessionId: string, length: number): Promise<Line> {
  const line = lineOf(sessionId, length, { incarnation: sessionId });
  await commitAll(store, line);
  return newestFirst(line);
}

function newest(line: Line, count: number): Line {
  return line.slice(0, count) as Line;
}

async function checkKeepLast(store: Checkpointer): Promise<void> {
  const line = await committed(store, "s", 60);
  for (const [keepLast, gone] of [
    [61, 0],
    [60, 0],
    [45, 15],
    [7, 38],
    [7, 0],
    [1, 6],
    [0, 0],
  ] as const) {
    await prunes(store, { sessionId: "s", keepLast }, gone);
    await expectLine(store, "s", newest(line, Math.max(1, Math.min(60, keepLast))));
    await expectHead(store, line[0]);
  }
}

async function checkMadeBefore(store: Checkpointer): Promise<void> {
  const line = await committed(store, "s", 20);
  await prunes(store, { sessionId: "s", madeBefore: 1_000 }, 0);
  await prunes(store, { sessionId: "s", madeBefore: 1_005 }, 5);
  await expectLine(store, "s", newest(line, 15));
  await prunes(store, { madeBefore: 1_006 }, 1);
  await expectLine(store, "s", newest(line, 14));
  await prunes(store, { madeBefore: 1_000_000 }, 13);
  await expectLine(store, "s", newest(line, 1));
  await expectHead(store, line[0]);
}

async function checkBoth(store: Checkpointer): Promise<void> {
  const line = await committed(store, "s", 20);
  await prunes(store, { sessionId: "s", keepLast: 2, madeBefore: 1_005 }, 5);
  await expectLine(store, "s", newest(line, 15));
  await prunes(store, { sessionId: "s", keepLast: 12, madeBefore: 1_000_000 }, 3);
  await expectLine(store, "s", newest(line, 12));
}

async function checkNeither(store: Checkpointer): Promise<void> {
  const line = await committed(store, "s", 5);
  await prunes(store, {}, 0);
  await prunes(store, { sessionId: "s" }, 0);
  await prunes(store, { sessionId: "nobody", keepLast: 1 }, 0);
  await expectLine(store, "s", line);
  await expectNoSession(store, "nobody");
}

async function checkOthers(store: Checkpointer): Promise<void> {
  const [line, other, like] = [
    await committed(store, "s", 10),
    await committed(store, "t", 10),
    await committed(store, "s%", 10),
  ];
  await prunes(store, { sessionId: "s", keepLast: 1, madeBefore: 1_000_000 }, 9);
  await expectLine(store, "s", newest(line, 1));
  await expectLine(store, "t", other);
  await prunes(store, { sessionId: "s%", keepLast: 2 }, 8);
  await expectLine(store, "s%", newest(like, 2));
  await expectLine(store, "t", other);
}

async function checkEvery(store: Checkpointer): Promise<void> {
  const lines = [];
  for (let i = 1; i <= 6; i++) lines.push(await committed(store, `s${i}`, i * 2));
  await prunes(store, { keepLast: 4 }, 2 + 4 + 6 + 8);
  for (const line of lines) {
    await expectLine(store, line[0].sessionId, newest(line, Math.min(4, line.length)));
    await expectHead(store, line[0]);
  }
}

/** What a subgraph began with is needed until it is finished, and nobody but its session knows when. */
async function checkSubgraphs(store: Checkpointer): Promise<void> {
  const [root, inner] = [await committed(store, "s", 5), await committed(store, "s\u001ft-1.0", 5)];
  await prunes(store, { keepLast: 2 }, 3);
  await expectLine(store, "s", newest(root, 2));
  await expectLine(store, "s\u001ft-1.0", inner);
  await prunes(store, { sessionId: "s\u001ft-1.0", keepLast: 2 }, 3);
  await expectLine(store, "s\u001ft-1.0", newest(inner, 2));
}

async function checkHeadStays(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, now: undefined } });
  const second = nextOf(first, "n", replaceAll(1));
  const head = nextOf(second, "now", replaceAll({ a: 1 }), { ephemeral: ["now"] });
  await commitAll(store, [first, second, head]);
  await store.annotate(noteOn(head, { note: PAUSED, records: [RESULT, EFFECT] }));
  await prunes(store, { keepLast: 1 }, 2);
  await expectHead(store, head, PAUSED, [RESULT, EFFECT]);
  await expectLine(store, "s", [{ ...head, note: PAUSED }]);
}

async function checkGone(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = updateOf(first, "n", replaceAll(1));
  const third = nextOf(second, "n", replaceAll(2));
  await commitAll(store, [first, second, third]);
  await prunes(store, { sessionId: "s", keepLast: 2 }, 1);
  deepStrictEqual(await store.at("s", { incarnation: "made", seq: 1 }), undefined);
  deepStrictEqual((await store.at("s", { step: 0 }))?.seq, 2);
  await prunes(store, { sessionId: "s", keepLast: 1 }, 1);
  deepStrictEqual(await store.at("s", { step: 0 }), undefined);
  deepStrictEqual([...(await store.history("s", { limit: 10, before: { step: 1 } }))], []);
  deepStrictEqual([...(await store.history("s", { limit: 10, before: { seq: 3 } }))], []);
  for (const gone of [first, second]) await isNotFound(() => store.commit(forkOf(gone, "f"), { origin: "s" }));
  await expectNoSession(store, "f");
  await expectLine(store, "s", [third]);
}

async function checkGoesOn(store: Checkpointer): Promise<void> {
  const line = await committed(store, "s", 30);
  await prunes(store, { keepLast: 3 }, 27);
  const fourth = nextOf(line[0], "list", [{ op: "append", path: [], items: ["on"] }]);
  const fifth = updateOf(fourth, "doc", [{ op: "add", path: ["parts", "on"], value: true }]);
  await store.commit(fourth);
  await store.annotate(noteOn(fourth, { records: [RESULT] }));
  await store.commit(fifth, { keepsRecords: true });
  await expectHead(store, fifth, fifth.note, [RESULT]);
  await expectLine(store, "s", [fifth, fourth, ...newest(line, 3)]);
  await prunes(store, { keepLast: 4 }, 1);
  await expectLine(store, "s", [fifth, fourth, ...newest(line, 2)]);
  const last = nextOf(fifth, "n", replaceAll("last"));
  await store.commit(last);
  await expectHead(store, last);
}

async function checkForks(store: Checkpointer): Promise<void> {
  const line = await committed(store, "o", 20);
  const inherited = line.slice(5) as Line;
  const fork = forkOf(inherited[0], "f", { write: ["n", replaceAll("f")] });
  await store.commit(fork, { origin: "o" });
  await prunes(store, { sessionId: "o", keepLast: 2 }, 3);
  await expectLine(store, "o", newest(line, 2));
  await expectLine(store, "f", [fork, ...inherited]);
  await expectHead(store, fork);
  const next = nextOf(fork, "list", [{ op: "append", path: [], items: ["f"] }]);
  await store.commit(next);
  await prunes(store, { sessionId: "f", keepLast: 7 }, 10);
  await expectLine(store, "f", [next, fork, ...newest(inherited, 5)]);
  await prunes(store, { sessionId: "f", keepLast: 1 }, 6);
  await expectLine(store, "f", [next]);
  await expectHead(store, next);
  await expectLine(store, "o", newest(line, 2));
  await expectHead(store, line[0]);
}

async function checkForkPruned(store: Checkpointer): Promise<void> {
  const secret = firstOf("o", { state: { n: 0, now: 1 }, ephemeral: ["now"] });
  const fork = forkOf(secret, "f");
  const next = nextOf(secret, "n", replaceAll(1));
  await store.commit(secret);
  await store.commit(fork, { origin: "o" });
  await store.commit(next);
  await prunes(store, { sessionId: "o", keepLast: 1 }, 0);
  await expectLine(store, "o", [next]);
  await expectLine(store, "f", [fork, secret]);
  await store.delete("o");
  await expectLine(store, "f", [fork, secret]);
  await prunes(store, { keepLast: 1 }, 1);
  await expectLine(store, "f", [fork]);
  await expectHead(store, fork);
  const last = nextOf(fork, "n", replaceAll(2));
  await store.commit(last);
  await expectLine(store, "f", [last, fork]);
}
