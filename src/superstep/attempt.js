/**
 * One task, from its first attempt to its end: retries, time limit, `onError`. Never throws and never rejects: whatever a node
 * does becomes a settled task (S7). Synchronous as long as the node is (S8).
 */
import { NodeTimeoutError, SerializationError, SuperstepError } from "../errors.js";
import { readOutcome } from "./command.js";
import { Effects } from "./effects.js";
import { retryDelay } from "./retry.js";
import { TaskContext } from "./task-context.js";
import { isThenable } from "./thenable.js";
/** Milliseconds that an aborted node has to settle before it is given up. */
export const GRACE_MS = 5_000;
const LATE = Symbol("late");
export class TaskRun {
    task;
    memory;
    #node;
    #state;
    #environment;
    #effects;
    #context;
    #betweenTries;
    #stopped;
    #startedAt = 0;
    constructor(task, node, { state, environment }, memory) {
        this.task = task;
        this.memory = memory;
        this.#node = node;
        this.#state = state;
        this.#environment = environment;
    }
    get attempt() {
        return this.#context?.attempt ?? 1;
    }
    get ms() {
        return this.#environment.stopwatch() - this.#startedAt;
    }
    get effects() {
        this.#effects ??= new Effects(this.task, this.memory?.memos, this.#environment.remember);
        return this.#effects;
    }
    run() {
        this.#startedAt = this.#environment.stopwatch();
        return this.#try(1);
    }
    /** Tells the node to stop; it may still finish. */
    stop(reason) {
        this.#stopped ??= { reason };
        this.#context?.abort(reason);
        this.#betweenTries?.abort(reason);
    }
    #try(attempt) {
        const context = new TaskContext(this.task, attempt, this.#environment, this);
        this.#context = context;
        const { listener, around } = this.#environment;
        listener?.started(this.task, attempt);
        let returned;
        try {
            returned = around
                ? around(this.task, attempt, () => this.#node.run(this.#state, context))
                : this.#node.run(this.#state, context);
            if (isThenable(returned))
                return this.#settleLate(context, returned);
        }
        catch (error) {
            return this.#threw(context, error);
        }
        return this.#returned(context, returned);
    }
    #settleLate(context, returned) {
        const { timeoutMs } = this.#node.options;
        const ended = Promise.resolve(returned);
        return (timeoutMs === undefined ? ended : this.#waitAtMost(timeoutMs, context, ended)).then((value) => this.#returned(context, value), (error) => this.#threw(context, error));
    }
    /** A node that is late is told to stop, and waited for within the grace period; what it returns then does not count. */
    async #waitAtMost(timeoutMs, context, returned) {
        const { clock } = this.#environment;
        const timer = new AbortController();
        const late = clock.sleep(timeoutMs, timer.signal).then(() => LATE, () => LATE);
        const first = await Promise.race([returned, late]).finally(() => timer.abort());
        if (first !== LATE)
            return first;
        const error = new NodeTimeoutError(this.task.node, timeoutMs);
        context.abort(error);
        const grace = new AbortController();
        const settled = returned.catch(() => undefined);
        await Promise.race([settled, clock.sleep(GRACE_MS, grace.signal).catch(() => undefined)]);
        grace.abort();
        throw error;
    }
    #returned(context, value) {
        return context.ask === undefined ? this.#finish(context.attempt, value) : this.#asks(context.ask);
    }
    #threw(context, error) {
        return context.ask === undefined ? this.#fail(context, error) : this.#asks(context.ask);
    }
    #asks(ask) {
        return { kind: "asked", task: this.task, ask, ms: this.ms, kept: false };
    }
    #finish(attempt, value) {
        const { task, ms } = this;
        try {
            return { kind: "finished", task, outcome: readOutcome(task.node, value), attempt, ms, kept: false };
        }
        catch (error) {
            return this.#unusable(attempt, error);
        }
    }
    #unusable(attempt, error) {
        const { task, ms } = this;
        if (SuperstepError.is(error) && error instanceof SerializationError)
            return { kind: "unstorable", task, error, attempt, ms };
        return { kind: "failed", task, error, attempt, ms };
    }
    /** A task that was told to stop and never looked at its signal failed by itself: its failure is not lost (S6). */
    #fail({ attempt, isSignalSeen }, error) {
        const { task } = this;
        if (this.#stopped !== undefined && isSignalSeen)
            return { kind: "stopped", task };
        const { retry, onError } = this.#node.options;
        if (retry !== undefined && attempt < retry.maxAttempts && isRetryable(retry.retryOn, error))
            return this.#stopped === undefined ? this.#retry(attempt, error) : { kind: "stopped", task };
        if (onError !== undefined)
            return this.#rescue(attempt, () => onError(error, this.#state));
        return { kind: "failed", task, error, attempt, ms: this.ms };
    }
    #rescue(attempt, rescued) {
        try {
            return this.#finish(attempt, rescued());
        }
        catch (error) {
            return this.#unusable(attempt, error);
        }
    }
    async #retry(attempt, error) {
        const { clock, random, listener } = this.#environment;
        listener?.retrying(this.task, attempt, error);
        this.#betweenTries = new AbortController();
        const delay = retryDelay(this.#node.options.retry, attempt, random);
        await clock.sleep(delay, this.#betweenTries.signal).catch(() => undefined);
        if (this.#stopped !== undefined)
            return { kind: "stopped", task: this.task };
        return this.#try(attempt + 1);
    }
}
function isRetryable(retryOn, error) {
    if (retryOn === undefined)
        return true;
    try {
        return retryOn(error);
    }
    catch {
        return false;
    }
}
