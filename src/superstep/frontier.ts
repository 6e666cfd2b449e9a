/**
 * The next frontier: who runs next, from what ran and what the routes answered (F1–F6). Pure: neither the order in which
 * tasks finished nor the order of commands within a task changes the set of targets.
 */
import { RouteError } from "../errors.js";
import { type GraphPlan, type OriginPlan, targetNames } from "../graph/plan.js";
import { END } from "../graph/target.js";
import type { Channels } from "../state/channel.js";
import type { Route, RouteTarget, TaskResult } from "./outcome.js";
import { originOf, type RouteAnswers } from "./routes.js";

/** Declared targets; undefined: any. */
type Allowed = ReadonlySet<string> | undefined;

/** What an invocation remembers from superstep to superstep besides its state. */
export interface Progress {
  /** Sources that ran since the join last fired, by join (F4). */
  readonly joins: Readonly<Record<string, readonly string[]>>;
  /** Deferred nodes that were reached and wait until nothing else is left. */
  readonly deferred: readonly RouteTarget[];
  /** Whether END was reached in this invocation. */
  readonly ended: boolean;
}
export const NO_PROGRESS: Progress = Object.freeze({
  joins: Object.freeze({}),
  deferred: Object.freeze([]),
  ended: false,
});

/** What the next frontier depends on, and nothing else does (F6). */
export interface FrontierInput<C extends Channels> {
  readonly plan: GraphPlan<C>;
  /** What ran, in frontier order. */
  readonly results: readonly TaskResult[];
  readonly answers: RouteAnswers;
  readonly progress: Progress;
}
/** Who runs next. */
export interface Frontier {
  readonly targets: readonly RouteTarget[];
  readonly progress: Progress;
  /** Why nothing runs next: END was reached, nothing is left, or a join can no longer fire (F4, F5). Undefined while something does. */
  readonly end: FrontierEnd | undefined;
}
export type FrontierEnd =
  | { readonly kind: "end" | "emptyFrontier" }
  | { readonly kind: "stalled"; readonly join: string; readonly waitingFor: readonly string[] };

/** Throws RouteError when a target does not exist or was not declared (F3). */
export function computeNextFrontier<C extends Channels>(input: FrontierInput<C>): Frontier {
  const walk = new Walk(input.plan, input.progress);
  for (const result of input.results) leave(walk, input, result);
  const running = walk.targets.length > 0;
  const targets = running ? walk.targets : walk.deferred;
  const progress = walk.progress(running ? walk.deferred : []);
  return { targets, progress, end: targets.length > 0 ? undefined : frontierEnd(input.plan, progress) };
}

/** One task's ways out, in the order of F1. */
function leave<C extends Channels>(walk: Walk<C>, input: FrontierInput<C>, { task, outcome }: TaskResult): void {
  const origin = originOf(input.plan, task.node);
  if (origin === undefined) return;
  if (outcome.routes.some(isReplacing))
    return leaveByCommands(walk, task.node, outcome.routes.filter(isReplacing), origin.ends);
  leaveByExits(walk, origin, task.node);
  leaveByCommands(walk, task.node, outcome.routes, origin.ends);
  const answers = input.answers.get(task.node);
  answers?.forEach((answer, index) => {
    for (const target of answer) walk.reach(task.node, target, origin.routes[index]?.targets);
  });
}

function isReplacing({ mode }: Route): boolean {
  return mode === "replace";
}

function leaveByCommands<C extends Channels>(
  walk: Walk<C>,
  node: string,
  routes: readonly Route[],
  ends: Allowed,
): void {
  for (const { targets } of routes) for (const target of targets) walk.reach(node, target, ends);
}

function leaveByExits<C extends Channels>(walk: Walk<C>, origin: OriginPlan<C>, node: string): void {
  for (const exit of origin.exits) {
    if (exit.kind === "edge") walk.reach(node, exit.to, undefined);
    else if (walk.arm(exit.join.id, exit.join.sources, node)) walk.reach(node, exit.join.to, undefined);
  }
}

/** Why an empty frontier is empty. */
export function frontierEnd<C extends Channels>(plan: GraphPlan<C>, progress: Progress): FrontierEnd {
  if (progress.ended) return { kind: "end" };
  for (const join of plan.joins.values()) {
    const armed = progress.joins[join.id] ?? [];
    if (armed.length > 0) {
      return { kind: "stalled", join: join.to, waitingFor: join.sources.filter((source) => !armed.includes(source)) };
    }
  }
  return { kind: "emptyFrontier" };
}

/** Collects targets: names once, at first mention; Sends always (F2). */
class Walk<C extends Channels> {
  readonly targets: RouteTarget[] = [];
  readonly deferred: RouteTarget[];
  readonly #plan: GraphPlan<C>;
  readonly #former: Progress;
  #named: Set<string> | undefined;
  #fired: Set<string> | undefined;
  #joins: Record<string, readonly string[]> | undefined;
  #ended: boolean;

  constructor(plan: GraphPlan<C>, former: Progress) {
    this.#plan = plan;
    this.#former = former;
    this.#ended = former.ended;
    this.deferred = [...former.deferred];
  }

  reach(origin: string, target: RouteTarget, allowed: Allowed): void {
    const isNamed = typeof target === "string";
    const name = isNamed ? target : target.node;
    this.#check(origin, target, allowed);
    if (target === END) {
      this.#ended = true;
      return;
    }
    if (isNamed && !this.#isFirst(name)) return;
    const isDeferred = this.#plan.nodes.get(name)?.options.defer === true;
    (isDeferred ? this.deferred : this.targets).push(target);
  }

  /** Names the target. Most supersteps lead to one, and need no set. */
  #isFirst(name: string): boolean {
    if (this.targets.length + this.deferred.length === 0) return true;
    this.#named ??= new Set([...this.targets, ...this.deferred].filter((target) => typeof target === "string"));
    if (this.#named.has(name)) return false;
    this.#named.add(name);
    return true;
  }

  #check(origin: string, target: RouteTarget, allowed: Allowed): void {
    const name = typeof target === "string" ? target : target.node;
    const exists = target === END || this.#plan.nodes.has(name);
    if (exists && allowed?.has(name) !== false) return;
    if (exists) throw RouteError.undeclaredTarget(origin, name, [...(allowed ?? [])]);
    throw RouteError.unknownTarget(origin, name, allowed ? [...allowed] : targetNames(this.#plan));
  }

  /** True when the last missing source has now run. The join begins anew with the next superstep: tasks of one run side by side. */
  arm(id: string, sources: readonly string[], source: string): boolean {
    if (this.#fired?.has(id)) return false;
    this.#joins ??= { ...this.#former.joins };
    const armed = this.#joins[id] ?? [];
    const now = armed.includes(source) ? armed : [...armed, source];
    const fires = now.length === sources.length;
    if (fires) {
      this.#fired ??= new Set();
      this.#fired.add(id);
      delete this.#joins[id];
    } else this.#joins[id] = now;
    return fires;
  }

  progress(deferred: readonly RouteTarget[]): Progress {
    const { joins, ended, deferred: former } = this.#former;
    if (this.#joins === undefined && this.#ended === ended && deferred.length === 0 && former.length === 0)
      return this.#former;
    return { joins: this.#joins ?? joins, deferred, ended: this.#ended };
  }
}
