/**
 * Edits of a session from outside of its supersteps: an update of its state, and a fork (T2). Written through the reducers, as if a node
 * had returned it; whoever is named as that node decides who runs next.
 */
import { InvalidOptionError, JoinStalledError, recordOf, type TaskRef, UnknownNodeError } from "../../errors.js";
import { type Checkpoint, lastingOf, type Note, targetOf, tasksOf } from "../../session/checkpoint.js";
import { READY, type SessionStatus } from "../../session/status.js";
import type { Channels, StateOf, UpdateOf } from "../../state/channel.js";
import { seal } from "../../state/seal.js";
import { applyBarrier, type BarrierResult } from "../../superstep/barrier.js";
import { computeNextFrontier, type Frontier, type Progress } from "../../superstep/frontier.js";
import type { TaskResult, Update } from "../../superstep/outcome.js";
import { askRoutes } from "../../superstep/routes.js";
import { isThenable } from "../../superstep/thenable.js";
import { type RunCancellation, unlessAborted } from "../cancellation.js";
import type { Engine, Standing } from "../run.js";
import { isResume } from "../stream/resume.js";
import { freshIncarnation, makeCheckpoint } from "../supersteps/checkpointing.js";

/** As whom the state is written. */
export interface UpdateOptions<N extends string> {
  /** The frontier becomes what follows this node; without one it stays. */
  readonly asNode?: N;
}
/** What to write, and as whom. */
export interface Edit<C extends Channels> {
  readonly update: UpdateOf<C> | undefined;
  /** The frontier becomes what follows this node; without one it stays. */
  readonly asNode?: string;
  /** Ends the wait for an asynchronous route. */
  readonly cancellation: RunCancellation;
}

/** Who writes when nobody is named. */
const NOBODY = "__update__";

/** The checkpoint after an update. Its step is that of the checkpoint it builds on. Throws what the barrier and the routes throw, and UnknownNodeError. */
export async function updatedCheckpoint<C extends Channels>(
  engine: Engine<C>,
  { checkpoint: former, note }: Standing<C>,
  edit: Edit<C>,
): Promise<Checkpoint<C>> {
  const { sessionId, incarnation, step } = former;
  const seq = former.seq + 1;
  const task = { id: `${incarnation}-${seq}.update`, node: edit.asNode ?? NOBODY };
  const { barrier, frontier } = await write(engine, former, task, edit);
  const place = { sessionId, incarnation, seq, parentSeq: former.seq, source: "update", step, ran: [] } as const;
  if (frontier === undefined) {
    const { frontier: tasks, progress } = former;
    return makeCheckpoint(engine, { ...place, frontier: tasks, progress }, barrier, note);
  }
  const tasks = tasksOf(frontier.targets, incarnation, seq);
  const behind = { ...noteBehind(frontier, note), ...lastingOf(note) };
  return makeCheckpoint(engine, { ...place, frontier: tasks, progress: frontier.progress }, barrier, behind);
}

/** The first checkpoint of a new session that starts where another one stood. It asks and runs for itself: what was asked or kept there stays there. */
export async function forkedCheckpoint<C extends Channels>(
  engine: Engine<C>,
  origin: Checkpoint<C>,
  edit: Edit<C> & { readonly as: string },
): Promise<Checkpoint<C>> {
  const incarnation = freshIncarnation(engine.random, edit.as);
  const seq = origin.seq + 1;
  const task = { id: `${incarnation}-${seq}.fork`, node: edit.asNode ?? NOBODY };
  const { barrier, frontier } = await write(engine, origin, task, edit);
  const { targets, progress } = frontier ?? { targets: origin.frontier.map(targetOf), progress: origin.progress };
  const place = {
    sessionId: edit.as,
    incarnation,
    seq,
    parentSeq: undefined,
    forkedFrom: { incarnation: origin.incarnation, seq: origin.seq },
    source: "fork",
    step: origin.step,
    frontier: tasksOf(targets, incarnation, seq),
    progress,
    ran: [],
  } as const;
  const note = frontier === undefined ? asForked(origin.note) : noteBehind(frontier, { issued: 0 });
  return makeCheckpoint(engine, place, barrier, note);
}

/** A write from outside as the result of a task. Throws InvalidOptionError and SerializationError. */
export function writeResult(task: TaskRef, option: string, write: unknown): TaskResult {
  const updates = write === undefined ? [] : [checkWrite(option, write)];
  return { task: Object.freeze(task), outcome: { updates, routes: [] } };
}

/** Who runs after a task that left by its edges. */
export async function leave<C extends Channels>(
  { plan }: Engine<C>,
  from: {
    readonly sessionId: string;
    readonly result: TaskResult;
    readonly state: StateOf<C>;
    readonly progress: Progress;
    readonly cancellation: RunCancellation;
  },
): Promise<Frontier> {
  const { sessionId, result, state, progress, cancellation } = from;
  const asked = askRoutes(plan, [result], state);
  const answers = isThenable(asked) ? await unlessAborted(cancellation, sessionId, asked) : asked;
  return computeNextFrontier({ plan, results: [result], answers, progress });
}

/** The note of a session that stands before a new frontier. */
export function noteBehind({ end }: Frontier, { issued, breakpoints }: Pick<Note, "issued" | "breakpoints">): Note {
  return { status: statusBehind(end), passed: [], issued, ...(breakpoints && { breakpoints }) };
}

function statusBehind(end: Frontier["end"]): SessionStatus {
  if (end === undefined) return READY;
  if (end.kind !== "stalled") return { kind: "completed", endedBy: end.kind };
  return { kind: "failed", error: recordOf(new JoinStalledError(end.join, end.waitingFor)) };
}

async function write<C extends Channels>(
  engine: Engine<C>,
  { sessionId, state, versions, progress }: Checkpoint<C>,
  task: TaskRef,
  { update, asNode, cancellation }: Edit<C>,
): Promise<{ readonly barrier: BarrierResult<C>; readonly frontier: Frontier | undefined }> {
  const { plan } = engine;
  if (asNode !== undefined && !plan.nodes.has(asNode))
    throw new UnknownNodeError(asNode, "asNode", [...plan.nodes.keys()]);
  const result = writeResult(task, "update", update);
  const barrier = applyBarrier({ plan, state, versions, results: [result], keepsEphemeral: true });
  if (asNode === undefined) return { barrier, frontier: undefined };
  return {
    barrier,
    frontier: await leave(engine, { sessionId, result, state: barrier.state, progress, cancellation }),
  };
}

/** A pause, a question or a failed task belongs to the session that met it; an end does not. */
function asForked({ status }: Note): Note {
  const isFinal = status.kind === "completed" || (status.kind === "failed" && status.error.code === "JOIN_STALLED");
  return { status: isFinal ? status : READY, passed: [], issued: 0 };
}

function checkWrite(option: string, write: unknown): Update {
  if (isResume(write))
    throw new InvalidOptionError(option, "is an answer", "give what `resumeWith` makes to `stream`, or call `resume`");
  const prototype =
    typeof write === "object" && write !== null ? (Object.getPrototypeOf(write) as object | null) : write;
  const isPlain = prototype === null || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null);
  if (write === null || !isPlain) {
    throw new InvalidOptionError(option, "is no record of channel writes", "pass { [channel]: write }");
  }
  seal(write);
  return write as Update;
}
