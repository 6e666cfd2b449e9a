/**
 * A graph that is a node: a session of its own beside the one around it, driven superstep by superstep by the same machinery, under the
 * task's signal. It is found again by its task, so that a retry, an answer or another process goes on inside, where it stood.
 */
import { CheckpointConflictError, CheckpointError, InvalidOptionError, RunAbortedError } from "../../errors.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import { childId } from "../../session/child-id.js";
import type { Channels, UpdateOf } from "../../state/channel.js";
import type { Ask } from "../../superstep/ask.js";
import { answersDue, closed, openInterrupts, type PendingInterrupt } from "../../superstep/interrupts.js";
import type { InterruptRecord, TaskMemory, TaskRecord } from "../../superstep/record.js";
import type { Descent } from "../../superstep/task-context.js";
import { isThenable } from "../../superstep/thenable.js";
import type { ActiveRuns } from "../calls/active-runs.js";
import { engineWithin, loadWithin, openRun } from "../calls/opening.js";
import { RunCancellation, unlessAborted } from "../cancellation.js";
import { within } from "../events.js";
import type { RunOptions } from "../options/options.js";
import type { Engine, Entry, Run, Standing } from "../run.js";
import { firstCheckpoint } from "../sessions/invocation.js";
import { storeAnswers } from "../sessions/resuming.js";
import { driveOn } from "../supersteps/drive.js";
import { annotate } from "../supersteps/saving.js";
import { SPANS } from "../telemetry.js";
import { deleteChildren } from "./children.js";
import { resultOf, stateAtEntry } from "./passage.js";
import { isStandstill, pauseOf, untoldPause } from "./standstill.js";

/** The engine of a graph whose nodes may be graphs; the same one when none is. */
export function withSubgraphs<C extends Channels>(engine: Engine<C>, active: ActiveRuns): Engine<C> {
  if (!engine.plan.hasSubgraphs) return engine;
  return {
    ...engine,
    subgraphs: { descend: (entry) => descend(active, entry), startAfresh: (run) => startAfresh(active, run) },
  };
}

const STOPPED: Descent = { kind: "stopped" };
/** What stores take. */
const LONGEST_ID = 512;

/** What keeps a graph from going on is the node's failure, but for the store's failures and for the end of the run. */
async function descend(active: ActiveRuns, entry: Entry): Promise<Descent> {
  const { run, task, signal } = entry;
  const cancellation = new RunCancellation(run.cancellation);
  if (!signal.aborted && cancellation.stopAtBoundary !== undefined) return STOPPED;
  const sessionId = idOf(run, task.id);
  cancellation.follow(signal);
  try {
    await entry.saved();
    const visit = (fence: number): Promise<Descent> => drive(entry, { sessionId, cancellation, fence });
    return await active.exclusively(sessionId, cancellation, visit, run.sessionId);
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof CheckpointConflictError) entry.storeFailed(error);
    else if (!(error instanceof RunAbortedError)) throw error;
    else if (signal.aborted) throw signal.reason;
    return STOPPED;
  } finally {
    cancellation.dispose();
  }
}

/** Gives up what the graphs of the frontier have come to, and what they ask. */
async function startAfresh(active: ActiveRuns, run: Run<Channels>): Promise<void> {
  const { plan, store } = run.engine;
  const tasks = run.standing.checkpoint.frontier.filter(({ node }) => plan.nodes.get(node)?.sub !== undefined);
  for (const { id } of tasks) await deleteChildren(store, active, run.sessionId, id);
  const asked = run.standing.records.flatMap((record) => (record.kind === "interrupt" ? closed(record) : []));
  const { told, ...note } = run.standing.note;
  if (asked.length > 0 || told !== undefined) await annotate(run, told && note, asked);
}

interface Visit {
  readonly sessionId: string;
  readonly cancellation: RunCancellation;
  readonly fence: number;
}

async function drive(entry: Entry, { sessionId, cancellation, fence }: Visit): Promise<Descent> {
  const { run: around, sub } = entry;
  const engine = engineWithin(around.engine, sub);
  const path = [...(around.path ?? []), sub.node];
  const former = await loadWithin(around.engine, sub, { sessionId: around.sessionId, taskId: entry.task.id });
  const standing = former ?? (await begin(engine, entry, { sessionId, cancellation, fence }));
  const emit = within(path, around.emit);
  const attributes = { "superstep.graph": sub.plan.name, "superstep.path": path.join(" / ") };
  const { allStops } = around;
  const told = around.path === undefined ? around.standing.note.told : around.told;
  const run = openRun(
    engine,
    {
      ...{ sessionId, cancellation, fence },
      options: optionsWithin(around.options, sub.node),
      ...(emit && { emit }),
      inside: { path, told, allStops, trace: entry.span?.child(SPANS.subgraph, attributes) },
    },
    standing,
  );
  return driveWithin(run, entry, former === undefined ? standing.checkpoint : undefined);
}

/** As far as it goes. `first`: its first checkpoint, if it is at hand. */
async function driveWithin(
  run: Run<Channels>,
  { sub, memory }: Entry,
  first: Checkpoint<Channels> | undefined,
): Promise<Descent> {
  const untold = untoldPause(run);
  if (untold !== undefined) {
    run.trace?.end();
    return { kind: "paused", pause: pauseOf(run, sub.node, untold) };
  }
  const { records } = run.standing;
  const ended = await driveOn(run, () => storeAnswers(run, answersFor(records, memory)));
  if (ended.outcome === "completed") {
    const { cancellation, sessionId } = run;
    return { kind: "finished", result: await unlessAborted(cancellation, sessionId, resultOf(run, sub, first)) };
  }
  const { reason } = ended;
  if (reason.kind === "interrupt") return { kind: "asked", asks: asksOf(sub.node, reason.interrupts, memory) };
  return isStandstill(reason) ? { kind: "paused", pause: pauseOf(run, sub.node, reason) } : STOPPED;
}

/** The first checkpoint. What a Send carried is the first update, unless `input` makes one of it. */
async function begin(
  engine: Engine<Channels>,
  { run, sub, task }: Entry,
  { sessionId, cancellation, fence }: Visit,
): Promise<Standing<Channels>> {
  const { state: around } = run.standing.checkpoint;
  const input = sub.input === undefined ? task.input : inputOf(sub.node, sub.input(around, task.input));
  const state = stateAtEntry(engine, sub, around);
  const invocation = { sessionId, input: input as UpdateOf<Channels> | undefined, state, cancellation };
  const checkpoint = await firstCheckpoint(engine, invocation);
  await engine.store.commit(checkpoint as Checkpoint, { fence });
  return { checkpoint, note: checkpoint.note, records: [] };
}

/** A promise that is refused has nobody else who hears of its rejection. */
function inputOf(node: string, input: unknown): unknown {
  if (!isThenable(input)) return input;
  input.then(undefined, () => undefined);
  throw new InvalidOptionError("input", `of node "${node}" gave a promise`, "make it synchronous, and fetch in a node");
}

/** Answers that came to the session around it, for questions that are still open here. */
function answersFor(records: readonly TaskRecord[], memory: TaskMemory | undefined): readonly InterruptRecord[] {
  const due = answersDue(memory?.interrupts ?? []);
  return openInterrupts(records).flatMap((open) => {
    const { answer } = due.find(({ inner }) => inner === open.id) ?? {};
    return answer === undefined ? [] : [{ ...open, answer }];
  });
}

/** As questions of the task: one that it has asked before keeps its place. */
function asksOf(node: string, open: readonly PendingInterrupt[], memory: TaskMemory | undefined): readonly Ask[] {
  const known = memory?.interrupts ?? [];
  let next = known.length;
  return open.map(({ id, node: asking, payload, path = [] }) => {
    const place = known.findIndex((record) => record?.inner === id);
    return { index: place < 0 ? next++ : place, payload, from: { id, node: asking, path: [node, ...path] } };
  });
}

/** Where to stop within the node; what the call hands on is for all nodes, and was held to by the session around. */
function optionsWithin({ maxSteps, context, config, within: stops }: RunOptions, node: string): RunOptions {
  return {
    ...(stops !== undefined && Object.hasOwn(stops, node) && stops[node]),
    ...(maxSteps !== undefined && { maxSteps }),
    ...(context && { context }),
    ...(config && { config }),
    allowConfigChange: true,
  };
}

function idOf(run: Run<Channels>, taskId: string): string {
  const id = childId(run.sessionId, taskId);
  if (id.length <= LONGEST_ID) return id;
  const problem = `leaves no room for the names of subgraphs' sessions, which would have ${id.length} characters`;
  throw new InvalidOptionError("sessionId", problem, `choose one that is shorter by ${id.length - LONGEST_ID}`);
}
