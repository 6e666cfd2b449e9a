/** Pauses: which option stops at a boundary (P1), which questions are open, and which answer belongs to which (P3). Pure. */
import { InterruptAnswerError, type TaskRef } from "../errors.js";
import type { Ask } from "./ask.js";
import type { Breakpoint } from "./breakpoint.js";
import type { InterruptRecord, TaskRecord } from "./record.js";
import type { PausePlace, UntilReason } from "./until.js";

/** Why a session is paused. */
export type PauseReason =
  | ({ readonly kind: "beforeNode"; readonly node: string } & PausePlace)
  | ({ readonly kind: "afterNode"; readonly node: string } & PausePlace)
  | ({ readonly kind: "afterStep"; readonly step: number } & PausePlace)
  | { readonly kind: "interrupt"; readonly interrupts: readonly PendingInterrupt[] }
  | { readonly kind: "hook"; readonly detail: unknown }
  | UntilReason
  | ({ readonly kind: "breakpoint"; readonly breakpoint: Breakpoint } & PausePlace)
  | DrainedReason;

/** The pause of a session whose runner drained: nobody asked to look at it, and it can go on anywhere. */
export interface DrainedReason {
  readonly kind: "drained";
  /** What `drain` was given; the signal's name when a signal came. */
  readonly reason?: string;
}

/** A question that waits for an answer. */
export interface PendingInterrupt {
  readonly id: string;
  readonly node: string;
  /** The session's own task that waits: of a question from within a subgraph, the one that is the subgraph. */
  readonly taskId: string;
  readonly payload: unknown;
  /** Of a question from within a subgraph: the names of the nodes that lead to the graph whose `node` asked. */
  readonly path?: readonly string[];
}

/** Where to stop: node names, or "*" for every node. */
export interface InterruptOptions<N extends string = string> {
  readonly interruptBefore?: readonly N[] | "*" | undefined;
  readonly interruptAfter?: readonly N[] | "*" | undefined;
  readonly interruptEachStep?: boolean | undefined;
  /** The same for what is within nodes that are graphs, by their names: at any depth, and of as many instances as there are. */
  readonly within?: { readonly [Node in N]?: InterruptOptions | undefined } | undefined;
}

/** `interruptBefore`: the first match in frontier order. */
export function pauseBefore(options: InterruptOptions, frontier: readonly TaskRef[]): PauseReason | undefined {
  const task = firstMatch(options.interruptBefore, frontier);
  return task && { kind: "beforeNode", node: task.node };
}

/** `interruptAfter`: the first match among what ran; then `interruptEachStep`. */
export function pauseAfter(options: InterruptOptions, ran: readonly TaskRef[], step: number): PauseReason | undefined {
  const task = firstMatch(options.interruptAfter, ran);
  if (task !== undefined) return { kind: "afterNode", node: task.node };
  return options.interruptEachStep === true ? { kind: "afterStep", step } : undefined;
}

function firstMatch(nodes: readonly string[] | "*" | undefined, tasks: readonly TaskRef[]): TaskRef | undefined {
  if (nodes === undefined || tasks.length === 0) return undefined;
  return nodes === "*" ? tasks[0] : tasks.find((task) => nodes.includes(task.node));
}

/** The questions that have no answer yet, in order of their records. */
export function openInterrupts(records: readonly TaskRecord[]): readonly InterruptRecord[] {
  return records.filter(
    // a task's own are numbered, and one that was answered at once has no record
    (record): record is InterruptRecord => record?.kind === "interrupt" && record.answer === undefined,
  );
}

/** What callers see of an open question. */
export function toPending({ id, node, taskId, payload, path }: InterruptRecord): PendingInterrupt {
  return { id, node, taskId, payload, ...(path && { path }) };
}

/** What the schedule sees of an open question. */
export function toAsk({ index, payload, node, path, inner }: InterruptRecord): Ask {
  if (path === undefined || inner === undefined) return { index, payload };
  return { index, payload, from: { node, path, id: inner } };
}

/** Answers that a subgraph is still to be given. */
export function answersDue(records: readonly TaskRecord[]): readonly InterruptRecord[] {
  return records.filter(
    (record): record is InterruptRecord =>
      record?.kind === "interrupt" &&
      record.inner !== undefined &&
      record.answer !== undefined &&
      record.taken !== true,
  );
}

/** Whether a subgraph is still to be given an answer. */
export function isDue(records: readonly TaskRecord[]): boolean {
  return answersDue(records).length > 0;
}

/** The records of questions that subgraphs ask no longer, closed: they have their answers, or have come to ask something else. */
export function closeAsks(
  asks: readonly { readonly task: TaskRef; readonly ask: Ask }[],
  known: readonly TaskRecord[],
): readonly InterruptRecord[] {
  const tasks = new Set(asks.filter(({ ask }) => ask.from !== undefined).map(({ task }) => task.id));
  if (tasks.size === 0) return [];
  const open = new Set(asks.map(({ ask }) => ask.from?.id));
  return known.flatMap((record) =>
    record.kind === "interrupt" && tasks.has(record.taskId) && !open.has(record.inner) ? closed(record) : [],
  );
}

/** A question of a subgraph that is to be asked no more. */
export function closed(record: InterruptRecord): readonly InterruptRecord[] {
  if (record.inner === undefined || record.taken === true) return [];
  return [{ ...record, answer: record.answer ?? { value: undefined }, taken: true }];
}

/** Records for the questions asked in a superstep, in frontier order. One that was asked before keeps its id. */
export function recordAsks(
  asks: readonly { readonly task: TaskRef; readonly ask: Ask }[],
  known: readonly TaskRecord[],
  freshId: () => string,
): readonly InterruptRecord[] {
  return asks.map(({ task, ask }) => {
    const former = known.find(
      (record): record is InterruptRecord =>
        record.kind === "interrupt" && record.taskId === task.id && record.index === ask.index,
    );
    const id = former?.id ?? freshId();
    const { index, payload, from } = ask;
    const record = { kind: "interrupt", taskId: task.id, node: from?.node ?? task.node, index, id, payload } as const;
    return from === undefined ? record : { ...record, path: from.path, inner: from.id };
  });
}

/**
 * The open records that an answer answers, answered. A record is read as ids iff one of its keys was ever issued to this session.
 * Throws InterruptAnswerError for no answer, an unknown or used id, or a bare answer while several are open.
 */
export function matchAnswer(
  sessionId: string,
  open: readonly InterruptRecord[],
  answer: unknown,
  wasIssued: (id: string) => boolean,
): readonly InterruptRecord[] {
  if (answer === undefined) throw new InterruptAnswerError(sessionId, "no answer was given", open);
  const byId = answersById(answer, wasIssued);
  if (byId === undefined) {
    const [only, another] = open;
    if (only === undefined || another !== undefined)
      throw new InterruptAnswerError(sessionId, `one answer was given for ${open.length} interrupts`, open);
    return [{ ...only, answer: { value: answer } }];
  }
  return byId.map(([id, value]) => {
    const asked = open.find((record) => record.id === id);
    if (asked === undefined) throw new InterruptAnswerError(sessionId, `interrupt "${id}" is not open`, open);
    if (value === undefined)
      throw new InterruptAnswerError(sessionId, `no answer was given for interrupt "${id}"`, open);
    return { ...asked, answer: { value } };
  });
}

function answersById(
  answer: unknown,
  wasIssued: (id: string) => boolean,
): readonly (readonly [string, unknown])[] | undefined {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return undefined;
  const entries = Object.entries(answer);
  return entries.some(([key]) => wasIssued(key)) ? entries : undefined;
}
