/**
 * The schedule: runs the tasks of a superstep on one frozen snapshot (S2–S8). The one phase with effects. What it hands on is
 * in frontier order, whatever order tasks finished in; it never throws for what a node does.
 */
import { NodeStuckError, RouteError } from "../errors.js";
import { targetNames } from "../graph/plan.js";
import { GRACE_MS, TaskRun } from "./attempt.js";
import { isThenable } from "./thenable.js";
/** Throws RouteError when a task's node does not exist, with nothing run. Gives a promise only when a task does. */
export function scheduleStep(input) {
    const nodes = [];
    for (const task of input.tasks)
        nodes.push(nodeOf(input.plan, task));
    return new Schedule(input, nodes).run();
}
function nodeOf(plan, task) {
    const node = plan.nodes.get(task.node);
    if (node === undefined)
        throw RouteError.unknownTarget("frontier", task.node, targetNames(plan));
    return node;
}
/** A task that need not run: its result is kept, or its question is still open. */
function remembered(task, memory) {
    if (memory === undefined)
        return undefined;
    const { outcome, interrupts } = memory;
    if (outcome !== undefined)
        return { kind: "finished", task, outcome, attempt: 1, ms: 0, kept: true };
    const open = interrupts.find((record) => record !== undefined && record.answer === undefined);
    return open && { kind: "asked", task, ask: { index: open.index, payload: open.payload }, ms: 0, kept: true };
}
class Schedule {
    #input;
    #nodes;
    #settled;
    /** Tasks in flight, each at its place in the frontier. */
    #running;
    #inFlight = 0;
    /** Tasks that wait for their limit's permit. */
    #limited;
    /** Tasks that hold their limit's permit and wait for a free place. */
    #admitted;
    #next = 0;
    #open;
    #stopped;
    #graceEnd;
    #whenDone;
    constructor(input, nodes) {
        this.#input = input;
        this.#nodes = nodes;
        this.#settled = new Array(nodes.length);
        this.#running = new Array(nodes.length);
        this.#open = nodes.length;
    }
    run() {
        if (this.#input.cancellation?.aborted === true)
            this.#stop(this.#input.cancellation.reason);
        this.#pump();
        return this.#open === 0 ? this.#result() : this.#wait();
    }
    async #wait() {
        const { cancellation, onSettled } = this.#input;
        const unsubscribe = cancellation?.onAbort(() => this.#stop(cancellation.reason));
        for (const settled of this.#settled)
            if (settled !== undefined)
                onSettled?.(settled);
        const step = await new Promise((resolve) => {
            this.#whenDone = resolve;
            // A task may have stopped the run while it was being started, before anybody listened.
            if (cancellation?.aborted === true)
                this.#stop(cancellation.reason);
        });
        unsubscribe?.();
        this.#graceEnd?.abort();
        return step;
    }
    #result() {
        return { settled: this.#settled };
    }
    /** Starts tasks while there is room: first those that waited for a limit, then the next of the frontier. */
    #pump() {
        while (this.#inFlight < this.#input.maxConcurrency) {
            const admitted = this.#admitted?.shift();
            if (admitted !== undefined)
                this.#start(admitted);
            else if (this.#next < this.#nodes.length)
                this.#admit(this.#next++);
            else
                return;
        }
    }
    #admit(index) {
        const task = this.#input.tasks[index];
        const known = remembered(task, this.#input.memories?.get(task.id));
        if (known !== undefined)
            return this.#settle(index, known);
        if (this.#stopped !== undefined)
            return this.#settle(index, { kind: "stopped", task });
        const permit = this.#limitOf(index)?.acquire();
        if (permit === undefined)
            return this.#start(index);
        this.#limited ??= new Set();
        this.#limited.add(index);
        void permit.then(() => this.#admitLate(index));
    }
    #admitLate(index) {
        if (this.#limited?.delete(index) !== true)
            return this.#limitOf(index)?.release();
        this.#admitted ??= [];
        this.#admitted.push(index);
        this.#pump();
    }
    #start(index) {
        const { memories, tasks } = this.#input;
        const task = tasks[index];
        if (this.#stopped !== undefined)
            return this.#end(index, { kind: "stopped", task });
        const run = new TaskRun(task, this.#nodes[index], this.#input, memories?.get(task.id));
        this.#running[index] = run;
        this.#inFlight++;
        const ended = run.run();
        if (!isThenable(ended))
            return this.#end(index, ended);
        void ended.then((settled) => {
            this.#end(index, settled);
            this.#pump();
        });
    }
    /** What comes after a task was given up is ignored; its permit was free by then. */
    #end(index, settled) {
        if (this.#running[index] !== undefined)
            this.#inFlight--;
        this.#running[index] = undefined;
        if (this.#settled[index] !== undefined)
            return;
        this.#limitOf(index)?.release();
        this.#settle(index, settled);
    }
    #settle(index, settled) {
        this.#settled[index] = settled;
        this.#open--;
        if (settled.kind === "failed" && this.#input.onFailure === "abort")
            this.#stop(settled.error);
        if (this.#whenDone === undefined)
            return;
        if (this.#open === 0)
            this.#whenDone(this.#result());
        else
            this.#input.onSettled?.(settled);
    }
    #stop(reason) {
        if (this.#stopped !== undefined)
            return;
        this.#stopped = { reason };
        for (const run of this.#running)
            run?.stop(reason);
        this.#settleUnstarted();
        if (this.#inFlight > 0)
            this.#startGrace(reason);
    }
    #settleUnstarted() {
        while (this.#next < this.#nodes.length)
            this.#admit(this.#next++);
        for (const index of this.#admitted?.splice(0) ?? [])
            this.#start(index);
        for (const index of this.#limited ?? [])
            this.#settle(index, { kind: "stopped", task: this.#input.tasks[index] });
        this.#limited?.clear();
    }
    #startGrace(reason) {
        this.#graceEnd = new AbortController();
        const { clock } = this.#input.environment;
        void clock.sleep(GRACE_MS, this.#graceEnd.signal).then(() => this.#giveUp(reason), () => undefined);
    }
    #giveUp(reason) {
        for (const [index, run] of this.#running.entries()) {
            if (run === undefined)
                continue;
            const error = new NodeStuckError(run.task.node, GRACE_MS, reason);
            this.#end(index, { kind: "failed", task: run.task, error, attempt: run.attempt, ms: run.ms });
        }
    }
    #limitOf(index) {
        const name = this.#nodes[index]?.options.limit;
        return name === undefined ? undefined : this.#input.limits?.get(name);
    }
}
