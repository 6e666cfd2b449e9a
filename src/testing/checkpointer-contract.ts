/** What every store must do: plain values, free of a test runner. `open` gives an empty store, a new one for each check. */
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { CheckpointConflictError } from "../errors.js";
import type { Checkpoint, Note } from "../session/checkpoint.js";
import type { Checkpointer, NoteWrite } from "../session/checkpointer.js";
import type { InterruptRecord, TaskRecord } from "../superstep/record.js";
import { firstOf, nextOf, PLAIN_NOTE } from "./checkpoints.js";

/** One thing that a store must do. */
export interface ContractCheck {
  readonly name: string;
  check(open: () => Checkpointer): Promise<void>;
}

/** The contract of the store's port: run every check against your implementation. */
export const checkpointerContract: readonly ContractCheck[] = Object.entries({
  "a session that was never committed is undefined": checkUnknown,
  "what was committed is loaded, all of it": checkRoundTrip,
  "values come back as they were": checkValues,
  "a long chain of deltas gives the last state": checkLongChain,
  "C4: a commit on a stale parent is a conflict and writes nothing": checkStaleParent,
  "C4: a second first commit is a conflict": checkSecondFirst,
  "a replacing commit takes the place of the session, or begins one": checkReplace,
  "C4: a commit on another incarnation is a conflict": checkIncarnation,
  "P29: committing an old checkpoint again does not move the head back": checkMonotonicHead,
  "a note and records stand beside the head": checkNote,
  "a record replaces the one of the same key": checkUpsert,
  "C4: a note on a stale head is a conflict and writes nothing": checkStaleNote,
  "C1: a commit drops the note and the records": checkDropped,
  "kept results are discarded, answers and effects are not": checkDiscard,
  "ephemeral values stay with the head only": checkEphemeral,
  "sessions are listed by id, by status, page by page": checkList,
  "a deleted session is gone, and only that one": checkDelete,
  "a session id may hold anything": checkHostileIds,
  "many sessions commit at once": checkManyAtOnce,
}).map(([name, check]) => ({
  name,
  check: async (open) => {
    const store = open();
    await check(store);
    await store.close();
  },
}));

async function checkUnknown(store: Checkpointer): Promise<void> {
  deepStrictEqual(await store.load("nobody"), undefined);
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
  const third = { ...nextOf(second, "n", [{ op: "replace", path: [], value: 2 }]), progress };
  await store.commit(third);
  await expectHead(store, third);
}

async function checkValues(store: Checkpointer): Promise<void> {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const state = {
    date: new Date(0),
    map: new Map<unknown, unknown>([["k", new Set([1, "a"])]]),
    big: 2n ** 80n,
    missing: undefined,
    nan: Number.NaN,
    zero: -0,
    bytes: new Uint8Array([0, 255]),
    url: new URL("http://localhost/a?b#c"),
    regexp: /a"\//gi,
    cycle,
    half: "\ud800",
    shaped: ["Date", ["Map", 1]],
    empty: "",
    none: null,
  };
  const first = firstOf("s", { state });
  await store.commit(first);
  await expectHead(store, first);
}

async function checkLongChain(store: Checkpointer): Promise<void> {
  let last = firstOf("s", { state: { list: [], n: 0 } });
  await store.commit(last);
  for (let i = 1; i <= 200; i++) {
    const delta =
      i % 3 === 0
        ? ([{ op: "replace", path: [], value: i }] as const)
        : ([{ op: "append", path: [], items: ["x".repeat(100) + i] }] as const);
    last = nextOf(last, i % 3 === 0 ? "n" : "list", delta);
    await store.commit(last);
  }
  await expectHead(store, last);
}

async function checkStaleParent(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const winner = nextOf(first, "n", [{ op: "replace", path: [], value: 1 }]);
  await store.commit(first);
  await store.commit(winner);
  await conflicts(() => store.commit(nextOf(first, "n", [{ op: "replace", path: [], value: 2 }])));
  await conflicts(() =>
    store.commit({ ...nextOf(winner, "n", [{ op: "replace", path: [], value: 3 }]), parentSeq: 7 }),
  );
  await expectHead(store, winner);
}

async function checkSecondFirst(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  await conflicts(() => store.commit(firstOf("s", { state: { n: 1 }, incarnation: "other" })));
  await expectHead(store, first);
}

async function checkReplace(store: Checkpointer): Promise<void> {
  const former = firstOf("s", { state: { n: 0 }, incarnation: "old" });
  await store.commit(former);
  await store.annotate(noteOn(former, { note: paused, records: [result] }));
  for (const id of ["s", "fresh"]) {
    const first = firstOf(id, { state: { n: 9 }, incarnation: "new" });
    await store.commit(first, { replace: true });
    await expectHead(store, first);
  }
  await conflicts(() => store.commit(nextOf(former, "n", [{ op: "replace", path: [], value: 1 }])));
}

async function checkIncarnation(store: Checkpointer): Promise<void> {
  const old = firstOf("s", { state: { n: 0 }, incarnation: "old" });
  const fresh = firstOf("s", { state: { n: 0 }, incarnation: "new" });
  await store.commit(old);
  await store.delete("s");
  await store.commit(fresh);
  await conflicts(() => store.commit(nextOf(old, "n", [{ op: "replace", path: [], value: 1 }])));
  await expectHead(store, fresh);
}

async function checkMonotonicHead(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", [{ op: "replace", path: [], value: 1 }]);
  const third = nextOf(second, "n", [{ op: "replace", path: [], value: 2 }]);
  for (const checkpoint of [first, second, third]) await store.commit(checkpoint);
  await conflicts(() => store.commit(second));
  await expectHead(store, third);
}

const paused: Note = {
  status: { kind: "paused", reason: { kind: "hook", detail: { why: [1] } } },
  passed: ["option"],
  issued: 3,
  trace: "00-a-b-01",
};
const result: TaskRecord = {
  kind: "result",
  taskId: "t1",
  outcome: { updates: [{ n: 1 }], routes: [{ mode: "append", targets: ["a"] }] },
};
const question: InterruptRecord = {
  kind: "interrupt",
  taskId: "t2",
  node: "b",
  index: 0,
  id: "made-i1",
  payload: { q: 1 },
};
const effect: TaskRecord = { kind: "once", taskId: "t2", key: "pay", value: undefined };

async function checkNote(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  await store.commit(first);
  await store.annotate(noteOn(first, { note: paused, records: [result, question, effect] }));
  await expectHead(store, first, paused, [result, question, effect]);
  await store.annotate(noteOn(first, { note: PLAIN_NOTE, records: [] }));
  await expectHead(store, first, PLAIN_NOTE, [result, question, effect]);
}

async function checkUpsert(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  const answered: TaskRecord = { ...question, answer: { value: false } };
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [question, result] }));
  await store.annotate(noteOn(first, { records: [answered] }));
  await expectHead(store, first, PLAIN_NOTE, [answered, result]);
}

async function checkStaleNote(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", [{ op: "replace", path: [], value: 1 }]);
  await store.commit(first);
  await store.commit(second);
  await conflicts(() => store.annotate(noteOn(first, { note: paused, records: [result] })));
  await conflicts(() => store.annotate({ ...noteOn(second, { note: paused, records: [] }), incarnation: "other" }));
  await conflicts(() => store.annotate({ ...noteOn(second, { note: paused, records: [] }), sessionId: "nobody" }));
  await expectHead(store, second);
}

async function checkDropped(store: Checkpointer): Promise<void> {
  const first = firstOf("s", { state: { n: 0 } });
  const second = nextOf(first, "n", [{ op: "replace", path: [], value: 1 }]);
  await store.commit(first);
  await store.annotate(noteOn(first, { note: paused, records: [result, question] }));
  await store.commit(second);
  await expectHead(store, second);
}

async function checkDiscard(store: Checkpointer): Promise<void> {
  const first = firstOf("s");
  await store.commit(first);
  await store.annotate(noteOn(first, { records: [result, question, effect] }));
  await store.annotate({ ...noteOn(first, { records: [] }), discardResults: true });
  await expectHead(store, first, PLAIN_NOTE, [question, effect]);
}

async function checkEphemeral(store: Checkpointer): Promise<void> {
  const first: Checkpoint = { ...firstOf("s", { state: { n: 0, now: { a: 1 } } }), ephemeral: ["now"] };
  await store.commit(first);
  await expectHead(store, first);
  const second: Checkpoint = {
    ...nextOf(first, "n", [{ op: "replace", path: [], value: 1 }]),
    ephemeral: [],
    state: { n: 1, now: undefined },
  };
  await store.commit(second);
  await expectHead(store, second);
}

async function checkList(store: Checkpointer): Promise<void> {
  for (const id of ["c", "a", "d", "b"]) await store.commit(firstOf(id));
  await store.annotate(noteOn(firstOf("c"), { note: paused, records: [] }));
  const ids = async (query: Parameters<Checkpointer["list"]>[0]) =>
    (await store.list(query)).map(({ sessionId }) => sessionId);
  deepStrictEqual(await ids({ limit: 10 }), ["a", "b", "c", "d"]);
  deepStrictEqual(await ids({ limit: 2 }), ["a", "b"]);
  deepStrictEqual(await ids({ limit: 2, after: "b" }), ["c", "d"]);
  deepStrictEqual(await ids({ limit: 10, status: "paused" }), ["c"]);
  deepStrictEqual(await ids({ limit: 10, status: "ready", after: "a" }), ["b", "d"]);
  const [c] = await store.list({ limit: 1, status: "paused" });
  deepStrictEqual(c, { sessionId: "c", step: 0, status: "paused", updatedAt: 2_000 });
}

async function checkDelete(store: Checkpointer): Promise<void> {
  const kept = firstOf("kept", { state: { n: 0 } });
  await store.commit(kept);
  await store.commit(firstOf("gone"));
  await store.annotate(noteOn(firstOf("gone"), { note: paused, records: [result] }));
  await store.delete("gone");
  await store.delete("nobody");
  deepStrictEqual(await store.load("gone"), undefined);
  await expectHead(store, kept);
}

async function checkHostileIds(store: Checkpointer): Promise<void> {
  const ids = ["123", "0x1", "a'b\"c", "a\u0000b", "%", "_", "é", "e\u0301", "__proto__", "constructor", " ", "😀"];
  for (const id of ids) await store.commit(firstOf(id, { state: { id } }));
  for (const id of ids) deepStrictEqual((await store.load(id))?.checkpoint.state, { id });
}

async function checkManyAtOnce(store: Checkpointer): Promise<void> {
  const firsts = Array.from({ length: 50 }, (_, i) => firstOf(`s${i}`, { state: { n: 0 } }));
  await Promise.all(firsts.map((first) => store.commit(first)));
  const seconds = firsts.map((first, i) => nextOf(first, "n", [{ op: "replace", path: [], value: i }]));
  const settled = await Promise.allSettled(
    [...seconds, firsts[0] as Checkpoint].map(async (checkpoint) => store.commit(checkpoint)),
  );
  deepStrictEqual(settled.filter(({ status }) => status === "rejected").length, 1);
  for (const second of seconds) await expectHead(store, second);
}

function noteOn(checkpoint: Checkpoint, write: Pick<NoteWrite, "note" | "records">): NoteWrite {
  const { sessionId, incarnation, seq } = checkpoint;
  return { sessionId, incarnation, seq, at: 2_000, ...write };
}

async function expectHead(
  store: Checkpointer,
  expected: Checkpoint,
  note = expected.note,
  records: readonly TaskRecord[] = [],
): Promise<void> {
  const stored = await store.load(expected.sessionId);
  ok(stored !== undefined, `session "${expected.sessionId}" is there`);
  deepStrictEqual({ ...stored.checkpoint, note }, { ...expected, note });
  deepStrictEqual(stored.note, note);
  deepStrictEqual([...stored.records], [...records]);
}

async function conflicts(write: () => unknown): Promise<void> {
  await rejects(
    async () => write(),
    (error) => error instanceof CheckpointConflictError,
  );
}
