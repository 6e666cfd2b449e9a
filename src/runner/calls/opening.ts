/** Opens a run: the engine that all runs share, and where the session stands. */
import { GraphMismatchError } from "../../errors.js";
import type { App } from "../../graph/app.js";
import type { GraphPlan, SubgraphPlan } from "../../graph/plan.js";
import { contextOf } from "../../graph/run-context.js";
import { adoptSession } from "../../session/adopt.js";
import { childId } from "../../session/child-id.js";
import { MemoryCheckpointer } from "../../session/memory-checkpointer.js";
import type { Migrate } from "../../session/migration.js";
import type { Channels } from "../../state/channel.js";
import { onionOf } from "../../superstep/middleware.js";
import { Semaphore } from "../../superstep/semaphore.js";
import type { RunCancellation } from "../cancellation.js";
import { stopwatchOf, systemClock } from "../clock.js";
import { environmentOf, notedIn } from "../environment.js";
import type { EventSink } from "../events.js";
import { HookList } from "../hooks.js";
import type { AppRunnerOptions, RunOptions } from "../options/options.js";
import { checkRunnerOptions } from "../options/runner-options.js";
import type { Engine, Run, Standing } from "../run.js";
import { configured } from "../run-config.js";
import type { Stops } from "../stops/stop-options.js";
import { stopsAt, stopsOf } from "../stops/stops.js";
import { type ApartAbove, Store } from "../store.js";
import { Tally } from "../tally.js";
import { SPANS, Trace } from "../telemetry.js";

export function openEngine<C extends Channels>({ plan }: App<C, string>, options: AppRunnerOptions): Engine<C> {
  checkRunnerOptions(options, plan);
  const clock = options.clock ?? systemClock;
  return {
    plan,
    store: new Store(options.checkpointer ?? new MemoryCheckpointer(), apartAboveIn(plan)),
    hooks: new HookList(options.hooks ?? []),
    clock,
    stopwatch: stopwatchOf(clock),
    random: options.random ?? Math.random,
    limits: new Map(Object.entries(options.limits ?? {}).map(([name, permits]) => [name, new Semaphore(permits)])),
    maxConcurrency: options.maxConcurrency ?? 64,
    onFailure: options.onFailure ?? "drain",
    durability: options.durability ?? "step",
    migrate: options.migrate,
    freeConfig: [...(options.freeConfig ?? [])],
    subgraphs: undefined,
    environment: environmentOf(options.environment),
    executors: options.executors && new Map(Object.entries(options.executors)),
    middleware: onionOf(options.middleware ?? []),
    predicates: new Map(Object.entries(options.predicates ?? {})),
  };
}

/** Of the graphs within, too; undefined when no channel keeps anything apart. */
function apartAboveIn<C extends Channels>(plan: GraphPlan<C>): ApartAbove | undefined {
  const within = [...plan.nodes.values()].flatMap(({ sub }) => [...((sub && apartAboveIn(sub.plan)) ?? [])]);
  const all = new Map(within);
  if (plan.apartAbove !== undefined) all.set(plan.fingerprint, plan.apartAbove);
  return all.size === 0 ? undefined : all;
}

/**
 * Where a stored session stands, under the graph of today; undefined when there is none. Throws GraphMismatchError, also for a subgraph that
 * is open in it: before anything is written, so that the session stays as it is.
 */
export async function loadStanding<C extends Channels>(
  engine: Engine<C>,
  sessionId: string,
): Promise<Standing<C> | undefined> {
  const { store, plan, migrate } = engine;
  const stored = await store.load(sessionId);
  if (stored === undefined) return undefined;
  const standing = adoptSession(stored, plan, migrate);
  // A graph has another fingerprint when one within it has.
  if (plan.hasSubgraphs && stored.checkpoint.fingerprint !== plan.fingerprint)
    for (const task of standing.checkpoint.frontier) {
      const sub = plan.nodes.get(task.node)?.sub;
      if (sub !== undefined) await loadWithin(engine, sub, { sessionId, taskId: task.id });
    }
  return standing;
}

/** Where the session of a task that is a graph stands; undefined when the task has not come to it yet. Throws GraphMismatchError. */
export async function loadWithin<C extends Channels>(
  engine: Engine<C>,
  sub: SubgraphPlan,
  { sessionId, taskId }: { readonly sessionId: string; readonly taskId: string },
): Promise<Standing<Channels> | undefined> {
  try {
    return await loadStanding(engineWithin(engine, sub), childId(sessionId, taskId));
  } catch (error) {
    if (!(error instanceof GraphMismatchError)) throw error;
    throw new GraphMismatchError(sessionId, { ...error, path: [sub.node, ...error.path], cause: error.cause });
  }
}

/** What runs within a graph that is a node run with. */
export function engineWithin<C extends Channels>(engine: Engine<C>, { node, plan }: SubgraphPlan): Engine<Channels> {
  const { migrate } = engine;
  const own: Migrate | undefined = migrate && ((one) => migrate({ ...one, path: [node, ...one.path] }));
  return { ...engine, plan, hooks: new HookList([]), migrate: own };
}

/** Where a run within a subgraph is. */
interface Inside extends Pick<Run<Channels>, "told" | "allStops"> {
  readonly path: readonly string[];
  /** The span that its own stand under, if anybody records. */
  readonly trace: Trace | undefined;
}
/** How a run is watched and stopped. */
export interface RunCall {
  readonly sessionId: string;
  /** The number to write under (C4). */
  readonly fence: number;
  readonly options: RunOptions;
  readonly cancellation: RunCancellation;
  readonly emit?: EventSink;
  /** Whether the caller looks at step reports. */
  readonly reports?: boolean;
  /** Of a run within a subgraph. */
  readonly inside?: Inside;
  /** How far it goes. */
  readonly until?: Stops["until"];
}

/** Throws ConfigMismatchError. */
export function openRun<C extends Channels>(engine: Engine<C>, call: RunCall, stored: Standing<C>): Run<C> {
  const { environment, freeConfig } = engine;
  const note = notedIn(configured(call.sessionId, stored.note, call.options, freeConfig), environment);
  const standing = note === stored.note ? stored : { ...stored, note };
  const attributes = { "superstep.session_id": call.sessionId, "superstep.graph": engine.plan.name };
  const allStops = call.inside === undefined ? stopsOf(engine, standing.note, call.until) : call.inside.allStops;
  const trace = call.inside === undefined ? Trace.start(SPANS.run, attributes, standing.note.trace) : call.inside.trace;
  return {
    sessionId: call.sessionId,
    fence: call.fence,
    engine,
    options: call.options,
    context: contextOf(call.options.context),
    cancellation: call.cancellation,
    tally: new Tally(engine.stopwatch),
    emit: call.emit,
    reports: call.reports === true || call.emit !== undefined,
    path: call.inside?.path,
    told: call.inside?.told,
    stops: allStops && stopsAt(allStops, call.inside?.path ?? []),
    allStops,
    trace,
    scope: trace,
    standing,
    unsaved: undefined,
    isRebased: standing.isRebased === true,
  };
}
