/**
 * One task, from its first attempt to its end: retries, time limit, `onError`. Never throws and never rejects: whatever a node
 * does becomes a settled task (S7). Synchronous as long as the node is (S8).
 */
import { NodeResultError, NodeTimeoutError, SerializationError, SuperstepError, type TaskRef } from "../errors.js";
import type { NodePlan } from "../graph/plan.js";
import type { Channels, StateOf } from "../state/channel.js";
import { readOutcome } from "./command.js";
import { Effects } from "./effects.js";
import type { TaskOutcome } from "./outcome.js";
import type { TaskMemory } from "./record.js";
import { retryDelay } from "./retry.js";
import { type Ask, type Recall, type StepEnvironment, TaskContext } from "./task-context.js";
import { isThenable } from "./thenable.js";

/** How a task ended. */
export type Settled =
  | {
      readonly kind: "finished";
      readonly task: TaskRef;
      readonly outcome: TaskOutcome;
      readonly attempt: number;
      readonly ms: number;
      readonly kept: boolean;
    }
  | {
      readonly kind: "asked";
      readonly task: TaskRef;
      readonly asks: readonly Ask[];
      readonly ms: number;
      readonly kept: boolean;
    }
  | {
      readonly kind: "failed";
      readonly task: TaskRef;
      readonly error: unknown;
      readonly attempt: number;
      readonly ms: number;
    }
  /** It finished, but what it returned cannot be stored. */
  | {
      readonly kind: "unstorable";
      readonly task: TaskRef;
      readonly error: SerializationError;
      readonly attempt: number;
      readonly ms: number;
    }
  /** It was aborted, or never started. */
  | { readonly kind: "stopped"; readonly task: TaskRef };

/** Milliseconds that an aborted node has to settle before it is given up. */
export const GRACE_MS = 5_000;
const LATE = Symbol("late");

/** What the tasks of a superstep have in common. */
interface Surroundings<C extends Channels> {
  readonly state: StateOf<C>;
  readonly environment: StepEnvironment;
}

export class TaskRun<C extends Channels> implements Recall {
  readonly #node: NodePlan<C>;
  readonly #state: StateOf<C>;
  readonly #environment: StepEnvironment;
  #effects: Effects | undefined;
  #context: TaskContext | undefined;
  #betweenTries: AbortController | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #startedAt = 0;

  constructor(
    readonly task: TaskRef,
    node: NodePlan<C>,
    { state, environment }: Surroundings<C>,
    readonly memory: TaskMemory | undefined,
  ) {
    this.#node = node;
    this.#state = state;
    this.#environment = environment;
  }

  get attempt(): number {
    return this.#context?.attempt ?? 1;
  }
  get ms(): number {
    return this.#environment.stopwatch() - this.#startedAt;
  }
  get effects(): Effects {
    this.#effects ??= new Effects(this.task, this.memory?.memos, this.#environment.remember);
    return this.#effects;
  }

  run(): Settled | Promise<Settled> {
    this.#startedAt = this.#environment.stopwatch();
    return this.#try(1);
  }

  /** Tells the node to stop; it may still finish. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#context?.abort(reason);
    this.#betweenTries?.abort(reason);
  }

  #try(attempt: number): Settled | Promise<Settled> {
    const context = new TaskContext(this.task, attempt, this.#environment, this);
    this.#context = context;
    const { listener, around } = this.#environment;
    listener?.started(this.task, attempt);
    let returned: unknown;
    try {
      returned = around
        ? around(this.task, attempt, () => this.#node.run(this.#state, context))
        : this.#node.run(this.#state, context);
      if (isThenable(returned)) return this.#settleLate(context, returned);
    } catch (error) {
      return this.#threw(context, error);
    }
    return this.#returned(context, returned);
  }

  #settleLate(context: TaskContext, returned: PromiseLike<unknown>): Promise<Settled> {
    const { timeoutMs } = this.#node.options;
    const ended = Promise.resolve(returned);
    return (timeoutMs === undefined ? ended : this.#waitAtMost(timeoutMs, context, ended)).then(
      (value) => this.#returned(context, value),
      (error: unknown) => this.#threw(context, error),
    );
  }

  /** A node that is late is told to stop, and waited for within the grace period; what it returns then does not count. */
  async #waitAtMost(timeoutMs: number, context: TaskContext, returned: Promise<unknown>): Promise<unknown> {
    const { clock } = this.#environment;
    const timer = new AbortController();
    const late = clock.sleep(timeoutMs, timer.signal).then(
      () => LATE,
      () => LATE,
    );
    const first = await Promise.race([returned, late]).finally(() => timer.abort());
    if (first !== LATE) return first;
    const error = new NodeTimeoutError(this.task.node, timeoutMs);
    context.abort(error);
    const grace = new AbortController();
    const settled = returned.catch(() => undefined);
    await Promise.race([settled, clock.sleep(GRACE_MS, grace.signal).catch(() => undefined)]);
    grace.abort();
    throw error;
  }

  #returned(context: TaskContext, value: unknown): Settled {
    return context.asks === undefined ? this.#finish(context.attempt, value) : this.#asks(context.asks);
  }

  #threw(context: TaskContext, error: unknown): Settled | Promise<Settled> {
    return context.asks === undefined ? this.#fail(context, error) : this.#asks(context.asks);
  }

  #asks(asks: readonly Ask[]): Settled {
    if (asks.length === 0) return { kind: "stopped", task: this.task };
    return { kind: "asked", task: this.task, asks, ms: this.ms, kept: false };
  }

  #finish(attempt: number, value: unknown): Settled {
    const { task, ms } = this;
    try {
      const outcome = readOutcome(task.node, value);
      if (outcome.toParent !== undefined && this.#environment.isInside !== true)
        throw new NodeResultError(task.node, "a Command to the graph around its own, and there is none");
      return { kind: "finished", task, outcome, attempt, ms, kept: false };
    } catch (error) {
      return this.#unusable(attempt, error);
    }
  }

  #unusable(attempt: number, error: unknown): Settled {
    const { task, ms } = this;
    if (SuperstepError.is(error) && error instanceof SerializationError)
      return { kind: "unstorable", task, error, attempt, ms };
    return { kind: "failed", task, error, attempt, ms };
  }

  /** A task that was told to stop and never looked at its signal failed by itself: its failure is not lost (S6). */
  #fail({ attempt, isSignalSeen }: TaskContext, error: unknown): Settled | Promise<Settled> {
    const { task } = this;
    if (this.#stopped !== undefined && isSignalSeen) return { kind: "stopped", task };
    const { retry, onError } = this.#node.options;
    if (retry !== undefined && attempt < retry.maxAttempts && isRetryable(retry.retryOn, error))
      return this.#stopped === undefined ? this.#retry(attempt, error) : { kind: "stopped", task };
    if (onError !== undefined) return this.#rescue(attempt, () => onError(error, this.#state));
    return { kind: "failed", task, error, attempt, ms: this.ms };
  }

  #rescue(attempt: number, rescued: () => unknown): Settled {
    try {
      return this.#finish(attempt, rescued());
    } catch (error) {
      return this.#unusable(attempt, error);
    }
  }

  async #retry(attempt: number, error: unknown): Promise<Settled> {
    const { clock, random, listener } = this.#environment;
    listener?.retrying(this.task, attempt, error);
    this.#betweenTries = new AbortController();
    const delay = retryDelay(this.#node.options.retry, attempt, random);
    await clock.sleep(delay, this.#betweenTries.signal).catch(() => undefined);
    if (this.#stopped !== undefined) return { kind: "stopped", task: this.task };
    return this.#try(attempt + 1);
  }
}

function isRetryable(retryOn: ((error: unknown) => boolean) | undefined, error: unknown): boolean {
  if (retryOn === undefined) return true;
  try {
    return retryOn(error);
  } catch {
    return false;
  }
}
