/** A session as it is found in a store, and as the reference has it, in the same words, so that they can be compared. */
import { isDeepStrictEqual } from "node:util";
import type { PauseReason, SessionStatus, StoredSession, TaskRecord } from "../../src/index.js";
import { taskOf } from "./graph.js";
import type { Said, State, Task } from "./program.js";
import { headOf } from "./reference-superstep.js";
import type { Question, Reason, Session, Stage, Status } from "./shapes.js";

export interface Seen {
  readonly step: number;
  readonly state: State;
  readonly versions: Readonly<Record<string, number>>;
  readonly frontier: readonly Task[];
  readonly status: Status;
  /** By task of the frontier. */
  readonly questions: readonly (readonly Question[])[];
  /** What its task has said, if it has finished. */
  readonly kept: readonly (Said | undefined)[];
  /** What is kept of tasks that are not of the frontier: never anything (C1). */
  readonly leftovers: number;
  readonly points: number;
}

/** The ids of questions by their numbers: each number has one id for ever, and each id one number (P3). */
export class QuestionIds {
  readonly #byNumber = new Map<number, string>();
  readonly #byId = new Map<string, number>();

  idOf(number: number): string {
    return this.#byNumber.get(number) ?? `never-seen-${number}`;
  }

  /** -1 for an id that no question should have, or that another one has. */
  numberOf(id: string, expected: number | undefined): number {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    return expected === undefined || this.#byNumber.has(expected) ? -1 : expected;
  }

  learn(records: readonly TaskRecord[], numbers: ReadonlyMap<string, number>): void {
    for (const record of records) {
      const number = record.kind === "interrupt" ? numbers.get(record.id) : undefined;
      if (record.kind !== "interrupt" || number === undefined) continue;
      this.#byNumber.set(number, record.id);
      this.#byId.set(record.id, number);
    }
  }
}

/** Questions that nobody knows yet are read by their place in this stage of the reference. */
export function seenIn(stored: StoredSession, points: number, stage: Session, ids: QuestionIds): Seen {
  const { checkpoint, note, records } = stored;
  const { step, state, versions, frontier } = checkpoint;
  const interrupts = records.filter((record) => record.kind === "interrupt");
  const numbers = numbersIn(stored, stage, ids);
  const questions = frontier.map(({ id }) =>
    interrupts
      .filter(({ taskId }) => taskId === id)
      .map(({ id: question, payload, answer }) => {
        return { number: numbers.get(question) ?? -1, payload: payload as string, ...(answer && { answer }) };
      }),
  );
  return {
    step,
    state: state as unknown as State,
    versions,
    frontier: frontier.map(taskOf),
    status: statusIn(note.status, numbers),
    questions,
    kept: frontier.map(({ id }) => keptOf(id, records)),
    leftovers: records.filter(({ taskId }) => !frontier.some(({ id }) => id === taskId)).length,
    points,
  };
}

function keptOf(taskId: string, records: readonly TaskRecord[]): Said | undefined {
  const record = records.find((one) => one.kind === "result" && one.taskId === taskId);
  if (record?.kind !== "result") return undefined;
  const { updates, routes } = record.outcome;
  const goto = routes.flatMap(({ targets }) => targets.map((one) => (typeof one === "string" ? { node: one } : one)));
  return { write: Object.assign({}, ...updates) as Said["write"], ...(goto.length > 0 && { goto }) };
}

export function seenAs(session: Session): Seen {
  const { step, state, versions, frontier } = headOf(session);
  return {
    step,
    state,
    versions,
    frontier,
    status: inOrder(session.status),
    questions: session.memory.map(({ questions }) => questions),
    kept: session.memory.map(({ result }) => result),
    leftovers: 0,
    points: session.line.length,
  };
}

/** The numbers of the questions that are kept with a session. */
export function numbersIn({ checkpoint, records }: StoredSession, stage: Stage, ids: QuestionIds): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== "interrupt") continue;
    const place = checkpoint.frontier.findIndex(({ id }) => id === record.taskId);
    const expected = stage?.memory[place]?.questions[record.index]?.number;
    numbers.set(record.id, ids.numberOf(record.id, expected));
  }
  return numbers;
}

export function statusIn(status: SessionStatus, numbers: ReadonlyMap<string, number>): Status {
  if (status.kind === "paused") return { kind: "paused", reason: reasonIn(status.reason, numbers) };
  return status.kind === "failed" ? { kind: "failed", code: status.error.code } : status;
}

export function reasonIn(reason: PauseReason, numbers: ReadonlyMap<string, number>): Reason {
  if (reason.kind === "hook") return { kind: "hook", detail: reason.detail as string };
  if (reason.kind === "until" || reason.kind === "breakpoint" || reason.kind === "drained")
    throw new TypeError(`the model never asks for a pause of kind "${reason.kind}"`);
  if (reason.kind !== "interrupt") return reason;
  return { kind: "interrupt", open: reason.interrupts.map(({ id }) => numbers.get(id) ?? -1).sort((a, b) => a - b) };
}

/** Open questions have no order. */
export function inOrder<S extends { readonly kind: string; readonly reason?: Reason }>(status: S): S {
  if (status.reason?.kind !== "interrupt") return status;
  return { ...status, reason: { kind: "interrupt", open: [...status.reason.open].sort((a, b) => a - b) } };
}

export function isSame(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right);
}
