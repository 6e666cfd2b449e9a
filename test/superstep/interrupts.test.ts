import { expect, test } from "vitest";
import type { InterruptRecord, TaskRecord } from "../../src/index.js";
import { wasIssued } from "../../src/session/checkpoint.js";
import { matchAnswer, openInterrupts, pauseAfter, pauseBefore, recordAsks } from "../../src/superstep/interrupts.js";

const frontier = [
  { id: "t.1", node: "b" },
  { id: "t.2", node: "a" },
  { id: "t.3", node: "b" },
];

function question(number: number, parts: Partial<InterruptRecord> = {}): InterruptRecord {
  return {
    kind: "interrupt",
    taskId: `t.${number}`,
    node: "a",
    index: 0,
    id: `s-i${number}`,
    payload: `${number}?`,
    ...parts,
  };
}

const issued = (id: string) => wasIssued("s", 5, id);

test("P1: before a superstep, the first match in frontier order stops, not the first that is named", () => {
  expect(pauseBefore({ interruptBefore: ["a", "b"] }, frontier)).toEqual({ kind: "beforeNode", node: "b" });
  expect(pauseBefore({ interruptBefore: ["a"] }, frontier)).toEqual({ kind: "beforeNode", node: "a" });
  expect(pauseBefore({ interruptBefore: "*" }, frontier)).toEqual({ kind: "beforeNode", node: "b" });
  expect(pauseBefore({ interruptBefore: ["c"] }, frontier)).toBeUndefined();
  expect(pauseBefore({ interruptBefore: [] }, frontier)).toBeUndefined();
  expect(pauseBefore({ interruptBefore: "*" }, [])).toBeUndefined();
  expect(pauseBefore({ interruptAfter: "*", interruptEachStep: true }, frontier)).toBeUndefined();
});

test("P1: after a superstep, interruptAfter comes before interruptEachStep", () => {
  expect(pauseAfter({ interruptAfter: ["a"], interruptEachStep: true }, frontier, 4)).toEqual({
    kind: "afterNode",
    node: "a",
  });
  expect(pauseAfter({ interruptAfter: "*" }, frontier, 4)).toEqual({ kind: "afterNode", node: "b" });
  expect(pauseAfter({ interruptAfter: ["c"], interruptEachStep: true }, frontier, 4)).toEqual({
    kind: "afterStep",
    step: 4,
  });
  expect(pauseAfter({ interruptBefore: "*", interruptEachStep: false }, frontier, 4)).toBeUndefined();
});

test("P3: open are the questions without an answer; undefined inside an answer is an answer", () => {
  const records: TaskRecord[] = [
    { kind: "result", taskId: "t.0", outcome: { updates: [], routes: [] } },
    question(1),
    question(2, { answer: { value: undefined } }),
    { kind: "once", taskId: "t.1", key: "k", value: 1 },
    question(3),
  ];
  expect(openInterrupts(records).map(({ id }) => id)).toEqual(["s-i1", "s-i3"]);
});

test("P3: a bare answer goes to the one that is open, whatever it is, as long as it is something", () => {
  for (const value of [false, 0, "", null, [], {}, { x: 1 }, new Date(0), new Map([["s-i1", 1]]), "s-i1", ["s-i1"]]) {
    expect(matchAnswer("s", [question(1)], value, issued)).toEqual([question(1, { answer: { value } })]);
  }
});

test("P3: no answer, one answer for several, or one for none is refused, and the error lists what is open (L2)", () => {
  const two = [question(1), question(2)];
  const open = [
    { id: "s-i1", node: "a" },
    { id: "s-i2", node: "a" },
  ];
  expect(() => matchAnswer("s", two, undefined, issued)).toThrow(
    expect.objectContaining({ code: "INTERRUPT_ANSWER", open }),
  );
  expect(() => matchAnswer("s", two, "yes", issued)).toThrow(
    expect.objectContaining({ code: "INTERRUPT_ANSWER", open }),
  );
  expect(() => matchAnswer("s", [], "yes", issued)).toThrow(
    expect.objectContaining({ code: "INTERRUPT_ANSWER", open: [] }),
  );
});

test("P3: a record with an id of this session as a key answers by id, each its own, others stay open", () => {
  const three = [question(1), question(2), question(3)];
  expect(matchAnswer("s", three, { "s-i3": false, "s-i1": null }, issued)).toEqual([
    question(3, { answer: { value: false } }),
    question(1, { answer: { value: null } }),
  ]);
});

test("P3: a used, stale or unknown id among ids is refused, and so is an id without an answer", () => {
  const one = [question(3)];
  for (const answer of [{ "s-i1": "used" }, { "s-i3": 1, "s-i2": 2 }, { "s-i3": 1, other: 2 }, { "s-i3": undefined }]) {
    expect(() => matchAnswer("s", one, answer, issued)).toThrow(
      expect.objectContaining({ code: "INTERRUPT_ANSWER", open: [{ id: "s-i3", node: "a" }] }),
    );
  }
});

test("P3: a record whose keys only look like ids is a bare answer", () => {
  for (const answer of [
    { "s-i6": 1 },
    { "s-i0": 1 },
    { "s-i01": 1 },
    { "s-i1.0": 1 },
    { "s-i": 1 },
    { "other-i1": 1 },
    { "S-i1": 1 },
  ]) {
    expect(matchAnswer("s", [question(1)], answer, issued)).toEqual([question(1, { answer: { value: answer } })]);
  }
});

test("P3: a question that was asked before keeps its id, a new one gets a fresh one, in frontier order", () => {
  let last = 7;
  const fresh = () => `s-i${++last}`;
  const asks = [
    { task: { id: "t.1", node: "a" }, ask: { index: 0, payload: "again?" } },
    { task: { id: "t.2", node: "b" }, ask: { index: 1, payload: "next?" } },
    { task: { id: "t.3", node: "c" }, ask: { index: 0, payload: "new?" } },
  ];
  const known = [question(1), question(2, { node: "b", answer: { value: 1 } })];
  expect(recordAsks(asks, known, fresh)).toEqual([
    question(1, { payload: "again?" }),
    question(8, { taskId: "t.2", node: "b", index: 1, payload: "next?" }),
    question(9, { taskId: "t.3", node: "c", payload: "new?" }),
  ]);
});
