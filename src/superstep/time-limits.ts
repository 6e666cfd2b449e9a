/** How long an attempt may take (S7): in all, and without a sign of life. Whoever is late is told to stop, and waited for within the grace period. */
import { NodeTimeoutError } from "../errors.js";
import { disown } from "../state/disown.js";
import type { Clock, Life, TaskContext } from "./task-context.js";

/** Milliseconds that an aborted node has to settle before it is given up. */
export const GRACE_MS = 5_000;

/** The time limits of a node, in milliseconds. */
interface TimeLimits {
  readonly timeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
}
/** A limit that was reached: told from whatever a node may give by being one of ours. */
interface Late {
  readonly option: keyof TimeLimits;
  readonly ms: number;
}

/** Who is watched, and until when. */
interface Watch {
  readonly context: TaskContext;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export function hasLimits({ timeoutMs, idleTimeoutMs }: TimeLimits): boolean {
  return timeoutMs !== undefined || idleTimeoutMs !== undefined;
}

/** What a node gives in time. Throws NodeTimeoutError once the node has settled, or its grace is over; what it gives by then does not count. */
export async function withinLimits(
  returned: Promise<unknown>,
  context: TaskContext,
  { timeoutMs, idleTimeoutMs }: TimeLimits,
  clock: Clock,
): Promise<unknown> {
  disown(returned);
  const timers = new AbortController();
  const lates: Late[] = [];
  const waits: Promise<unknown>[] = [returned];
  const limit = (late: Late, wait: Promise<void>): void => {
    lates.push(late);
    waits.push(wait.catch(() => undefined).then(() => late));
  };
  const { life } = context;
  const watch = { context, clock, signal: timers.signal };
  if (timeoutMs !== undefined) limit({ option: "timeoutMs", ms: timeoutMs }, spent(timeoutMs, watch));
  if (idleTimeoutMs !== undefined && life !== undefined)
    limit({ option: "idleTimeoutMs", ms: idleTimeoutMs }, silence(life, idleTimeoutMs, watch));
  const first = await Promise.race(waits).finally(() => timers.abort());
  const late = lates.find((one) => one === first);
  if (late === undefined) return first;
  const error = new NodeTimeoutError(context.node, late.ms, late.option);
  context.abort(error);
  await settledOrGivenUp(returned, clock);
  throw error;
}

/** Resolves once so much time has passed since the attempt began, or since its turn came, if it had to wait for one. */
async function spent(ms: number, { context, clock, signal }: Watch): Promise<void> {
  let turn: Promise<number> | undefined;
  do {
    turn = context.turn;
    const left = turn === undefined ? ms : (await turn) + ms - clock.now();
    if (left > 0) await clock.sleep(left, signal);
  } while (context.turn !== turn);
}

/**
 * Resolves once no sign has come for so long. One timer that is set again when it rings, however many signs come; on a clock that stands
 * still or does not sleep it ends too, because each round needs a sign of its own.
 */
async function silence(life: Life, ms: number, { context, clock, signal }: Watch): Promise<void> {
  let heard: number;
  do {
    if (context.turn !== undefined) await context.turn;
    heard = life.signs;
    const left = life.at + ms - clock.now();
    if (left > 0) await clock.sleep(left, signal);
  } while (life.signs !== heard);
}

async function settledOrGivenUp(returned: Promise<unknown>, clock: Clock): Promise<void> {
  const grace = new AbortController();
  const settled = returned.catch(() => undefined);
  await Promise.race([settled, clock.sleep(GRACE_MS, grace.signal).catch(() => undefined)]);
  grace.abort();
}
