/** One call that drives a session: what it works with, where the session stands, and what was counted. */
import type { FrontierContext, RunEnvironment, TaskRef } from "../errors.js";
import type { GraphPlan, SubgraphPlan } from "../graph/plan.js";
import { type Checkpoint, checkpointId, type Note } from "../session/checkpoint.js";
import type { Migrate } from "../session/migration.js";
import type { SessionView } from "../session/view.js";
import { viewOf } from "../session/view.js";
import type { Channels } from "../state/channel.js";
import type { NodeExecutor } from "../superstep/executor.js";
import type { Onion } from "../superstep/middleware.js";
import type { TaskRecord } from "../superstep/record.js";
import type { FailurePolicy } from "../superstep/schedule.js";
import type { Semaphore } from "../superstep/semaphore.js";
import type { Clock, Descent, DescentCall } from "../superstep/task-context.js";
import type { Told } from "../superstep/told.js";
import type { RunCancellation } from "./cancellation.js";
import type { EventSink } from "./events.js";
import type { HookList } from "./hooks.js";
import type { RunOptions } from "./options/options.js";
import type { SessionPredicate, Stops } from "./stops/stop-options.js";
import type { Store } from "./store.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./telemetry.js";

/** What all runs of a runner share. */
export interface Engine<C extends Channels> {
  readonly plan: GraphPlan<C>;
  readonly store: Store;
  readonly hooks: HookList;
  readonly clock: Clock;
  readonly stopwatch: () => number;
  readonly random: () => number;
  readonly limits: ReadonlyMap<string, Semaphore>;
  readonly maxConcurrency: number;
  readonly onFailure: FailurePolicy;
  readonly durability: "step" | "exit";
  readonly migrate: Migrate | undefined;
  /** Fields of a call's configuration that may change under a session. */
  readonly freeConfig: readonly string[];
  readonly middleware: Onion | undefined;
  /** What is noted of where it runs. */
  readonly environment: RunEnvironment | undefined;
  /** Undefined when there is none. */
  readonly executors: ReadonlyMap<string, NodeExecutor> | undefined;
  readonly predicates: ReadonlyMap<string, SessionPredicate>;
  /** Undefined when no node is a graph. */
  readonly subgraphs: Subgraphs | undefined;
}

/** How a run goes into the graphs that are nodes of its own. */
export interface Subgraphs {
  /** Runs one as far as it goes. */
  descend(entry: Entry): Promise<Descent>;
  /** Makes the graphs of the run's frontier begin anew. */
  startAfresh(run: Run<Channels>): Promise<void>;
}
/** A run at a node that is a graph. */
export interface Entry extends DescentCall {
  readonly run: Run<Channels>;
  readonly task: TaskRef;
  readonly sub: SubgraphPlan;
  /** The node's. */
  readonly span: Trace | undefined;
  /** Makes durable what the graph is to be entered from. */
  readonly saved: () => Promise<void>;
  /** The store has failed within: that is no failure of the node (C3). */
  readonly storeFailed: (error: unknown) => void;
}

/** Where a session stands, as this run knows it. */
export interface Standing<C extends Channels> {
  readonly checkpoint: Checkpoint<C>;
  readonly note: Note;
  readonly records: readonly TaskRecord[];
  /** Whether the state is another one than what is stored, because the graph has changed since. */
  readonly isRebased?: boolean;
}

export interface Run<C extends Channels> {
  readonly sessionId: string;
  /** The number to write under (C4). */
  readonly fence: number;
  readonly engine: Engine<C>;
  readonly options: RunOptions;
  /** What the call handed on to its nodes. */
  readonly context: ReadonlyMap<object, unknown>;
  readonly cancellation: RunCancellation;
  readonly tally: Tally;
  readonly emit: EventSink | undefined;
  /** Whether somebody will look at step reports. */
  readonly reports: boolean;
  /** Within a subgraph: the nodes that lead to it from the root. */
  readonly path: readonly string[] | undefined;
  /** Within a subgraph: what the outermost session has paused for. */
  readonly told: Told | undefined;
  /** What may stop it besides its options. */
  readonly stops: Stops | undefined;
  /** The same of the outermost run, for whatever is within it. */
  readonly allStops: Stops | undefined;
  readonly trace: Trace | undefined;
  /** The span that new spans stand under. */
  scope: Trace | undefined;
  standing: Standing<C>;
  /** Under `durability: "exit"`: supersteps that are not in the store yet, as one checkpoint. */
  unsaved: Checkpoint<C> | undefined;
  /** Whether what is stored is of another graph, so that the next commit does not follow from it by its deltas. */
  isRebased: boolean;
}

export function view<C extends Channels>({ standing }: Run<C>): SessionView<C> {
  return viewOf(standing.checkpoint, standing.note);
}

/** The superstep being attempted. */
export function nextStep<C extends Channels>({ standing }: Run<C>): number {
  return standing.checkpoint.step + 1;
}

/** Tasks of the frontier whose results are in the store. */
export function keptTasks<C extends Channels>({ standing }: Run<C>): readonly TaskRef[] {
  const kept = new Set(standing.records.filter(({ kind }) => kind === "result").map(({ taskId }) => taskId));
  return standing.checkpoint.frontier.filter(({ id }) => kept.has(id));
}

/** Where the run stands, for an error. Inputs are left out, so that it survives JSON. */
export function frontierContext<C extends Channels>(
  run: Run<C>,
  finished: readonly TaskRef[],
  culprit?: { readonly node: string; readonly taskId?: string; readonly attempt?: number },
): FrontierContext {
  const { incarnation, seq, frontier, versions } = run.standing.checkpoint;
  const { environment } = run.standing.note;
  return {
    sessionId: run.sessionId,
    step: nextStep(run),
    frontier: frontier.map(withoutInput),
    versions,
    checkpointId: checkpointId(incarnation, seq),
    ...(run.path && { path: run.path }),
    finished: finished.map(withoutInput),
    ...(environment && { environment }),
    ...culprit,
  };
}

function withoutInput({ id, node }: TaskRef): TaskRef {
  return { id, node };
}
