/** What a node is given (NodeContext). Members are made when looked at; they work when destructured. */
import type { TaskRef } from "../errors.js";
import { InvalidOptionError } from "../errors.js";
import type { Artifacts } from "../graph/artifacts.js";
import type { Elsewhere, ModuleRef } from "../graph/module-ref.js";
import type { NodeContext, OnceCall } from "../graph/node.js";
import type { Descending, SubgraphPlan } from "../graph/plan.js";
import { NO_CONTEXT } from "../graph/run-context.js";
import { disown } from "../state/disown.js";
import { seal } from "../state/seal.js";
import type { Ask } from "./ask.js";
import type { Effects, Remember } from "./effects.js";
import type { NodeExecutor } from "./executor.js";
import type { Onion } from "./middleware.js";
import type { OutcomeCache } from "./outcome-cache.js";
import type { TaskMemory } from "./record.js";
import type { PauseWithin } from "./told.js";

/** What a superstep needs from its runner. Ports are narrow: whoever calls `scheduleStep` may leave the listeners out. */
export interface StepEnvironment {
  readonly sessionId: string;
  /** The superstep being attempted. */
  readonly step: number;
  readonly clock: Clock;
  /** Milliseconds, for durations. */
  readonly stopwatch: () => number;
  readonly random: () => number;
  /** What the call handed on. */
  readonly context?: ReadonlyMap<object, unknown> | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly listener?: TaskListener | undefined;
  /** Makes an effect's result durable before the node sees it, and a failed attempt before the next one. */
  readonly remember?: Remember | undefined;
  /** Wraps the call of a node: spans. */
  readonly around?: ((task: TaskRef, attempt: number, call: () => unknown) => unknown) | undefined;
  /** Runs a graph that is a node, as far as it goes. Rejects when it fails. */
  readonly descend?: ((task: TaskRef, sub: SubgraphPlan, call: DescentCall) => Promise<Descent>) | undefined;
  /** Whether there is a graph around this one. */
  readonly isInside?: boolean;
  /** Stands between the node and whoever calls it. */
  readonly middleware?: Onion | undefined;
  /** Outcomes of nodes that have a cache; without it they run. */
  readonly cache?: OutcomeCache | undefined;
  /** What its tasks put into the store, and get from there. */
  readonly artifacts?: ((signal: () => AbortSignal) => Artifacts) | undefined;
  /** What runs nodes somewhere else, by the names that nodes use. */
  readonly executors?: ReadonlyMap<string, NodeExecutor> | undefined;
}
/** What a task that is a graph hands down. */
export interface DescentCall {
  readonly signal: AbortSignal;
  readonly memory: TaskMemory | undefined;
}
/** How far a graph within a task has come. `paused`: it was to stop there. `stopped`: the run ends at a boundary, and goes on there another time. */
export type Descent =
  | { readonly kind: "finished"; readonly result: unknown }
  | { readonly kind: "asked"; readonly asks: readonly Ask[] }
  | { readonly kind: "paused"; readonly pause: PauseWithin }
  | { readonly kind: "stopped" };
/** Time, injected. A sleep ends early, by rejection, when its signal is aborted. */
export interface Clock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
/** Hears what tasks do, while they do it. */
export interface TaskListener {
  started(task: TaskRef, attempt: number): void;
  retrying(task: TaskRef, attempt: number, error: unknown): void;
  emitted(task: TaskRef, data: unknown): void;
  progressed(task: TaskRef, done: number, total?: number, message?: string): void;
}
/** When a node last gave a sign of life, and how many there were. */
export interface Life {
  at: number;
  signs: number;
}

/** What the tries of a task have in common. */
export interface Recall {
  readonly memory: TaskMemory | undefined;
  readonly effects: Effects;
  readonly state: object;
  /** What runs the node, if it does not run here. */
  readonly executor: NodeExecutor | undefined;
}

const NO_CONFIG: Readonly<Record<string, unknown>> = Object.freeze({});

/** Thrown by `ctx.interrupt` to leave the node. Whether it gets through does not matter: the question is noted (P3). */
export class InterruptSignal {
  readonly message = "the session pauses here until the question is answered; let this pass through";
}

/** What `ctx.once` is given. Throws InvalidOptionError. */
export function checkOnce(key: unknown, effect: unknown): void {
  if (typeof key !== "string" || key === "")
    throw new InvalidOptionError("key", "of `once` is not a name", "pass a string that is not empty");
  if (typeof effect !== "function")
    throw new InvalidOptionError("effect", "of `once` is no function", "pass (call) => result");
}

/** An id that no other call of any task gets. */
export function freshId(
  { taskId, attempt }: Pick<NodeContext, "taskId" | "attempt">,
  place: number,
  random: number,
): string {
  return `${taskId}.${attempt}.${place}.${Math.floor(random * 2 ** 52).toString(36)}`;
}

export class TaskContext implements NodeContext, Descending, Elsewhere {
  /** The open questions, if the node asked; none, when it is a graph that stopped at a boundary of its own. */
  asks: readonly Ask[] | undefined;
  /** Set when it is a graph that was to stop where it stands. */
  pause: PauseWithin | undefined;
  /** Set for a node that may not be silent for long. */
  life: Life | undefined;
  /** When its turn came, if it had to wait for one elsewhere. */
  turn: Promise<number> | undefined;
  readonly #task: TaskRef;
  readonly #environment: StepEnvironment;
  readonly #recall: Recall;
  #abort: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;
  #asked = 0;
  #ids = 0;
  #keys: Set<string> | undefined;

  constructor(
    task: TaskRef,
    readonly attempt: number,
    environment: StepEnvironment,
    recall: Recall,
  ) {
    this.#task = task;
    this.#environment = environment;
    this.#recall = recall;
  }

  get sessionId(): string {
    return this.#environment.sessionId;
  }
  get node(): string {
    return this.#task.node;
  }
  get step(): number {
    return this.#environment.step;
  }
  get taskId(): string {
    return this.#task.id;
  }
  get input(): unknown {
    return this.#task.input;
  }
  get context(): ReadonlyMap<object, unknown> {
    return this.#environment.context ?? NO_CONTEXT;
  }
  get config(): Readonly<Record<string, unknown>> {
    return this.#environment.config ?? NO_CONFIG;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason.value);
    }
    return this.#abort.signal;
  }

  /** Whether the node could know that it was told to stop. */
  get isSignalSeen(): boolean {
    return this.#abort !== undefined;
  }

  /** Tells the node to stop. */
  abort(reason: unknown): void {
    this.#reason ??= { value: reason };
    this.#abort?.abort(reason);
  }

  get interrupt(): <Answer = unknown>(payload: unknown) => Answer {
    return <Answer>(payload: unknown): Answer => {
      if (this.asks !== undefined) throw new InterruptSignal();
      const index = this.#asked++;
      const answer = this.#recall.memory?.interrupts[index]?.answer;
      if (answer !== undefined) return answer.value as Answer;
      seal(payload, ["payload"]);
      this.asks = [{ index, payload }];
      throw new InterruptSignal();
    };
  }

  async descend(sub: SubgraphPlan): Promise<unknown> {
    const { descend } = this.#environment;
    if (descend === undefined) {
      const problem = `is not there, and node "${this.node}" is a graph`;
      throw new InvalidOptionError("environment.descend", problem, "run the graph with an AppRunner");
    }
    const came = await descend(this.#task, sub, { signal: this.signal, memory: this.#recall.memory });
    if (came.kind === "finished") return came.result;
    this.asks = came.kind === "asked" ? came.asks : [];
    if (came.kind === "paused") this.pause = came.pause;
    throw new InterruptSignal();
  }

  elsewhere(module: ModuleRef, args: readonly unknown[]): Promise<unknown> | undefined {
    const { executor, state, memory } = this.#recall;
    if (executor === undefined) return undefined;
    // Middleware may have asked before: those answers are its own.
    const answers = (memory?.interrupts ?? []).slice(this.#asked).map(({ answer }) => answer);
    // A function of items is given the state last, and the state may be an item.
    const returns = args[0] === state && args[2] !== state ? "outcome" : "value";
    const waitsFor = (turn: Promise<unknown>): void => this.#waitFor(turn);
    // Whatever an executor gives, the node does not run here.
    return Promise.resolve(executor.execute({ module, args, state, ctx: this, answers, returns, waitsFor }));
  }

  get once(): <T>(key: string, effect: (call: OnceCall) => T | Promise<T>) => Promise<T> {
    return async <T>(key: string, effect: (call: OnceCall) => T | Promise<T>): Promise<T> => {
      this.#claim(key, effect);
      return (await this.#recall.effects.run(key, effect)) as T;
    };
  }

  get artifacts(): Artifacts {
    const { artifacts } = this.#environment;
    if (artifacts !== undefined) return artifacts(() => this.signal);
    throw new InvalidOptionError("environment.artifacts", "is not there", "run the graph with an AppRunner");
  }

  get emit(): (data: unknown) => void {
    return (data) => {
      this.#giveSign();
      this.#environment.listener?.emitted(this.#task, data);
    };
  }
  get progress(): (done: number, total?: number, message?: string) => void {
    return (done, total, message) => {
      this.#giveSign();
      this.#environment.listener?.progressed(this.#task, done, total, message);
    };
  }
  get now(): () => number {
    return () => this.#environment.clock.now();
  }
  get random(): () => number {
    return () => this.#environment.random();
  }
  get id(): () => string {
    return () => freshId(this, ++this.#ids, this.#environment.random());
  }

  #waitFor(turn: Promise<unknown>): void {
    const begins = (): number => {
      this.#giveSign();
      return this.#environment.clock.now();
    };
    this.#giveSign();
    this.turn = Promise.resolve(turn).then(begins, begins);
    disown(this.turn);
  }

  #giveSign(): void {
    if (this.life === undefined) return;
    this.life.at = this.#environment.clock.now();
    this.life.signs++;
  }

  #claim(key: string, effect: unknown): void {
    checkOnce(key, effect);
    this.#keys ??= new Set();
    if (this.#keys.has(key)) {
      throw new InvalidOptionError(
        "key",
        `"${key}" of \`once\` is used twice in one task`,
        "give each effect of a node its own key",
      );
    }
    this.#keys.add(key);
  }
}
