/**
 * One task, from its first attempt to its end: cache, retries, time limits, middleware, `onError`. Whatever a node does becomes a settled task
 * (S7); it throws or rejects only when the runner's own clock or random does. Synchronous as long as the node is (S8).
 */
import { NodeResultError, RetriesSpentError, SerializationError, SuperstepError, type TaskRef } from "../errors.js";
import type { CachePolicy } from "../graph/node.js";
import type { NodePlan } from "../graph/plan.js";
import type { Channels, StateOf } from "../state/channel.js";
import { disown } from "../state/disown.js";
import type { Ask } from "./ask.js";
import { readOutcome } from "./command.js";
import { Effects } from "./effects.js";
import { isRefusal, type NodeExecutor } from "./executor.js";
import type { TaskOutcome } from "./outcome.js";
import { type CachePlace, cacheKeyOf } from "./outcome-cache.js";
import type { AttemptRecord, TaskMemory } from "./record.js";
import { Retries } from "./retry.js";
import { type Recall, type StepEnvironment, TaskContext } from "./task-context.js";
import { isThenable } from "./thenable.js";
import { hasLimits, withinLimits } from "./time-limits.js";
import type { PauseWithin } from "./told.js";

const PARENT_HELP = "run the graph as a subgraph of another one (`addNode(name, app)`), or return a plain Command";

/** How a task ended. */
export type Settled =
  | {
      readonly kind: "finished";
      readonly task: TaskRef;
      readonly outcome: TaskOutcome;
      readonly attempt: number;
      readonly ms: number;
      readonly kept: boolean;
      /** Attempts after the first that were made in this call. */
      readonly retries?: number;
      /** Its outcome was in the cache; the node did not run. */
      readonly cached?: boolean;
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
      readonly retries?: number;
    }
  /** It finished, but what it returned cannot be stored. */
  | {
      readonly kind: "unstorable";
      readonly task: TaskRef;
      readonly error: SerializationError;
      readonly attempt: number;
      readonly ms: number;
      readonly retries?: number;
    }
  /** It was aborted, or never started; or it is a graph that stands at a boundary of its own, for a reason if it was to stop there. */
  | { readonly kind: "stopped"; readonly task: TaskRef; readonly pause?: PauseWithin };

/** What the tasks of a superstep have in common. */
interface Surroundings<C extends Channels> {
  readonly state: StateOf<C>;
  readonly environment: StepEnvironment;
}

export class TaskRun<C extends Channels> implements Recall {
  readonly state: StateOf<C>;
  readonly #node: NodePlan<C>;
  readonly #environment: StepEnvironment;
  #effects: Effects | undefined;
  #context: TaskContext | undefined;
  #attempts: Retries | undefined;
  #retries = 0;
  #isRescued = false;
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
    this.state = state;
    this.#environment = environment;
  }

  get attempt(): number {
    return this.#context?.attempt ?? this.#attempts?.former?.attempt ?? 1;
  }
  /** Attempts after the first that were made in this call. */
  get retries(): number {
    return this.#retries;
  }
  get ms(): number {
    return this.#environment.stopwatch() - this.#startedAt;
  }
  get effects(): Effects {
    this.#effects ??= new Effects(this.task, this.memory?.memos, this.#environment.remember);
    return this.#effects;
  }
  get executor(): NodeExecutor | undefined {
    const { executor } = this.#node.options;
    return executor === undefined ? undefined : this.#environment.executors?.get(executor);
  }

  run(): Settled | Promise<Settled> {
    this.#startedAt = this.#environment.stopwatch();
    const { options, isMap } = this.#node;
    const isSpread = isMap && this.task.input === undefined;
    return options.cache === undefined || isSpread ? this.#begin() : this.#runUnlessKnown(options.cache);
  }

  /** Tells the node to stop; it may still finish. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#context?.abort(reason);
    this.#betweenTries?.abort(reason);
  }

  /** What follows from an answer is nobody else's: a task that has asked neither takes nor gives. */
  #runUnlessKnown(policy: CachePolicy<C>): Settled | Promise<Settled> {
    const { cache } = this.#environment;
    if (cache === undefined || (this.memory !== undefined && this.memory.interrupts.length > 0)) return this.#begin();
    try {
      const found = cache.find(
        this.task.node,
        cacheKeyOf(policy, this.task, { state: this.state, run: this.#node.run }),
        policy,
      );
      if (!isThenable(found)) return this.#runAt(found);
      return Promise.resolve(found as PromiseLike<CachePlace>).then(
        (place) => this.#runAt(place),
        (error: unknown) => this.#failed(1, error),
      );
    } catch (error) {
      return this.#failed(1, error);
    }
  }

  #runAt(place: CachePlace): Settled | Promise<Settled> {
    const { task, ms } = this;
    const { outcome } = place;
    if (outcome !== undefined) return { kind: "finished", task, outcome, attempt: 1, ms, kept: false, cached: true };
    const settled = this.#begin();
    if (isThenable(settled)) return settled.then((one) => this.#keepAt(place, one));
    return this.#keepAt(place, settled);
  }

  #keepAt(place: CachePlace, settled: Settled): Settled | Promise<Settled> {
    if (settled.kind !== "finished" || this.#isRescued) return settled;
    const keeping = place.keep(settled.outcome);
    return isThenable(keeping) ? Promise.resolve(keeping).then(() => settled) : settled;
  }

  /** Goes on where an earlier process was, if there was one. */
  #begin(): Settled | Promise<Settled> {
    const { retry } = this.#node.options;
    if (this.#stopped !== undefined) return { kind: "stopped", task: this.task };
    if (retry === undefined) return this.#try(1);
    const attempts = new Retries(retry, this.#environment, this.memory);
    this.#attempts = attempts;
    return attempts.former === undefined ? this.#try(1) : this.#goOn(attempts, attempts.former);
  }

  #goOn(attempts: Retries, former: AttemptRecord): Settled | Promise<Settled> {
    const { attempt, error } = former;
    const spent = new RetriesSpentError(this.task.node, attempt, error);
    if (!attempts.allows(former)) return this.#failFinally(attempt, spent);
    return attempts.leftOf(former) > 0 ? this.#tryAgain(attempts, former, spent) : this.#try(attempt + 1);
  }

  #try(attempt: number): Settled | Promise<Settled> {
    const environment = this.#environment;
    const { task } = this;
    const context = new TaskContext(task, attempt, environment, this);
    this.#context = context;
    if (attempt > 1) this.#retries++;
    if (this.#node.options.idleTimeoutMs !== undefined) context.life = { at: environment.clock.now(), signs: 0 };
    environment.listener?.started(task, attempt);
    let returned: unknown;
    try {
      returned = this.#call(context);
      if (isThenable(returned)) return this.#settleLate(context, returned);
    } catch (error) {
      return this.#threw(context, error);
    }
    return this.#returned(context, returned);
  }

  #call(context: TaskContext): unknown {
    const { around, middleware } = this.#environment;
    if (around === undefined && middleware === undefined) return this.#node.run(this.state, context);
    const run = () => this.#node.run(this.state, context);
    const call = middleware === undefined ? run : () => middleware(context, run);
    return around === undefined ? call() : around(this.task, context.attempt, call);
  }

  #settleLate(context: TaskContext, returned: PromiseLike<unknown>): Promise<Settled> {
    const { options } = this.#node;
    const ended = Promise.resolve(returned);
    return (hasLimits(options) ? withinLimits(ended, context, options, this.#environment.clock) : ended).then(
      (value) => this.#returned(context, value),
      (error: unknown) => this.#threw(context, error),
    );
  }

  #returned(context: TaskContext, value: unknown): Settled {
    return context.asks === undefined ? this.#finish(context.attempt, value) : this.#leaves(context, context.asks);
  }

  #threw(context: TaskContext, error: unknown): Settled | Promise<Settled> {
    if (context.asks !== undefined) return this.#leaves(context, context.asks);
    return isRefusal(error) ? this.#failed(context.attempt, error.error) : this.#fail(context, error);
  }

  #leaves({ pause }: TaskContext, asks: readonly Ask[]): Settled {
    const { task, ms } = this;
    if (asks.length > 0) return { kind: "asked", task, asks, ms, kept: false };
    return pause === undefined ? { kind: "stopped", task } : { kind: "stopped", task, pause };
  }

  #finish(attempt: number, value: unknown): Settled {
    const { task, ms, retries } = this;
    try {
      const outcome = readOutcome(task.node, value);
      if (outcome.toParent !== undefined && this.#environment.isInside !== true)
        throw new NodeResultError(task.node, "a Command to the graph around its own, and there is none", PARENT_HELP);
      return { kind: "finished", task, outcome, attempt, ms, kept: false, retries };
    } catch (error) {
      disown(value);
      return this.#failed(attempt, error);
    }
  }

  #failed(attempt: number, error: unknown): Settled {
    const { task, ms, retries } = this;
    if (SuperstepError.is(error) && error instanceof SerializationError)
      return { kind: "unstorable", task, error, attempt, ms, retries };
    return { kind: "failed", task, error, attempt, ms, retries };
  }

  /** A task that was told to stop and never looked at its signal failed by itself: its failure is not lost (S6). */
  #fail({ attempt, isSignalSeen }: TaskContext, error: unknown): Settled | Promise<Settled> {
    const { task } = this;
    if (this.#stopped !== undefined && isSignalSeen) return { kind: "stopped", task };
    const next = this.#attempts?.after(task, attempt, error);
    if (this.#attempts === undefined || next === undefined) return this.#failFinally(attempt, error);
    return this.#stopped === undefined ? this.#retry(this.#attempts, next, error) : { kind: "stopped", task };
  }

  #failFinally(attempt: number, error: unknown): Settled {
    const { onError } = this.#node.options;
    if (onError === undefined)
      return { kind: "failed", task: this.task, error, attempt, ms: this.ms, retries: this.#retries };
    this.#isRescued = true;
    try {
      return this.#finish(attempt, onError(error, this.state));
    } catch (thrown) {
      return this.#failed(attempt, thrown);
    }
  }

  /** The failure is durable before the next attempt begins; the delay is counted from the failure. */
  async #retry(attempts: Retries, failed: AttemptRecord, error: unknown): Promise<Settled> {
    const { listener, remember } = this.#environment;
    listener?.retrying(this.task, failed.attempt, error);
    try {
      await remember?.(failed);
    } catch (unsaved) {
      return this.#failed(failed.attempt, unsaved);
    }
    return this.#tryAgain(attempts, failed, error);
  }

  async #tryAgain(attempts: Retries, failed: AttemptRecord, error: unknown): Promise<Settled> {
    const { task } = this;
    this.#betweenTries = new AbortController();
    if (this.#stopped === undefined)
      await this.#environment.clock.sleep(attempts.leftOf(failed), this.#betweenTries.signal).catch(() => undefined);
    if (this.#stopped !== undefined) return { kind: "stopped", task };
    return attempts.allows(failed) ? this.#try(failed.attempt + 1) : this.#failFinally(failed.attempt, error);
  }
}
