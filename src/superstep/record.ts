/**
 * What is kept of tasks whose superstep is not committed yet (S6, P3): results of finished tasks, questions and their
 * answers, effects that ran once, failed attempts. Plain data; dropped with the superstep's commit (C1).
 */
import type { ErrorRecord } from "../errors.js";
import type { TaskOutcome } from "./outcome.js";

/** One thing that is kept of a task until its superstep commits. */
export type TaskRecord =
  | { readonly kind: "result"; readonly taskId: string; readonly outcome: TaskOutcome }
  | InterruptRecord
  | AttemptRecord
  | { readonly kind: "once"; readonly taskId: string; readonly key: string; readonly value: unknown };

/** A question of a task; the index-th of that task. Answered once `answer` is there. */
export interface InterruptRecord {
  readonly kind: "interrupt";
  readonly taskId: string;
  readonly node: string;
  readonly index: number;
  readonly id: string;
  readonly payload: unknown;
  readonly answer?: { readonly value: unknown };
  /** Of a question from within a subgraph: the nodes on the way to the graph whose `node` asked, from this session's own on. */
  readonly path?: readonly string[];
  /** Of a question from within a subgraph: its id there. */
  readonly inner?: string;
  /** Nothing is to be done about it any more: the subgraph has its answer, or asks no longer. */
  readonly taken?: true;
}

/** The newest failed attempt of a task that another one follows. `attempt` 0: the count has begun afresh. Times are the runner's clock's. */
export interface AttemptRecord {
  readonly kind: "attempt";
  readonly taskId: string;
  readonly attempt: number;
  /** When the first attempt began. */
  readonly since: number;
  /** When this one failed. */
  readonly at: number;
  /** Milliseconds from then to the next one. */
  readonly delayMs: number;
  /** Answers that the task had by then. */
  readonly answers: number;
  readonly error: Pick<ErrorRecord, "name" | "code" | "message">;
}

/** Names a record within its checkpoint; a record replaces an earlier one of the same key. */
export function recordKey(record: TaskRecord): string {
  if (record.kind === "result" || record.kind === "attempt") return `${record.taskId}|${record.kind}`;
  return record.kind === "interrupt"
    ? `${record.taskId}|interrupt|${record.index}`
    : `${record.taskId}|once|${record.key}`;
}

/** What one task remembers of its earlier tries. */
export interface TaskMemory {
  readonly outcome?: TaskOutcome;
  readonly interrupts: readonly InterruptRecord[];
  readonly memos: ReadonlyMap<string, unknown>;
  readonly attempt?: AttemptRecord;
}

/** The memory of every task that has one; undefined when there is none at all. */
export function memoriesOf(records: readonly TaskRecord[]): ReadonlyMap<string, TaskMemory> | undefined {
  if (records.length === 0) return undefined;
  const byTask = new Map<string, TaskRecord[]>();
  for (const record of records) {
    const list = byTask.get(record.taskId);
    if (list === undefined) byTask.set(record.taskId, [record]);
    else list.push(record);
  }
  return new Map([...byTask].map(([taskId, list]) => [taskId, memoryOf(list)]));
}

function memoryOf(records: readonly TaskRecord[]): TaskMemory {
  const interrupts: InterruptRecord[] = [];
  const memos = new Map<string, unknown>();
  let outcome: TaskOutcome | undefined;
  let attempt: AttemptRecord | undefined;
  for (const record of records) {
    if (record.kind === "result") outcome = record.outcome;
    else if (record.kind === "once") memos.set(record.key, record.value);
    else if (record.kind === "attempt") attempt = record;
    else interrupts[record.index] = record;
  }
  return { interrupts, memos, ...(outcome && { outcome }), ...(attempt && { attempt }) };
}
