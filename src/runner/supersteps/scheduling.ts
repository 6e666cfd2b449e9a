/** Runs the tasks of a run's frontier: gives `scheduleStep` its environment. */
import type { TaskRef } from "../../errors.js";
import { recordOf } from "../../errors.js";
import type { Channels } from "../../state/channel.js";
import { memoriesOf } from "../../superstep/record.js";
import { type ScheduledStep, scheduleStep } from "../../superstep/schedule.js";
import { InterruptSignal, type StepEnvironment, type TaskListener } from "../../superstep/task-context.js";
import { taskArtifacts } from "../artifacts/artifacts.js";
import { nextStep, type Run, type Subgraphs } from "../run.js";
import { SPANS, type Trace, within } from "../telemetry.js";
import { cacheOf } from "./caching.js";
import type { Keeper } from "./keeper.js";

export function scheduleTasks<C extends Channels>(
  run: Run<C>,
  keeper: Keeper<C>,
): ScheduledStep | Promise<ScheduledStep> {
  if (run.scope === undefined) return schedule(run, keeper, undefined);
  const attributes = { step: nextStep(run), frontier_len: run.standing.checkpoint.frontier.length };
  return within(run.scope, SPANS.schedule, attributes, (span) => schedule(run, keeper, span));
}

function schedule<C extends Channels>(
  run: Run<C>,
  keeper: Keeper<C>,
  span: Trace | undefined,
): ScheduledStep | Promise<ScheduledStep> {
  const { plan, limits, maxConcurrency, onFailure } = run.engine;
  const { checkpoint, records } = run.standing;
  return scheduleStep({
    plan,
    tasks: checkpoint.frontier,
    state: checkpoint.state,
    environment: environmentOf(run, keeper, span),
    memories: memoriesOf(records),
    maxConcurrency,
    onFailure,
    limits,
    cancellation: run.cancellation,
    onSettled: keeper.settled,
  });
}

function environmentOf<C extends Channels>(run: Run<C>, keeper: Keeper<C>, span: Trace | undefined): StepEnvironment {
  const { clock, stopwatch, random, middleware, subgraphs, executors, plan } = run.engine;
  const spans = subgraphs && span && new Map<string, Trace>();
  return {
    sessionId: run.sessionId,
    step: nextStep(run),
    clock,
    stopwatch,
    random,
    context: run.context,
    config: run.options.config,
    remember: keeper.remember,
    listener: run.emit && listenerOf(run, nextStep(run)),
    middleware,
    executors,
    cache: plan.hasCache ? cacheOf(run.engine, keeper.attend) : undefined,
    around: span && ((task, attempt, call) => coverNode(span, { task, attempt, spans }, call)),
    descend: subgraphs && descending(run, subgraphs, { keeper, spans }),
    artifacts: (signal) => taskArtifacts(run, keeper, signal),
    isInside: run.path !== undefined,
  };
}

/** How a task of this run goes into the graph that it is. */
function descending<C extends Channels>(
  run: Run<C>,
  subgraphs: Subgraphs,
  { keeper, spans }: { readonly keeper: Keeper<C>; readonly spans: ReadonlyMap<string, Trace> | undefined },
): NonNullable<StepEnvironment["descend"]> {
  const { saved, storeFailed } = keeper;
  return (task, sub, call) => {
    const entry = { ...call, task, sub, span: spans?.get(task.id), saved, storeFailed };
    return subgraphs.descend({ ...entry, run: run as unknown as Run<Channels> });
  };
}

function listenerOf<C extends Channels>({ emit }: Run<C>, step: number): TaskListener {
  return {
    started: (task, attempt) => emit?.(step, { type: "node.started", task, attempt }),
    retrying: (task, attempt, error) => emit?.(step, { type: "node.retrying", task, attempt, error: recordOf(error) }),
    emitted: (task, data) => emit?.(step, { type: "node.emitted", task, data }),
    progressed: (task, done, total, message) =>
      emit?.(step, {
        type: "node.progress",
        task,
        done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      }),
  };
}

/** A node that leaves to ask a question has not failed. */
function coverNode(
  span: Trace,
  { task, attempt, spans }: { readonly task: TaskRef; readonly attempt: number; spans: Map<string, Trace> | undefined },
  call: () => unknown,
): unknown {
  const node = span.child(SPANS.node(task.node), {
    "superstep.node": task.node,
    "superstep.task_id": task.id,
    "superstep.attempt": attempt,
  });
  spans?.set(task.id, node);
  return node.cover(call, (error) => !isQuestion(error));
}

/** A proxy may refuse to say what it is. */
function isQuestion(error: unknown): boolean {
  try {
    return error instanceof InterruptSignal;
  } catch {
    return false;
  }
}
