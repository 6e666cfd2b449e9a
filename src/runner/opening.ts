/** Opens a run: the engine that all runs share, and where the session stands. */
import type { App } from "../graph/app.js";
import type { GraphPlan } from "../graph/plan.js";
import { contextOf } from "../graph/run-context.js";
import { adoptSession } from "../session/adopt.js";
import { MemoryCheckpointer } from "../session/memory-checkpointer.js";
import type { Channels } from "../state/channel.js";
import { onionOf } from "../superstep/middleware.js";
import { Semaphore } from "../superstep/semaphore.js";
import type { RunCancellation } from "./cancellation.js";
import { stopwatchOf, systemClock } from "./clock.js";
import type { EventSink } from "./events.js";
import { HookList } from "./hooks.js";
import { type AppRunnerOptions, checkRunnerOptions, type RunOptions } from "./options.js";
import type { Engine, Run, Standing } from "./run.js";
import { configured } from "./run-config.js";
import type { Stops } from "./stops/stop-options.js";
import { stopsOf } from "./stops/stops.js";
import { type ApartAbove, Store } from "./store.js";
import { Tally } from "./tally.js";
import { SPANS, Trace } from "./telemetry.js";

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
    freeConfig: options.freeConfig ?? [],
    subgraphs: undefined,
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

/** Where a stored session stands, under the graph of today; undefined when there is none. Throws GraphMismatchError. */
export async function loadStanding<C extends Channels>(
  engine: Engine<C>,
  sessionId: string,
): Promise<Standing<C> | undefined> {
  const stored = await engine.store.load(sessionId);
  return stored && adoptSession(stored, engine.plan, engine.migrate);
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
  /** Of a run within a subgraph: where it is, and the span that its own stand under, if anybody records. */
  readonly inside?: { readonly path: readonly string[]; readonly trace: Trace | undefined };
  /** How far it goes. */
  readonly until?: Stops["until"];
}

/** Throws ConfigMismatchError. */
export function openRun<C extends Channels>(engine: Engine<C>, call: RunCall, stored: Standing<C>): Run<C> {
  const note = configured(call.sessionId, stored.note, call.options, engine.freeConfig);
  const standing = note === stored.note ? stored : { ...stored, note };
  const attributes = { "superstep.session_id": call.sessionId, "superstep.graph": engine.plan.name };
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
    stops: stopsOf(engine, standing.note, call.until),
    trace,
    scope: trace,
    standing,
    unsaved: undefined,
    isRebased: standing.isRebased === true,
  };
}
