/** Asks the conditional edges of what ran, on the state after the barrier. Their answers are all that the frontier needs of them. */
import { RouteError } from "../errors.js";
import type { GraphPlan, OriginPlan, RoutePlan } from "../graph/plan.js";
import { START } from "../graph/target.js";
import type { Channels, StateOf } from "../state/channel.js";
import { readTargets } from "./command.js";
import type { RouteTarget, TaskOutcome, TaskResult } from "./outcome.js";
import { isThenable } from "./thenable.js";

/** What each conditional edge of an origin answered, in order of declaration. Asked once an origin, however many of its tasks ran. */
export type RouteAnswers = ReadonlyMap<string, readonly (readonly RouteTarget[])[]>;

const NO_ANSWERS: RouteAnswers = new Map();

/** Throws RouteError when a route throws or answers with something that is no target. Waits only for routes that are asynchronous. */
export function askRoutes<C extends Channels>(
  plan: GraphPlan<C>,
  results: readonly TaskResult[],
  state: StateOf<C>,
): RouteAnswers | Promise<RouteAnswers> {
  let asked: Map<string, readonly ReturnType<typeof ask>[]> | undefined;
  let isLate = false;
  for (const { task, outcome } of results) {
    const origin = originOf(plan, task.node);
    if (origin === undefined || origin.routes.length === 0 || asked?.has(task.node) || isReplaced(outcome)) continue;
    const own = origin.routes.map((route) => ask(route, state));
    isLate ||= own.some(isThenable);
    asked ??= new Map();
    asked.set(task.node, own);
  }
  if (asked === undefined) return NO_ANSWERS;
  return isLate ? allOf(asked) : (asked as RouteAnswers);
}

/** Whether a Command says where to go instead of the edges. */
function isReplaced({ routes }: TaskOutcome): boolean {
  return routes.some(({ mode }) => mode === "replace");
}

/** What leads out of a node, or out of START. */
export function originOf<C extends Channels>(plan: GraphPlan<C>, name: string): OriginPlan<C> | undefined {
  return name === START ? plan.start : plan.nodes.get(name);
}

async function allOf(asked: ReadonlyMap<string, readonly ReturnType<typeof ask>[]>): Promise<RouteAnswers> {
  const waiting = [...asked].map(async ([name, own]) => [name, await Promise.all(own)] as const);
  return new Map(await Promise.all(waiting));
}

function ask<C extends Channels>(
  plan: RoutePlan<C>,
  state: StateOf<C>,
): readonly RouteTarget[] | Promise<readonly RouteTarget[]> {
  const answered = callRoute(plan, state);
  if (!(answered instanceof Promise)) return check(plan.origin, answered);
  const checked = answered.then(
    (late) => check(plan.origin, late),
    (error) => {
      throw RouteError.failed(plan.origin, error);
    },
  );
  // Another route may throw before anybody waits for this one.
  checked.catch(() => undefined);
  return checked;
}

function callRoute<C extends Channels>(plan: RoutePlan<C>, state: StateOf<C>): unknown {
  try {
    const answered: unknown = plan.route(state);
    return isThenable(answered) ? Promise.resolve(answered) : answered;
  } catch (error) {
    throw RouteError.failed(plan.origin, error);
  }
}

function check(origin: string, answered: unknown): readonly RouteTarget[] {
  const targets = readTargets(answered);
  if (targets === undefined)
    throw RouteError.failed(
      origin,
      new TypeError("it answered with something that is neither a node name, END nor a Send"),
    );
  return targets;
}
