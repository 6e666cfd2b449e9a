/** A superstep that did not commit: what was finished is kept, the status says why, and the error says where (S6, S7, P6). */
import {
  CheckpointConflictError,
  CheckpointError,
  ConcurrentWriteError,
  locate,
  ReducerError,
  RouteError,
  RunAbortedError,
  recordOf,
  SuperstepError,
  type TaskRef,
  UnknownChannelError,
} from "../../errors.js";
import type { Note } from "../../session/checkpoint.js";
import { READY, type SessionStatus } from "../../session/status.js";
import type { Channels } from "../../state/channel.js";
import type { Settled } from "../../superstep/attempt.js";
import type { TaskRecord } from "../../superstep/record.js";
import { finishedOf } from "../../superstep/verdict.js";
import { completionOf } from "../events.js";
import { frontierContext, nextStep, type Run } from "../run.js";
import type { Keeper } from "./keeper.js";
import { annotate } from "./saving.js";

export interface FailedAttempt<C extends Channels> {
  readonly error: unknown;
  readonly failed: { readonly task: TaskRef; readonly attempt: number } | undefined;
  readonly settled: readonly Settled[];
  readonly keeper: Keeper<C>;
}

/**
 * Stores what is left of the attempt and gives the error to throw. When that cannot be stored either, it is a CheckpointError.
 * A session that has moved on is left alone.
 */
export async function recordFailure<C extends Channels>(run: Run<C>, attempt: FailedAttempt<C>): Promise<unknown> {
  const { error, settled, keeper } = attempt;
  if (error instanceof CheckpointConflictError) return error;
  const isOfStore = error instanceof CheckpointError;
  if (!isOfStore && SuperstepError.is(error))
    locate(error, frontierContext(run, finishedOf(settled).map(taskOf), culpritOf(error, attempt)));
  try {
    const note = isOfStore ? undefined : noteOf(run, error);
    const afresh = note?.status.kind === "failed" ? countedAfresh(run) : [];
    await annotate(run, note, [...keeper.unwritten(settled), ...afresh]);
  } catch (unsaved) {
    return isOfStore ? error : unsaved;
  }
  tellSettled(run, settled, keeper, nextStep(run));
  return error;
}

/** Whose fault it was, as far as anybody knows. */
function culpritOf<C extends Channels>(
  error: unknown,
  { failed, settled }: FailedAttempt<C>,
): { readonly node: string; readonly taskId?: string; readonly attempt?: number } | undefined {
  if (failed !== undefined) return { node: failed.task.node, taskId: failed.task.id, attempt: failed.attempt };
  if (error instanceof RouteError && settled.some(({ task }) => task.node === error.origin))
    return { node: error.origin };
  const isOfTask =
    error instanceof UnknownChannelError || error instanceof ReducerError || error instanceof ConcurrentWriteError;
  if (!isOfTask || error.task === undefined) return undefined;
  const { id: taskId, node } = error.task;
  const attempt = settled.find((one) => one.kind === "finished" && one.task.id === taskId);
  return { node, taskId, ...(attempt?.kind === "finished" && { attempt: attempt.attempt }) };
}

function taskOf({ task }: Settled): TaskRef {
  return task;
}

/** Says which tasks are finished, durably, and which failed. */
export function tellSettled<C extends Channels>(
  { emit }: Run<C>,
  settled: readonly Settled[],
  keeper: Keeper<C>,
  step: number,
): void {
  if (emit === undefined) return;
  for (const one of settled) {
    if (one.kind === "finished" && !one.kept && !keeper.isReported(one.task)) {
      emit(step, completionOf(one));
    }
    if (one.kind === "failed" || one.kind === "unstorable") {
      emit(step, { type: "node.failed", task: one.task, attempt: one.attempt, error: recordOf(one.error) });
    }
  }
}

function noteOf<C extends Channels>(run: Run<C>, error: unknown): Note {
  const status: SessionStatus = error instanceof RunAbortedError ? READY : { kind: "failed", error: recordOf(error) };
  return { ...run.standing.note, status };
}

/** Whoever runs a failed superstep again, or goes on within it, asks for all attempts again. */
export function countedAfresh<C extends Channels>({ standing }: Run<C>): readonly TaskRecord[] {
  return standing.records.flatMap((record) =>
    record.kind === "attempt" && record.attempt > 0 ? [{ ...record, attempt: 0 }] : [],
  );
}
