/** A session's past (T2, T5): pages of its line, and checkpoints one by one. */
import { deepStrictEqual } from "node:assert/strict";
import type { Checkpoint } from "../../session/checkpoint.js";
import type { Checkpointer, HistoryQuery } from "../../session/checkpointer.js";
import { type Delta, replaceAll } from "../../state/delta.js";
import { firstOf, type MadeFrom, nextOf, updateOf } from "../checkpoints.js";
import { ALL, type Checks, commitAll, expectLine, idOf, noteOn } from "./expectations.js";
import { PAUSED, RESULT } from "./pending.js";

export const pastChecks: Checks = {
  "T2: history shows every checkpoint as it was committed, newest first": checkWholePast,
  "T2: a page has at most so many, and is older than a place or a whole step": checkPages,
  "T2: pages follow one another without a gap": checkPaging,
  "T2: the head is shown with the note beside it now, older ones with their own": checkNotes,
  "T2: ephemeral values are none of the past, not even of the head": checkEphemeralPast,
  "T2: the states of a long line are right, in whatever order they are looked at": checkAnyOrder,
  "T5: a checkpoint is found by its place and its incarnation, and by nothing else": checkPlaces,
  "T5: the newest checkpoint of a step is found": checkSteps,
  "T5: a session that is not there has no past": checkNobody,
};

/** A session, oldest first: a counter, a list and a record that change in turn, and every tenth checkpoint an update. */
export function lineOf(sessionId: string, length: number, from: MadeFrom = {}): readonly [Checkpoint, ...Checkpoint[]] {
  const state = { n: 0, list: [], doc: { parts: {} } };
  const line: [Checkpoint, ...Checkpoint[]] = [firstOf(sessionId, { state, ...from })];
  let last = line[0];
  for (let i = 1; i < length; i++) {
    const [channel, delta] = changeOf(i);
    last = i % 10 === 9 ? updateOf(last, channel, delta) : nextOf(last, channel, delta);
    line.push(last);
  }
  return line;
}

function changeOf(i: number): readonly [channel: string, delta: Delta] {
  if (i % 4 === 0) return ["n", replaceAll(i)];
  if (i % 4 === 1) return ["list", [{ op: "append", path: [], items: [`${i}`.padEnd(700, "x"), { i }] }]];
  if (i % 4 === 2) return ["doc", [{ op: "add", path: ["parts", `p${i}`], value: { i } }]];
  const former = `p${i - 1}`;
  return ["doc", [{ op: i % 8 === 3 ? "replace" : "add", path: ["parts", former, "i"], value: -i }]];
}

/** The same line as it is shown. */
export function newestFirst<T>(line: readonly [T, ...T[]]): [T, ...T[]] {
  return [...line].reverse() as [T, ...T[]];
}

async function checkWholePast(store: Checkpointer): Promise<void> {
  const progress = { joins: { j: ["a"] }, deferred: ["z", { node: "y", input: new Date(1) }], ended: true };
  const first = firstOf("s", { state: { n: 0, list: ["a"] }, frontier: ["a", { node: "b", input: { deep: [1] } }] });
  const [, b] = first.frontier;
  const second: Checkpoint = {
    ...nextOf(first, "list", [{ op: "append", path: [], items: ["b"] }], { frontier: [], note: PAUSED }),
    progress,
  };
  const byTwo = second.deltas.flatMap((delta) => [
    delta,
    { ...delta, task: b ?? delta.task, channel: "n", delta: replaceAll(1) },
  ]);
  const both: Checkpoint = {
    ...second,
    state: Object.freeze({ ...second.state, n: 1 }),
    versions: { ...second.versions, n: 2 },
    deltas: byTwo,
    updatedChannels: ["list", "n"],
  };
  const third = { ...updateOf(both, "n", replaceAll(new Map([["k", 1n]])), { frontier: ["c"] }), createdAt: 5_000 };
  const fourth: Checkpoint = {
    ...nextOf(third, "list", [{ op: "remove", path: [0] }]),
    fingerprint: "fedcba9876543210",
  };
  const fifth: Checkpoint = { ...nextOf(fourth, "n", replaceAll(2)), source: "input", step: fourth.step, ran: [] };
  await commitAll(store, [first, both, third, fourth, fifth]);
  await expectLine(store, "s", [fifth, fourth, third, both, first]);
}

async function placesOf(store: Checkpointer, query: HistoryQuery): Promise<readonly number[]> {
  return (await store.history("s", query)).map(({ seq }) => seq);
}

/** Steps 0, 1, 1, 1, 2, 2 in the places 1 to 6. */
function sharedSteps(): readonly Checkpoint[] {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  const third = updateOf(second, "n", replaceAll(2));
  const fourth = updateOf(third, "n", replaceAll(3));
  const fifth = nextOf(fourth, "n", replaceAll(4));
  return [first, second, third, fourth, fifth, updateOf(fifth, "n", replaceAll(5))];
}

async function checkPages(store: Checkpointer): Promise<void> {
  await commitAll(store, sharedSteps());
  deepStrictEqual(await placesOf(store, { limit: 3 }), [6, 5, 4]);
  deepStrictEqual(await placesOf(store, { limit: 1 }), [6]);
  deepStrictEqual(await placesOf(store, { limit: ALL }), [6, 5, 4, 3, 2, 1]);
  deepStrictEqual(await placesOf(store, { limit: 2, before: { seq: 4 } }), [3, 2]);
  deepStrictEqual(await placesOf(store, { limit: ALL, before: { seq: 2 } }), [1]);
  deepStrictEqual(await placesOf(store, { limit: ALL, before: { seq: 1 } }), []);
  deepStrictEqual(await placesOf(store, { limit: 2, before: { seq: 99 } }), [6, 5]);
  deepStrictEqual(await placesOf(store, { limit: 3, before: { step: 2 } }), [4, 3, 2]);
  deepStrictEqual(await placesOf(store, { limit: ALL, before: { step: 1 } }), [1]);
  deepStrictEqual(await placesOf(store, { limit: ALL, before: { step: 0 } }), []);
  deepStrictEqual(await placesOf(store, { limit: 2, before: { step: 99 } }), [6, 5]);
}

async function checkPaging(store: Checkpointer): Promise<void> {
  const line = lineOf("s", 40);
  await commitAll(store, line);
  const shown: string[] = [];
  let before: HistoryQuery["before"];
  while (shown.length <= line.length) {
    const page = await store.history("s", { limit: 7, ...(before && { before }) });
    const last = page.at(-1);
    if (last === undefined) break;
    shown.push(...page.map(idOf));
    before = { seq: last.seq };
  }
  deepStrictEqual(shown, newestFirst(line).map(idOf));
}

async function checkNotes(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1), { note: { ...PAUSED, issued: 1 } });
  const third = nextOf(second, "n", replaceAll(2));
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT] }));
  await expectLine(store, "s", [{ ...first, note: PAUSED }]);
  await commitAll(store, [second, third]);
  await store.annotate(noteOn(third, { note: PAUSED }));
  await expectLine(store, "s", [{ ...third, note: PAUSED }, second, first]);
}

async function checkEphemeralPast(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, now: { secret: 1 }, soon: undefined }, ephemeral: ["now"] });
  const second = nextOf(first, "soon", replaceAll({ secret: 2 }), { ephemeral: ["soon"] });
  const third = updateOf(second, "n", replaceAll(1));
  const fourth = nextOf(third, "n", replaceAll(2));
  await store.commit(first);
  await expectLine(store, "s", [first]);
  await store.commit(second);
  await expectLine(store, "s", [second, first]);
  await store.commit(third);
  await expectLine(store, "s", [third, second, first]);
  await store.commit(fourth);
  await expectLine(store, "s", [fourth, third, second, first]);
}

async function checkAnyOrder(store: Checkpointer): Promise<void> {
  const line = newestFirst(lineOf("s", 120));
  await commitAll(store, newestFirst(line));
  const states = line.map(({ state, versions }) => ({ state, versions }));
  const places = states.map((_, place) => place);
  const fromEnds = places.map((place) => (place % 2 === 0 ? places.length - 1 - place / 2 : (place - 1) / 2));
  const seventh = places.map((place) => (place * 7) % places.length);
  for (const order of [[...places].reverse(), places, fromEnds, seventh]) {
    const page = await store.history("s", { limit: 120 });
    for (const place of order) {
      const { state, versions } = page[place] as Checkpoint;
      deepStrictEqual({ state, versions }, states[place]);
    }
  }
  await expectLine(store, "s", line);
}

async function checkPlaces(store: Checkpointer): Promise<void> {
  const line = lineOf("s", 5, { incarnation: "made" });
  await commitAll(store, line);
  await commitAll(store, lineOf("t", 3, { incarnation: "other" }));
  for (const place of [
    { incarnation: "made", seq: 6 },
    { incarnation: "made", seq: 0 },
    { incarnation: "mad", seq: 1 },
    { incarnation: "MADE", seq: 1 },
    { incarnation: "other", seq: 1 },
    { incarnation: "", seq: 5 },
  ]) {
    deepStrictEqual(await store.at("s", place), undefined);
  }
  deepStrictEqual(await store.at("t", { incarnation: "made", seq: 1 }), undefined);
  await expectLine(store, "s", newestFirst(line));
}

async function checkSteps(store: Checkpointer): Promise<void> {
  await commitAll(store, sharedSteps());
  const found = await Promise.all([0, 1, 2, 3].map(async (step) => (await store.at("s", { step }))?.seq));
  deepStrictEqual(found, [1, 4, 6, undefined]);
  deepStrictEqual((await store.at("s", { step: 1 }))?.state, { n: 3 });
}

async function checkNobody(store: Checkpointer): Promise<void> {
  await commitAll(store, lineOf("s", 3));
  for (const sessionId of ["nobody", "S", "s ", "%"]) {
    deepStrictEqual([...(await store.history(sessionId, { limit: ALL }))], []);
    deepStrictEqual([...(await store.history(sessionId, { limit: 1, before: { step: 3 } }))], []);
    deepStrictEqual(await store.at(sessionId, { step: 0 }), undefined);
    deepStrictEqual(await store.at(sessionId, { incarnation: "made", seq: 1 }), undefined);
  }
}
