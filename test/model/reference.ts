/**
 * What one session should do: pure functions on plain data, written from the laws alone (S, B, F, C, P, T). They know no store, no time and
 * no order of finishing. A call gives a path. Whatever breaks the call off, the session then stands at one of the path's stages; only
 * results of finished tasks may be kept besides (S6, C5).
 */
import {
  INITIAL,
  questionsOf,
  type Said,
  START_TASK,
  say,
  sayInTrouble,
  type Task,
  type Trouble,
  type Write,
} from "./program.js";
import { edit, fold, isNode, leave } from "./reference-barrier.js";
import type {
  Answer,
  Beginning,
  Boundary,
  Call,
  Given,
  Memory,
  Path,
  Point,
  Progress,
  Question,
  Reason,
  Session,
  Stage,
  Status,
} from "./shapes.js";

const READY: Status = { kind: "ready" };
const DONE: Answer = { kind: "done" };
const NO_PROGRESS: Progress = { armed: [], deferred: [], ended: false };

/** A path on which nothing runs: to the last of these stages, or to an error. */
export function still(stages: readonly Stage[], code?: string): Path {
  return { stages, answer: code === undefined ? DONE : { kind: "failed", code }, runs: [], boundaries: [] };
}

export function headOf({ line }: Session): Point {
  return line.at(-1) as Point;
}

export function openQuestions({ memory }: Session): readonly Question[] {
  return memory.flatMap(({ questions }) => questions.filter(({ answer }) => answer === undefined));
}

/** The first checkpoint, or the next invocation's; undefined for an unknown channel. */
export function begin(former: Stage, input: Beginning["input"] = {}, entry?: string): Stage {
  const head = former && headOf(former);
  const folded = fold(head ?? { state: INITIAL, versions: {} }, [input]);
  const frontier = [entry === undefined ? START_TASK : { node: entry }];
  const place = { source: "input", step: head?.step ?? 0, frontier, progress: NO_PROGRESS, ran: [] } as const;
  return folded && stand(former, { ...place, ...folded }, READY);
}

export function invoke(former: Stage, { input, entry, restart }: Beginning, call: Call): Path {
  if (entry !== undefined && !isNode(entry)) return still([former], "UNKNOWN_NODE");
  if (former !== undefined && former.status.kind !== "completed" && restart !== true) {
    const isNew = input !== undefined || entry !== undefined;
    return isNew ? still([former], "SESSION_NOT_FINISHED") : drive(former, call);
  }
  const first = begin(former, input, entry);
  return first === undefined ? still([former], "UNKNOWN_CHANNEL") : drive(first, call, [former]);
}

export function resume(session: Session, given: Given, call: Call): Path {
  if (session.status.kind !== "paused") return still([session], "NOT_PAUSED");
  const open = openQuestions(session);
  if (open.length === 0) return drive(session, call);
  const answers = answersOf(open, given);
  if (answers === undefined) return still([session], "INTERRUPT_ANSWER");
  const answered = (one: Question): Question =>
    answers.has(one.number) ? { ...one, answer: { value: answers.get(one.number) } } : one;
  const memory = session.memory.map((one) => ({ ...one, questions: one.questions.map(answered) }));
  const left = openQuestions({ ...session, memory }).map(({ number }) => number);
  const status: Status = left.length === 0 ? READY : { kind: "paused", reason: { kind: "interrupt", open: left } };
  return drive({ ...session, memory, status }, call, [session]);
}

export function update(session: Session, write: Write, asNode?: string): Path {
  const edited = edit(headOf(session), write, asNode);
  if (typeof edited === "string") return still([session], edited);
  const next = stand(session, { ...edited.point, source: "update" }, edited.status ?? session.status);
  const { passed, memory } = session;
  return still([session, asNode === undefined ? { ...next, passed, memory } : next]);
}

/** The new session, from the newest checkpoint of a step, or from the head. */
export function fork(origin: Session, step: number | undefined, write: Write, asNode?: string): Path {
  const { length } = origin.line;
  const place = step === undefined ? length - 1 : origin.line.findLastIndex((one) => one.step === step);
  const from = origin.line[place];
  if (from === undefined) return still([undefined], "CHECKPOINT_NOT_FOUND");
  const edited = edit(from, write, asNode);
  if (typeof edited === "string") return still([undefined], edited);
  const former = place === length - 1 ? origin.status : from.status;
  const isFinal = former.kind === "completed" || (former.kind === "failed" && former.code === "JOIN_STALLED");
  const inherited = { ...origin, line: origin.line.slice(0, place + 1), issued: 0 };
  const status = edited.status ?? (isFinal ? former : READY);
  return still([undefined, stand(inherited, { ...edited.point, source: "fork" }, status)]);
}

/** Supersteps until the session completes or pauses, or the call ends for another reason. `former`: what stood before. */
export function drive(start: Session, call: Call, former: readonly Stage[] = []): Path {
  const stages: Stage[] = [...former, start];
  const runs: Task[] = [];
  const boundaries: Boundary[] = [];
  const ended = (answer: Answer): Path => ({ stages, runs, boundaries, answer });
  let session = start;
  const move = (next: Session): void => {
    session = next;
    stages.push(next);
  };
  if (session.status.kind === "completed") return ended(DONE);
  if (call.discard === true && session.status.kind !== "paused")
    move({ ...session, memory: session.memory.map(({ questions }) => ({ questions })) });
  for (let steps = 0; ; steps++) {
    if (headOf(session).frontier.length === 0) return ended(session.status as Answer & { kind: "failed" });
    const stop = gate(session, call);
    if (stop !== undefined) move(stop);
    if (stop?.status.kind === "paused") return ended(stop.status);
    boundaries.push({ session, ran: runs.length });
    if (steps === call.maxSteps) return ended({ kind: "failed", code: "STEP_LIMIT" });
    const tries = triesOf(session, call.trouble);
    runs.push(...tries.filter(({ isRun }) => isRun).map(({ task }) => task));
    const tried = superstep(session, tries, call);
    for (const next of tried.stages) move(next);
    if (tried.answer !== undefined || call.once === true) return ended(tried.answer ?? DONE);
  }
}

/** The same session with the results of these tasks kept; undefined when one of them cannot have finished, or one that was kept is missing. */
export function withResults(session: Session, kept: readonly boolean[], trouble?: Trouble): Stage {
  const tries = triesOf(session, trouble);
  const isPossible = session.memory.every(({ result }, place) =>
    kept[place] === true ? tries[place]?.said !== undefined : result === undefined,
  );
  const memory = session.memory.map((one, place) => keep(one, kept[place] === true ? tries[place] : undefined));
  return isPossible ? { ...session, memory } : undefined;
}

/** The session behind a new checkpoint. What was kept for the former one is gone, and so is its ephemeral value (C1). */
function stand(former: Stage, point: Omit<Point, "status">, status: Status): Session {
  const line = [...(former?.line ?? [])];
  const head = line.pop();
  if (head !== undefined) line.push({ ...head, state: { ...head.state, hint: undefined } });
  const memory = point.frontier.map(() => ({ questions: [] }));
  return { line: [...line, { ...point, status }], status, passed: [], issued: former?.issued ?? 0, memory };
}

function paused(session: Session, reason: Reason, gateName?: string): Session {
  const passed = gateName === undefined ? session.passed : [...session.passed, gateName];
  return { ...session, passed, status: { kind: "paused", reason } };
}

/** P1, before a superstep: open questions, then the option, then the hook; the last two once a boundary each (P2). */
function gate(session: Session, { before, hookBefore }: Call): Session | undefined {
  const { passed, memory } = session;
  const open = openQuestions(session).map(({ number }) => number);
  const waits = memory.every(({ result, questions }) => result !== undefined || questions.some((one) => !one.answer));
  if (open.length > 0 && waits) return paused(session, { kind: "interrupt", open });
  const node = firstMatch(headOf(session).frontier, before);
  if (node !== undefined && !passed.includes("option")) return paused(session, { kind: "beforeNode", node }, "option");
  if (hookBefore === true && !passed.includes("hook"))
    return paused(session, { kind: "hook", detail: "before" }, "hook");
  return undefined;
}

function firstMatch(tasks: readonly Task[], names: readonly string[] | "*" = []): string | undefined {
  return tasks.find(({ node }) => names === "*" || names.includes(node))?.node;
}

interface Try {
  readonly task: Task;
  readonly isRun: boolean;
  /** What it said when it finished. */
  readonly said?: Said | undefined;
  /** The question that it leaves open. */
  readonly asks?: string;
}

function triesOf(session: Session, trouble: Trouble | undefined): readonly Try[] {
  const { frontier, state } = headOf(session);
  return session.memory.map(({ result, questions }, place): Try => {
    const task = frontier[place] as Task;
    if (result !== undefined) return { task, isRun: false, said: result };
    const open = questions.find(({ answer }) => answer === undefined);
    if (open !== undefined) return { task, isRun: false, asks: open.payload };
    const own = trouble?.node === task.node ? trouble : undefined;
    if (own?.kind === "throws" || own?.kind === "hangs") return { task, isRun: true };
    const asks = questionsOf(task)[questions.length];
    if (asks !== undefined) return { task, isRun: true, asks };
    const answers = questions.map(({ answer }) => answer?.value);
    return { task, isRun: true, said: sayInTrouble(say(task, state, answers), own) };
  });
}

function keep(memory: Memory, tried: Try | undefined): Memory {
  return tried?.said === undefined ? memory : { ...memory, result: tried.said };
}

/** A failure beats a question (S6), a question beats the barrier (P3), and completion beats a pause (P1). */
function superstep(session: Session, tries: readonly Try[], call: Call): { stages: Session[]; answer?: Answer } {
  const head = headOf(session);
  const tried = { ...session, memory: session.memory.map((one, place) => keep(one, tries[place])) };
  const failed = (code: string) => {
    const status = { kind: "failed", code } as const;
    return { stages: [{ ...tried, status }], answer: status };
  };
  if (tries.some(({ said, asks }) => said === undefined && asks === undefined)) return failed("NODE_FAILED");
  if (tries.some(({ asks }) => asks !== undefined)) return pausing([], asked(tried, tries));
  const results = tries.map(({ task, said }) => ({ task, said: said as Said }));
  const folded = fold(
    head,
    results.map(({ said }) => said.write),
  );
  if (folded === undefined) return failed("UNKNOWN_CHANNEL");
  const next = leave(head.progress, results, folded.state);
  if (next === undefined) return failed("ROUTE_UNKNOWN_TARGET");
  const { end, ...place } = next;
  const step = head.step + 1;
  const committed = stand(session, { source: "step", step, ran: head.frontier, ...folded, ...place }, end ?? READY);
  if (end !== undefined) return { stages: [committed], answer: end.kind === "failed" ? end : DONE };
  const node = firstMatch(head.frontier, call.after);
  if (node !== undefined) return pausing([], committedPause(committed, { kind: "afterNode", node }));
  if (call.each === true) return pausing([], committedPause(committed, { kind: "afterStep", step }));
  if (call.hookAfter !== true) return { stages: [committed] };
  return pausing([committed], paused(committed, { kind: "hook", detail: "after" }));
}

type Tried = ReturnType<typeof superstep>;

function pausing(stages: readonly Session[], last: Session): Tried {
  return { stages: [...stages, last], answer: last.status as Answer & { kind: "paused" } };
}

function committedPause(committed: Session, reason: Reason): Session {
  const status: Status = { kind: "paused", reason };
  return { ...committed, status, line: [...committed.line.slice(0, -1), { ...headOf(committed), status }] };
}

/** Every task that asks something new gets a fresh number, in frontier order. */
function asked(session: Session, tries: readonly Try[]): Session {
  let { issued } = session;
  const memory = session.memory.map((one, place) => {
    const { asks, isRun } = tries[place] as Try;
    if (asks === undefined || !isRun) return one;
    return { ...one, questions: [...one.questions, { number: ++issued, payload: asks }] };
  });
  const open = openQuestions({ ...session, memory }).map(({ number }) => number);
  return paused({ ...session, memory, issued }, { kind: "interrupt", open });
}

/** Which open question gets which answer; undefined when something given fits none (P3). */
function answersOf(open: readonly Question[], given: Given): ReadonlyMap<number, unknown> | undefined {
  const [only, another] = open;
  if (given.kind === "none" || only === undefined) return undefined;
  if (given.kind === "bare") return another === undefined ? new Map([[only.number, given.value]]) : undefined;
  const isOpen = ([number, value]: readonly [number, unknown]) =>
    value !== undefined && open.some((one) => one.number === number);
  return given.ghost !== true && given.entries.every(isOpen) ? new Map(given.entries) : undefined;
}
