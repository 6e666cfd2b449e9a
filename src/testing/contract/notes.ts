/** A note and task records stand beside the head, until a commit takes them away (C1) or says that they stay. */
import type { Checkpoint, Note } from "../../session/checkpoint.js";
import type { Checkpointer } from "../../session/checkpointer.js";
import { replaceAll } from "../../state/delta.js";
import type { TaskRecord } from "../../superstep/record.js";
import { firstOf, nextOf, PLAIN_NOTE, updateOf } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, isConflict, noteOn } from "./expectations.js";
import { ATTEMPT, EFFECT, PAUSED, QUESTION, RESULT, resultOf } from "./pending.js";

export const noteChecks: Checks = {
  "a note and records stand beside the head": checkNote,
  "a record replaces the one of the same key": checkUpsert,
  "records stand in the order in which they were first written": checkOrder,
  "records of one session are not another's": checkBinding,
  "a record is told from others by task, kind and key, whatever they are called": checkKeys,
  "C4: a note on a stale head is a conflict and writes nothing": checkStaleNote,
  "C1: a commit drops the note and the records": checkDropped,
  "kept results are discarded; answers, effects and attempts are not": checkDiscard,
  "what is discarded is discarded before what is written with it": checkDiscardAndWrite,
  "a large value is kept beside the head": checkLargeValue,
  "S6: a thousand tasks keep a record each": checkManyRecords,
  "ephemeral values stay with the head only": checkEphemeral,
  "records and ephemeral values stand side by side": checkSideBySide,
  "T2: a commit that keeps the records keeps all of them, in their order, under its own note": checkKept,
  "T2: kept records go with the next commit, and ephemeral values are those of the new head": checkKeptOnce,
};

async function checkNote(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT, QUESTION, EFFECT, ATTEMPT] }));
  await expectHead(store, first, PAUSED, [RESULT, QUESTION, EFFECT, ATTEMPT]);
  await store.annotate(noteOn(first, { records: [] }));
  await expectHead(store, first, PAUSED, [RESULT, QUESTION, EFFECT, ATTEMPT]);
  await store.annotate(noteOn(first, { note: PLAIN_NOTE }));
  await expectHead(store, first, PLAIN_NOTE, [RESULT, QUESTION, EFFECT, ATTEMPT]);
}

async function checkUpsert(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  const answered: TaskRecord = { ...QUESTION, answer: { value: false } };
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [QUESTION, RESULT] }));
  await store.annotate(noteOn(first, { records: [answered] }));
  await expectHead(store, first, PLAIN_NOTE, [answered, RESULT]);
}

async function checkOrder(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  const [b, a, d, c] = ["b", "a", "d", "c"].map((taskId) => resultOf(taskId, taskId)) as [
    TaskRecord,
    TaskRecord,
    TaskRecord,
    TaskRecord,
  ];
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [b, QUESTION] }));
  await store.annotate(noteOn(first, { note: PAUSED, records: [a, EFFECT, d] }));
  await store.annotate(noteOn(first, { records: [c, b] }));
  await expectHead(store, first, PAUSED, [b, QUESTION, a, EFFECT, d, c]);
}

async function checkBinding(store: Checkpointer): Promise<void> {
  const [one, other] = [firstOf("one", { state: { n: 1 } }), firstOf("other", { state: { n: 2 } })];
  await commitAll(store, [one, other]);
  await store.annotate(noteOn(one, { note: PAUSED, records: [resultOf("t", 1), EFFECT] }));
  await store.annotate(noteOn(other, { records: [resultOf("t", 2)] }));
  await expectHead(store, one, PAUSED, [resultOf("t", 1), EFFECT]);
  await expectHead(store, other, PLAIN_NOTE, [resultOf("t", 2)]);
  await store.annotate(noteOn(other, { discardResults: true }));
  await store.commit(nextOf(other, "n", replaceAll(3)));
  await expectHead(store, one, PAUSED, [resultOf("t", 1), EFFECT]);
}

async function checkKeys(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  const keys = ["x|result", "x|RESULT", "%", "result", "interrupt|0", "", "\u0000", "__proto__", "é", "e\u0301"];
  const effects = keys.map((key, value): TaskRecord => ({ kind: "once", taskId: "t2", key, value }));
  await store.commit(first);
  await store.annotate(
    noteOn(first, { records: [QUESTION, { ...QUESTION, index: 1 }, resultOf("t2", 1), ...effects] }),
  );
  await store.annotate(noteOn(first, { records: [resultOf("t3", 1)], discardResults: true }));
  await store.annotate(noteOn(first, { discardResults: true }));
  await expectHead(store, first, PLAIN_NOTE, [QUESTION, { ...QUESTION, index: 1 }, ...effects]);
}

async function checkStaleNote(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  await commitAll(store, [first, second]);
  const stale = noteOn(first, { note: PAUSED, records: [RESULT] });
  await isConflict(() => store.annotate(stale), { sessionId: "s", expected: "made-1" });
  await isConflict(() => store.annotate({ ...noteOn(second, { note: PAUSED }), incarnation: "other" }));
  await isConflict(() => store.annotate({ ...noteOn(second, { note: PAUSED }), sessionId: "nobody" }));
  await isConflict(() => store.annotate({ ...noteOn(second, { note: PAUSED, records: [RESULT] }), seq: 3 }));
  await expectHead(store, second);
}

async function checkDropped(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", replaceAll(1));
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT, QUESTION] }));
  await store.commit(second);
  await expectHead(store, second);
}

async function checkDiscard(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [RESULT, QUESTION, EFFECT, ATTEMPT] }));
  await store.annotate(noteOn(first, { discardResults: true }));
  await expectHead(store, first, PLAIN_NOTE, [QUESTION, EFFECT, ATTEMPT]);
}

async function checkDiscardAndWrite(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [resultOf("t1", "old"), resultOf("t2", "old"), EFFECT] }));
  await store.annotate(noteOn(first, { records: [resultOf("t2", "new")], discardResults: true }));
  await expectHead(store, first, PLAIN_NOTE, [EFFECT, resultOf("t2", "new")]);
}

async function checkLargeValue(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  const large = resultOf("t1", { text: "é\u0000".repeat(500_000), bytes: new Uint8Array(1_000_000).fill(7) });
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [large] }));
  await expectHead(store, first, PLAIN_NOTE, [large]);
}

async function checkManyRecords(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { frontier: Array.from({ length: 1_000 }, (_, input) => ({ node: "a", input })) });
  const records = first.frontier.map(({ id }, place) => resultOf(id, place));
  const second = updateOf(first, "n", replaceAll(1));
  await store.commit(first);
  for (let from = 0; from < 1_000; from += 125) {
    await store.annotate(noteOn(first, { records: records.slice(from, from + 125) }));
  }
  await expectHead(store, first, PLAIN_NOTE, records);
  await store.commit(second, { keepsRecords: true });
  await expectHead(store, second, PLAIN_NOTE, records);
}

async function checkEphemeral(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, now: { a: 1 }, soon: undefined }, ephemeral: ["now"] });
  const second = nextOf(first, "soon", replaceAll("b"), { ephemeral: ["soon"] });
  const third = nextOf(second, "n", replaceAll(1));
  for (const checkpoint of [first, second, third]) {
    await store.commit(checkpoint);
    await expectHead(store, checkpoint);
  }
}

async function checkSideBySide(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, now: { a: 1 } }, ephemeral: ["now"] });
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [RESULT, EFFECT] }));
  await expectHead(store, first, PAUSED, [RESULT, EFFECT]);
  await store.annotate(noteOn(first, { discardResults: true }));
  await expectHead(store, first, PAUSED, [EFFECT]);
  const second = nextOf(first, "n", replaceAll(1));
  await store.commit(second);
  await expectHead(store, second);
}

async function checkKept(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const ready: Note = { ...PLAIN_NOTE, issued: 3 };
  const second = updateOf(first, "n", replaceAll(1), { note: ready });
  const third = updateOf(second, "n", replaceAll(2), { note: ready });
  await store.commit(first);
  await store.annotate(noteOn(first, { note: PAUSED, records: [QUESTION, RESULT, EFFECT] }));
  await store.commit(second, { keepsRecords: true });
  await expectHead(store, second, ready, [QUESTION, RESULT, EFFECT]);
  const answered: TaskRecord = { ...QUESTION, answer: { value: 0 } };
  await store.annotate(noteOn(second, { records: [resultOf("t9", 9), answered] }));
  await store.commit(third, { keepsRecords: true });
  await expectHead(store, third, ready, [answered, RESULT, EFFECT, resultOf("t9", 9)]);
}

async function checkKeptOnce(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0, now: 1, also: 2 }, ephemeral: ["now", "also"] });
  const second: Checkpoint = updateOf(first, "now", replaceAll("changed"));
  const third = nextOf(second, "n", replaceAll(1));
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [RESULT, EFFECT] }));
  await store.commit(second, { keepsRecords: true });
  await expectHead(store, second, PLAIN_NOTE, [RESULT, EFFECT]);
  await store.commit(third);
  await expectHead(store, third);
}
