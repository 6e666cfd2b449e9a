/**
 * What one session should do: pure functions on plain data, written from the laws alone (S, B, F, C, P, T). They know no store, no time and
 * no order of finishing. A call gives a path. Whatever breaks the call off, the session then stands at one of the path's stages; only
 * results of finished tasks may be kept besides (S6, C5).
 */
import { INITIAL, START_TASK, type Task, type Write } from "./program.js";
import { edit, fold, isNode } from "./reference-barrier.js";
import {
  DONE,
  firstMatch,
  headOf,
  openQuestions,
  paused,
  READY,
  stand,
  superstep,
  triesOf,
} from "./reference-superstep.js";
import type {
  Answer,
  Beginning,
  Boundary,
  Call,
  Given,
  Path,
  Progress,
  Question,
  Session,
  Stage,
  Status,
} from "./shapes.js";

const NO_PROGRESS: Progress = { armed: [], deferred: [], ended: false };

/** A path on which nothing runs: to the last of these stages, or to an error. */
export function still(stages: readonly Stage[], code?: string): Path {
  return { stages, answer: code === undefined ? DONE : { kind: "failed", code }, runs: [], boundaries: [] };
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
  const stored = (one: Session): Session => (call.isHeldBack === true ? squashed(one, start.line.length) : one);
  let session = start;
  let isHeld = false;
  const store = (next: Session): void => void stages.push(stored(next));
  const move = (next: Session): void => {
    const isNote = next.line.length === session.line.length;
    const stays = call.isHeldBack === true && !isNote && next.status.kind === "ready";
    if (isHeld && isNote) store(session);
    if (!stays) store(next);
    isHeld = stays;
    session = next;
  };
  const ended = (answer: Answer): Path => {
    if (isHeld) store(session);
    return { stages, runs, boundaries, answer };
  };
  if (session.status.kind === "completed") return ended(DONE);
  if (call.discard === true && session.status.kind !== "paused")
    move({ ...session, memory: session.memory.map(({ questions }) => ({ questions })) });
  for (let steps = 0; ; steps++) {
    if (headOf(session).frontier.length === 0) return ended(session.status as Answer & { kind: "failed" });
    const stop = gate(session, call);
    if (stop !== undefined) move(stop);
    if (stop?.status.kind === "paused") return ended(stop.status);
    boundaries.push({ session: stored(session), ran: runs.length });
    if (steps === call.maxSteps) return ended({ kind: "failed", code: "STEP_LIMIT" });
    const tries = triesOf(session, call.trouble);
    runs.push(...tries.filter(({ isRun }) => isRun).map(({ task }) => task));
    const tried = superstep(session, tries, call);
    for (const next of tried.stages) move(next);
    if (tried.answer !== undefined || call.once === true) return ended(tried.answer ?? DONE);
  }
}

/** What comes after so many checkpoints as one: what ran in all of them, and the state of the last. */
function squashed(session: Session, length: number): Session {
  const held = session.line.slice(length);
  if (held.length < 2) return session;
  const one = { ...headOf(session), ran: held.flatMap(({ ran }) => ran) };
  return { ...session, line: [...session.line.slice(0, length), one] };
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

/** Which open question gets which answer; undefined when something given fits none (P3). */
function answersOf(open: readonly Question[], given: Given): ReadonlyMap<number, unknown> | undefined {
  const [only, another] = open;
  if (given.kind === "none" || only === undefined) return undefined;
  if (given.kind === "bare") return another === undefined ? new Map([[only.number, given.value]]) : undefined;
  const isOpen = ([number, value]: readonly [number, unknown]) =>
    value !== undefined && open.some((one) => one.number === number);
  return given.ghost !== true && given.entries.every(isOpen) ? new Map(given.entries) : undefined;
}
