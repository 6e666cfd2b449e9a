/** Many sessions: their list, their names, and the end of one (T6). */
import { deepStrictEqual } from "node:assert/strict";
import type { Checkpointer } from "../../session/checkpointer.js";
import type { SessionStatus } from "../../session/status.js";
import { replaceAll } from "../../state/delta.js";
import { firstOf, nextOf, PLAIN_NOTE } from "../checkpoints.js";
import { type Checks, commitAll, expectHead, expectLine, expectNoSession, noteOn } from "./expectations.js";
import { PAUSED, RESULT } from "./pending.js";

export const sessionChecks: Checks = {
  "sessions are listed by id, by status, page by page": checkList,
  "sessions whose ids begin alike follow one another": checkNeighbours,
  "a session is listed as it stands": checkSummaries,
  "T6: a deleted session is gone, and only that one": checkDelete,
  "a session id may hold anything": checkHostileIds,
  "pages of hostile ids follow one another without a gap": checkHostilePages,
};

const HOSTILE_IDS = ["123", "0x1", "a'b\"c", "%", "_", "é", "e\u0301", "__proto__", "constructor", " ", "😀"];
/** Orders in which stores may differ. */
const MORE_IDS = ["a", "A", "\uffff", "a ", "10", "9", "x".repeat(512), "\u{10ffff}", "null", "undefined"];

async function checkList(store: Checkpointer): Promise<void> {
  for (const id of ["c", "a", "d", "b"]) await store.commit(firstOf(id));
  await store.annotate(noteOn(firstOf("c"), { note: PAUSED }));
  const ids = async (query: Parameters<Checkpointer["list"]>[0]) =>
    (await store.list(query)).map(({ sessionId }) => sessionId);
  deepStrictEqual(await ids({ limit: 10 }), ["a", "b", "c", "d"]);
  deepStrictEqual(await ids({ limit: 2 }), ["a", "b"]);
  deepStrictEqual(await ids({ limit: 2, after: "b" }), ["c", "d"]);
  deepStrictEqual(await ids({ limit: 2, after: "bb" }), ["c", "d"]);
  deepStrictEqual(await ids({ limit: 2, after: "d" }), []);
  deepStrictEqual(await ids({ limit: 10, status: "paused" }), ["c"]);
  deepStrictEqual(await ids({ limit: 1, status: "paused" }), ["c"]);
  deepStrictEqual(await ids({ limit: 10, status: "paused", after: "c" }), []);
  deepStrictEqual(await ids({ limit: 10, status: "ready", after: "a" }), ["b", "d"]);
  deepStrictEqual(await ids({ limit: 10, status: "failed" }), []);
}

/** Those of a session's subgraphs, say. */
async function checkNeighbours(store: Checkpointer): Promise<void> {
  const within = ["s\u001fa-1.0", "s\u001fa-1.0\u001fb-1.0", "s\u001fa-1.1"];
  for (const id of ["s0", ...within, "S\u001fa", "s", "sa-1.0", "r", "\u001f"]) await store.commit(firstOf(id));
  const ids = async (after: string) => (await store.list({ limit: 3, after })).map(({ sessionId }) => sessionId);
  deepStrictEqual(await ids("s"), within);
  deepStrictEqual(await ids("s\u001f"), within);
  deepStrictEqual((await ids("s\u001fa-1.0")).slice(0, 2), within.slice(1));
}

async function checkSummaries(store: Checkpointer): Promise<void> {
  const summary = async () => (await store.list({ limit: 1 }))[0];
  const first = firstOf("s", { state: { n: 0 } });
  const done: SessionStatus = { kind: "completed", endedBy: "end" };
  await store.commit(first);
  deepStrictEqual(await summary(), { sessionId: "s", step: 0, status: "ready", updatedAt: 1_000 });
  await store.annotate(noteOn(first, { note: PAUSED }));
  deepStrictEqual(await summary(), { sessionId: "s", step: 0, status: "paused", updatedAt: 2_000 });
  await store.annotate({ ...noteOn(first, { records: [RESULT] }), at: 2_500 });
  deepStrictEqual(await summary(), { sessionId: "s", step: 0, status: "paused", updatedAt: 2_500 });
  const note = { ...PLAIN_NOTE, status: done };
  await store.commit({ ...nextOf(first, "n", replaceAll(1), { note }), createdAt: 3_000 });
  deepStrictEqual(await summary(), { sessionId: "s", step: 1, status: "completed", updatedAt: 3_000 });
  await store.commit(firstOf("s", { incarnation: "new" }), { replace: true });
  deepStrictEqual(await summary(), { sessionId: "s", step: 0, status: "ready", updatedAt: 1_000 });
}

async function checkDelete(store: Checkpointer): Promise<void> {
  const kept = firstOf("kept", { state: { n: 0 } });
  const gone = firstOf("gone", { state: { n: 0, now: 1 }, ephemeral: ["now"] });
  await commitAll(store, [kept, gone]);
  for (const one of [kept, gone]) await store.annotate(noteOn(one, { note: PAUSED, records: [RESULT] }));
  await store.delete("gone");
  await store.delete("nobody");
  await expectNoSession(store, "gone");
  await expectHead(store, kept, PAUSED, [RESULT]);
  const again = firstOf("gone", { state: { n: 5 }, incarnation: "again" });
  await store.commit(again);
  await expectHead(store, again);
  await expectLine(store, "gone", [again]);
  await store.delete("gone");
  await store.delete("gone");
  await expectNoSession(store, "gone");
}

async function checkHostileIds(store: Checkpointer): Promise<void> {
  const ids = [...HOSTILE_IDS, ...MORE_IDS];
  const firsts = ids.map((id) => firstOf(id, { state: { id } }));
  await commitAll(store, firsts);
  for (const first of firsts) await store.annotate(noteOn(first, { records: [RESULT] }));
  for (const first of firsts) await expectHead(store, first, first.note, [RESULT]);
  for (const first of firsts) await expectLine(store, first.sessionId, [first]);
  await store.delete("%");
  await store.delete("a");
  for (const first of firsts.filter(({ sessionId }) => sessionId !== "%" && sessionId !== "a")) {
    await expectHead(store, first, first.note, [RESULT]);
  }
}

async function checkHostilePages(store: Checkpointer): Promise<void> {
  const ids = [...HOSTILE_IDS, ...MORE_IDS];
  for (const id of ids) await store.commit(firstOf(id));
  const found: string[] = [];
  while (found.length <= ids.length) {
    const after = found.at(-1);
    const page = await store.list({ limit: 5, ...(after !== undefined && { after }) });
    if (page.length === 0) break;
    found.push(...page.map(({ sessionId }) => sessionId));
  }
  deepStrictEqual([...found].sort(), [...ids].sort());
}
