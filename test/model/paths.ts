/** Commands in terms of the reference: which path a command takes, and where it may have ended when something came between. */
import type { Command, Drive, Reply, Settings } from "./commands.js";
import { begin, drive, fork, invoke, resume, still, update } from "./reference.js";
import { openQuestions } from "./reference-superstep.js";
import type { Answer, Call, Given, Path, Stage } from "./shapes.js";

/** One way in which a command may have ended. */
export interface Ending {
  readonly session: Stage;
  /** Undefined: nobody heard. */
  readonly answer: Answer | undefined;
  /** Results of finished tasks may be kept besides. */
  readonly isLoose: boolean;
}

const NOT_FOUND = "SESSION_NOT_FOUND";

/** The path of a command on which the session is driven like this. For a fork: of the new session. */
export function pathOf(model: Stage, command: Command, call: Call, given: Given): Path {
  if (command.do === "create") return create(model, command);
  if (command.do === "invoke") return invoke(model, command.beginning, call);
  if (model === undefined) return still([undefined], NOT_FOUND);
  switch (command.do) {
    case "step":
    case "run":
      return drive(model, call);
    case "resume":
      return resume(model, given, call);
    case "update":
      return update(model, command.write, command.asNode);
    case "fork":
      return fork(model, command.step, command.write, command.asNode);
    case "delete":
      return still([model, undefined]);
    case "prune":
      return still([model, { ...model, line: model.line.slice(-command.keepLast) }]);
    case "reopen":
    case "wake":
      return still([model]);
  }
}

/** How the command drives its session. A call that meets a fault is not aborted besides; a single step has no limit and discards nothing. */
export function callOf(command: Command, { durability }: Settings): Drive {
  if (!("call" in command)) return {};
  const { abortAt, maxSteps, discard, ...rest } = command.call;
  const isAborted = abortAt !== undefined && command.fault === undefined;
  const call = { ...rest, ...(isAborted && { abortAt }), isHeldBack: durability === "exit" };
  if (command.do === "step") return { ...call, once: true };
  return { ...call, ...(maxSteps !== undefined && { maxSteps }), ...(discard !== undefined && { discard }) };
}

/** What is given to a session that stands like this. */
export function givenOf(model: Stage, { kind, picks, value }: Reply): Given {
  if (kind === "none") return { kind: "none" };
  if (kind === "bare" || model === undefined) return bare(value);
  const open = openQuestions(model).map(({ number }) => number);
  const used = Array.from({ length: model.issued }, (_, index) => index + 1).find((number) => !open.includes(number));
  const picked = open.filter((_, place) => picks === 0 || (picks & (1 << place)) !== 0);
  const stale = used === undefined || kind === "open" || kind === "beside ghost" ? [] : [used];
  const numbers = kind === "stale" ? stale : [...picked, ...stale];
  if (numbers.length === 0) return bare(value);
  const entries = numbers.map((number) => [number, value] as const);
  return { kind: "ids", entries, ...(kind === "beside ghost" && { ghost: true }) };
}

/** Where a path may have ended when the runner died, or heard of a failure of its store. */
export function brokenOff(path: Path, settings: Settings, answer: Answer | undefined): readonly Ending[] {
  const stages = [...path.stages.slice(0, -1), lastOf(path, settings)];
  return stages.map((session) => ({ session, answer, isLoose: true }));
}

/** Where a path ends, nothing having come between. Siblings of a failed task that were told to stop may have finished, or not. */
export function endingOf(path: Path, settings: Settings): Ending {
  return { session: lastOf(path, settings), answer: path.answer, isLoose: isLoose(path, settings) };
}

/** Where a call may have ended whose signal was aborted when its n-th task started (P6): in that superstep, or at the next boundary. */
export function abortedAt(path: Path, at: number, settings: Settings): readonly Ending[] {
  const reached = path.boundaries.filter(({ ran }) => ran < at).length;
  const next = path.boundaries[reached];
  const answer = { kind: "failed", code: "RUN_ABORTED" } as const;
  const places = path.boundaries.slice(Math.max(0, reached - 1), reached + 1);
  const endings = places.map(({ session }) => {
    return { session: { ...session, status: { kind: "ready" } } as const, answer, isLoose: true };
  });
  return next === undefined ? [...endings, endingOf(path, settings)] : endings;
}

function create(model: Stage, { input, ifExists }: Command & { do: "create" }): Path {
  if (model !== undefined && ifExists === "error") return still([model], "SESSION_EXISTS");
  if (model !== undefined && ifExists === "resume") return still([model]);
  const first = begin(undefined, input);
  return first === undefined ? still([model], "UNKNOWN_CHANNEL") : still([model, first]);
}

/** A value that nobody gave is no answer. */
function bare(value: unknown): Given {
  return value === undefined ? { kind: "none" } : { kind: "bare", value };
}

function isLoose({ answer }: Path, { onFailure }: Settings): boolean {
  return onFailure === "abort" && answer.kind === "failed" && answer.code === "NODE_FAILED";
}

function lastOf(path: Path, settings: Settings): Stage {
  const last = path.stages.at(-1);
  const before = path.boundaries.at(-1)?.session;
  return isLoose(path, settings) && last !== undefined && before !== undefined
    ? { ...last, memory: before.memory }
    : last;
}
