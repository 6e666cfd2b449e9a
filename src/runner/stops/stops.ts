/**
 * What may stop a run after a superstep besides the options of P1, in this order: how far it is to go, then the session's breakpoints. The
 * pause is committed with the superstep (C1). Nothing here costs a run anything that has neither.
 */
import { InvalidOptionError, PredicateError } from "../../errors.js";
import { type Note, tasksOf } from "../../session/checkpoint.js";
import { READY } from "../../session/status.js";
import type { SessionView } from "../../session/view.js";
import type { Channels } from "../../state/channel.js";
import type { BarrierResult } from "../../superstep/barrier.js";
import { isHit } from "../../superstep/breakpoint.js";
import type { Frontier } from "../../superstep/frontier.js";
import type { PauseReason } from "../../superstep/interrupts.js";
import type { TaskResult } from "../../superstep/outcome.js";
import type { RouteAnswers } from "../../superstep/routes.js";
import { isThenable } from "../../superstep/thenable.js";
import { type StopPlace, untilAfter } from "../../superstep/until.js";
import type { Engine, Run } from "../run.js";
import type { SessionPredicate, Stops } from "./stop-options.js";

const WHEN_HELP = "answer with true or false; the session goes on when it is run again";
const HELP = "mend it, or take the breakpoint away with `setBreakpoints`; the session goes on when it is run again";

/** What came of a superstep, before it is committed. */
export interface Outcome<C extends Channels> {
  readonly barrier: BarrierResult<C>;
  readonly frontier: Frontier;
  readonly results: readonly TaskResult[];
  readonly answers: RouteAnswers;
}
/** The superstep commits with the pause; or it commits, and the error is thrown after that. */
export interface Stop {
  readonly reason?: PauseReason;
  readonly error?: PredicateError;
}

/** Undefined when nothing may stop the run. Throws InvalidOptionError for a predicate that the runner does not have. */
export function stopsOf<C extends Channels>(
  { predicates }: Engine<C>,
  { breakpoints = [] }: Note,
  until: Stops["until"],
): Stops | undefined {
  if (until === undefined && breakpoints.length === 0) return undefined;
  for (const breakpoint of breakpoints) {
    if (breakpoint.kind !== "predicate" || predicates.has(breakpoint.name)) continue;
    const problem = `has no "${breakpoint.name}", which a breakpoint of the session asks for`;
    throw new InvalidOptionError("predicates", problem, "give the runner that predicate, or set other breakpoints");
  }
  return { until, breakpoints };
}

/** Those of them that are for what stands at this path. */
export function stopsAt({ until, breakpoints }: Stops, path: readonly string[]): Stops | undefined {
  const isHere = ({ within = [] }: StopPlace): boolean =>
    within.length === path.length && within.every((node, place) => node === path[place]);
  const here = { until: until && isHere(until) ? until : undefined, breakpoints: breakpoints.filter(isHere) };
  return here.until === undefined && here.breakpoints.length === 0 ? undefined : here;
}

export function stopAfter<C extends Channels>(run: Run<C>, stops: Stops, outcome: Outcome<C>): Stop | undefined {
  let view: SessionView<C> | undefined;
  const holds = (name: string, predicate: SessionPredicate): boolean => {
    view ??= viewAfter(run, outcome);
    return ask(run.sessionId, name, () => predicate(view as unknown as SessionView<Channels>));
  };
  try {
    const reason = reasonAfter(run, stops, outcome, holds);
    return reason && { reason };
  } catch (error) {
    if (error instanceof PredicateError) return { error };
    throw error;
  }
}

function reasonAfter<C extends Channels>(
  { standing: { checkpoint }, engine: { predicates } }: Run<C>,
  { until, breakpoints }: Stops,
  { barrier, results, answers }: Outcome<C>,
  holds: (name: string, predicate: SessionPredicate) => boolean,
): PauseReason | undefined {
  const place = { ran: checkpoint.frontier, step: checkpoint.step + 1 };
  const reached = until && untilAfter(until, place, (condition) => holds("when", condition));
  if (reached !== undefined) return reached;
  const deed = { results, answers, before: checkpoint.state, after: barrier.state };
  const hit = breakpoints.find((breakpoint) =>
    isHit(breakpoint, deed, (name) => holds(name, predicates.get(name) as SessionPredicate)),
  );
  return hit && { kind: "breakpoint", breakpoint: hit };
}

/** The session as it will stand. */
function viewAfter<C extends Channels>(
  { standing: { checkpoint } }: Run<C>,
  { barrier, frontier }: Outcome<C>,
): SessionView<C> {
  const { sessionId, incarnation, seq, step } = checkpoint;
  const { state, versions } = barrier;
  const tasks = tasksOf(frontier.targets, incarnation, seq + 1);
  return { sessionId, step: step + 1, state, versions, frontier: tasks, status: READY };
}

/** Throws PredicateError, also for an answer that is neither true nor false: a promise would count as true. */
function ask(sessionId: string, name: string, work: () => unknown): boolean {
  const failed = (cause: unknown) => new PredicateError(sessionId, name, cause, name === "when" ? WHEN_HELP : HELP);
  let answer: unknown;
  try {
    answer = work();
  } catch (error) {
    throw failed(error);
  }
  if (typeof answer === "boolean") return answer;
  if (isThenable(answer)) answer.then(undefined, () => undefined);
  throw failed(new TypeError("it answered with neither true nor false"));
}
