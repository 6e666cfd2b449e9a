import { adoptSession } from "../session/adopt.js";
import { MemoryCheckpointer } from "../session/memory-checkpointer.js";
import { Semaphore } from "../superstep/semaphore.js";
import { stopwatchOf, systemClock } from "./clock.js";
import { HookList } from "./hooks.js";
import { checkRunnerOptions } from "./options.js";
import { Store } from "./store.js";
import { Tally } from "./tally.js";
import { SPANS, Trace } from "./telemetry.js";
export function openEngine({ plan }, options) {
    checkRunnerOptions(options, plan);
    const clock = options.clock ?? systemClock;
    return {
        plan,
        store: new Store(options.checkpointer ?? new MemoryCheckpointer()),
        hooks: new HookList(options.hooks ?? []),
        clock,
        stopwatch: stopwatchOf(clock),
        random: options.random ?? Math.random,
        limits: new Map(Object.entries(options.limits ?? {}).map(([name, permits]) => [name, new Semaphore(permits)])),
        maxConcurrency: options.maxConcurrency ?? 64,
        onFailure: options.onFailure ?? "drain",
        durability: options.durability ?? "step",
        migrate: options.migrate,
    };
}
/** Where a stored session stands, under the graph of today; undefined when there is none. Throws GraphMismatchError. */
export async function loadStanding(engine, sessionId) {
    const stored = await engine.store.load(sessionId);
    return stored && adoptSession(stored, engine.plan, engine.migrate);
}
export function openRun(engine, call, standing) {
    const attributes = { "superstep.session_id": call.sessionId, "superstep.graph": engine.plan.name };
    const trace = Trace.start(SPANS.run, attributes, standing.note.trace);
    return {
        sessionId: call.sessionId,
        fence: call.fence,
        engine,
        options: call.options,
        cancellation: call.cancellation,
        tally: new Tally(engine.stopwatch),
        emit: call.emit,
        reports: call.reports === true || call.emit !== undefined,
        trace,
        scope: trace,
        standing,
        unsaved: undefined,
        isRebased: standing.isRebased === true,
    };
}
