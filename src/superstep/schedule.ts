/**
 * The schedule: runs the tasks of a superstep on one frozen snapshot (S2–S8). The one phase with effects. What it hands on is
 * in frontier order, whatever order tasks finished in; it never throws for what a node does.
 */
import { NodeStuckError, RouteError, type TaskRef } from "../errors.js";
import { type GraphPlan, type NodePlan, targetNames } from "../graph/plan.js";
import type { Channels, StateOf } from "../state/channel.js";
import { type Settled, TaskRun } from "./attempt.js";
import { isDue, openInterrupts, toAsk } from "./interrupts.js";
import type { TaskMemory } from "./record.js";
import type { Semaphore } from "./semaphore.js";
import type { StepEnvironment } from "./task-context.js";
import { isThenable } from "./thenable.js";
import { GRACE_MS } from "./time-limits.js";

/** `drain` lets siblings of a failed task finish; `abort` tells them to stop, and waits for them all the same. */
export type FailurePolicy = "drain" | "abort";

/** The tasks of a superstep, what they see and how they are run. */
export interface ScheduleInput<C extends Channels> {
  readonly plan: GraphPlan<C>;
  readonly tasks: readonly TaskRef[];
  readonly state: StateOf<C>;
  readonly environment: StepEnvironment;
  /** What tasks remember of earlier tries; finished ones are not run again. */
  readonly memories?: ReadonlyMap<string, TaskMemory> | undefined;
  readonly maxConcurrency: number;
  readonly onFailure: FailurePolicy;
  readonly limits?: ReadonlyMap<string, Semaphore>;
  readonly cancellation?: Cancellation | undefined;
  /** Hears of each settled task while its superstep still waits for others. */
  readonly onSettled?: (settled: Settled) => void;
}
/** The caller's wish to stop. */
export interface Cancellation {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Calls back on abort until the returned function is called. */
  onAbort(listener: () => void): () => void;
}
/** How the tasks of a superstep ended. */
export interface ScheduledStep {
  /** One entry a task, in frontier order. */
  readonly settled: readonly Settled[];
}

/** Throws RouteError when a task's node does not exist, with nothing run. Gives a promise only when a task does. */
export function scheduleStep<C extends Channels>(input: ScheduleInput<C>): ScheduledStep | Promise<ScheduledStep> {
  const nodes: NodePlan<C>[] = [];
  for (const task of input.tasks) nodes.push(nodeOf(input.plan, task));
  return new Schedule(input, nodes).run();
}

function nodeOf<C extends Channels>(plan: GraphPlan<C>, task: TaskRef): NodePlan<C> {
  const node = plan.nodes.get(task.node);
  if (node === undefined) throw RouteError.unknownTarget("frontier", task.node, targetNames(plan));
  return node;
}

/** A task that need not run: its result is kept, or its questions are still open, and no subgraph waits for an answer that came. */
function remembered(task: TaskRef, memory: TaskMemory | undefined): Settled | undefined {
  if (memory === undefined) return undefined;
  const { outcome, interrupts } = memory;
  if (outcome !== undefined) return { kind: "finished", task, outcome, attempt: 1, ms: 0, kept: true };
  const asks = isDue(interrupts) ? [] : openInterrupts(interrupts).map(toAsk);
  return asks.length === 0 ? undefined : { kind: "asked", task, asks, ms: 0, kept: true };
}

/** The runner's clock or its random has failed on the way: nobody may wait for that task for ever. */
function brokenOff<C extends Channels>({ task, attempt, retries }: TaskRun<C>, error: unknown): Settled {
  return { kind: "failed", task, error, attempt, ms: 0, retries };
}

class Schedule<C extends Channels> {
  readonly #input: ScheduleInput<C>;
  readonly #nodes: readonly NodePlan<C>[];
  readonly #settled: (Settled | undefined)[];
  /** Tasks in flight, each at its place in the frontier. */
  readonly #running: (TaskRun<C> | undefined)[];
  #inFlight = 0;
  /** Tasks that wait for their limit's permit. */
  #limited: Set<number> | undefined;
  /** Tasks that hold their limit's permit and wait for a free place. */
  #admitted: number[] | undefined;
  #next = 0;
  #open: number;
  #stopped: { readonly reason: unknown } | undefined;
  #graceEnd: AbortController | undefined;
  #whenDone: ((step: ScheduledStep) => void) | undefined;

  constructor(input: ScheduleInput<C>, nodes: readonly NodePlan<C>[]) {
    this.#input = input;
    this.#nodes = nodes;
    this.#settled = new Array<Settled | undefined>(nodes.length);
    this.#running = new Array<TaskRun<C> | undefined>(nodes.length);
    this.#open = nodes.length;
  }

  run(): ScheduledStep | Promise<ScheduledStep> {
    if (this.#input.cancellation?.aborted === true) this.#stop(this.#input.cancellation.reason);
    this.#pump();
    return this.#open === 0 ? this.#result() : this.#wait();
  }

  #wait(): Promise<ScheduledStep> {
    const { cancellation, onSettled } = this.#input;
    const unsubscribe = cancellation?.onAbort(() => this.#stop(cancellation.reason));
    for (const settled of this.#settled) if (settled !== undefined) onSettled?.(settled);
    return new Promise((resolve) => {
      this.#whenDone = (step) => {
        unsubscribe?.();
        this.#graceEnd?.abort();
        resolve(step);
      };
      // A task may have stopped the run while it was being started, before anybody listened.
      if (cancellation?.aborted === true) this.#stop(cancellation.reason);
    });
  }

  #result(): ScheduledStep {
    return { settled: this.#settled as Settled[] };
  }

  /** Starts tasks while there is room: first those that waited for a limit, then the next of the frontier. */
  #pump(): void {
    while (this.#inFlight < this.#input.maxConcurrency) {
      const admitted = this.#admitted?.shift();
      if (admitted !== undefined) this.#start(admitted);
      else if (this.#next < this.#nodes.length) this.#admit(this.#next++);
      else return;
    }
  }

  #admit(index: number): void {
    const task = this.#input.tasks[index] as TaskRef;
    const known = remembered(task, this.#input.memories?.get(task.id));
    if (known !== undefined) return this.#settle(index, known);
    if (this.#stopped !== undefined) return this.#settle(index, { kind: "stopped", task });
    const permit = this.#limitOf(index)?.acquire();
    if (permit === undefined) return this.#start(index);
    this.#limited ??= new Set();
    this.#limited.add(index);
    void permit.then(() => this.#admitLate(index));
  }

  #admitLate(index: number): void {
    if (this.#limited?.delete(index) !== true) return this.#limitOf(index)?.release();
    this.#admitted ??= [];
    this.#admitted.push(index);
    this.#pump();
  }

  #start(index: number): void {
    const { memories, tasks } = this.#input;
    const task = tasks[index] as TaskRef;
    if (this.#stopped !== undefined) return this.#end(index, { kind: "stopped", task });
    const run = new TaskRun(task, this.#nodes[index] as NodePlan<C>, this.#input, memories?.get(task.id));
    this.#running[index] = run;
    this.#inFlight++;
    let ended: Settled | Promise<Settled>;
    try {
      ended = run.run();
    } catch (error) {
      return this.#end(index, brokenOff(run, error));
    }
    if (!isThenable(ended)) return this.#end(index, ended);
    const settle = (settled: Settled): void => {
      this.#end(index, settled);
      this.#pump();
    };
    void ended.then(settle, (error: unknown) => settle(brokenOff(run, error)));
  }

  /** What comes after a task was given up is ignored; its permit was free by then. */
  #end(index: number, settled: Settled): void {
    if (this.#running[index] !== undefined) this.#inFlight--;
    this.#running[index] = undefined;
    if (this.#settled[index] !== undefined) return;
    this.#limitOf(index)?.release();
    this.#settle(index, settled);
  }

  #settle(index: number, settled: Settled): void {
    this.#settled[index] = settled;
    this.#open--;
    if (settled.kind === "failed" && this.#input.onFailure === "abort" && this.#nodes[index]?.tolerance === undefined)
      this.#stop(settled.error);
    if (this.#whenDone === undefined) return;
    if (this.#open === 0) this.#whenDone(this.#result());
    else this.#input.onSettled?.(settled);
  }

  #stop(reason: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { reason };
    for (const run of this.#running) run?.stop(reason);
    this.#settleUnstarted();
    if (this.#inFlight > 0) this.#startGrace(reason);
  }

  #settleUnstarted(): void {
    while (this.#next < this.#nodes.length) this.#admit(this.#next++);
    for (const index of this.#admitted?.splice(0) ?? []) this.#start(index);
    for (const index of this.#limited ?? [])
      this.#settle(index, { kind: "stopped", task: this.#input.tasks[index] as TaskRef });
    this.#limited?.clear();
  }

  #startGrace(reason: unknown): void {
    this.#graceEnd = new AbortController();
    const { clock } = this.#input.environment;
    void clock.sleep(GRACE_MS, this.#graceEnd.signal).then(
      () => this.#giveUp(reason),
      () => undefined,
    );
  }

  #giveUp(reason: unknown): void {
    for (const [index, run] of this.#running.entries()) {
      if (run === undefined) continue;
      const error = new NodeStuckError(run.task.node, GRACE_MS, reason);
      const { task, attempt, ms, retries } = run;
      this.#end(index, { kind: "failed", task, error, attempt, ms, retries });
    }
  }

  #limitOf(index: number): Semaphore | undefined {
    const name = this.#nodes[index]?.options.limit;
    return name === undefined ? undefined : this.#input.limits?.get(name);
  }
}
