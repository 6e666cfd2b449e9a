/** The reference's superstep: what its tasks do, and at what it ends (S, P1–P3). Pure. */
import { questionsOf, type Said, say, sayInTrouble, type Task, type Trouble } from "./program.js";
import { fold, leave } from "./reference-barrier.js";
import type { Answer, Call, Memory, Point, Question, Reason, Session, Stage, Status } from "./shapes.js";

export const READY: Status = { kind: "ready" };
export const DONE: Answer = { kind: "done" };

export function headOf({ line }: Session): Point {
  return line.at(-1) as Point;
}

export function openQuestions({ memory }: Session): readonly Question[] {
  return memory.flatMap(({ questions }) => questions.filter(({ answer }) => answer === undefined));
}

/** The session behind a new checkpoint. What was kept for the former one is gone, and so is its ephemeral value (C1). */
export function stand(former: Stage, point: Omit<Point, "status">, status: Status): Session {
  const line = [...(former?.line ?? [])];
  const head = line.pop();
  if (head !== undefined) line.push({ ...head, state: { ...head.state, hint: undefined } });
  const memory = point.frontier.map(() => ({ questions: [] }));
  return { line: [...line, { ...point, status }], status, passed: [], issued: former?.issued ?? 0, memory };
}

export function paused(session: Session, reason: Reason, gateName?: string): Session {
  const passed = gateName === undefined ? session.passed : [...session.passed, gateName];
  return { ...session, passed, status: { kind: "paused", reason } };
}

export function firstMatch(tasks: readonly Task[], names: readonly string[] | "*" = []): string | undefined {
  return tasks.find(({ node }) => names === "*" || names.includes(node))?.node;
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

interface Try {
  readonly task: Task;
  readonly isRun: boolean;
  /** What it said when it finished. */
  readonly said?: Said | undefined;
  /** The question that it leaves open. */
  readonly asks?: string;
}

export function triesOf(session: Session, trouble: Trouble | undefined): readonly Try[] {
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
export function superstep(session: Session, tries: readonly Try[], call: Call): { stages: Session[]; answer?: Answer } {
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
