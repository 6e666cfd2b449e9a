/** What stands beside a head in checks: a note, and task records of each kind. */
import type { Note } from "../../session/checkpoint.js";
import type { InterruptRecord, TaskRecord } from "../../superstep/record.js";

export const PAUSED: Note = {
  status: { kind: "paused", reason: { kind: "hook", detail: { why: [1] } } },
  passed: ["option"],
  issued: 3,
  trace: "00-a-b-01",
};
export const RESULT: TaskRecord = {
  kind: "result",
  taskId: "t1",
  outcome: { updates: [{ n: 1 }], routes: [{ mode: "append", targets: ["a"] }] },
};
export const QUESTION: InterruptRecord = {
  kind: "interrupt",
  taskId: "t2",
  node: "b",
  index: 0,
  id: "made-i1",
  payload: { q: 1 },
};
export const ATTEMPT: TaskRecord = {
  kind: "attempt",
  taskId: "t2",
  attempt: 2,
  since: 1.5,
  at: 2,
  delayMs: 500,
  answers: 0,
  error: { name: "TypeError", code: "THROWN", message: "\ud800" },
};
export const EFFECT: TaskRecord = { kind: "once", taskId: "t2", key: "pay", value: undefined };

/** A result of a task that wrote that value. */
export function resultOf(taskId: string, value: unknown): TaskRecord {
  return { kind: "result", taskId, outcome: { updates: [{ value }], routes: [] } };
}
