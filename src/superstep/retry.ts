/** The attempts of one task: whether another one follows a failure, when, and what is kept of it, so that a crash does not begin afresh. */
import { recordOf, type TaskRef } from "../errors.js";
import type { RetryPolicy } from "../graph/node.js";
import { disown } from "../state/disown.js";
import type { AttemptRecord, TaskMemory } from "./record.js";
import type { Clock } from "./task-context.js";
import { isThenable } from "./thenable.js";

/** What retries need of the outside. */
interface Chance {
  readonly clock: Clock;
  readonly random: () => number;
}

export class Retries {
  readonly #policy: RetryPolicy;
  readonly #chance: Chance;
  readonly #since: number;
  /** Answers that the task was given before it was begun. A question that it asked and that was answered begins the count afresh. */
  readonly #answers: number;
  /** The failed attempt that an earlier process left behind. */
  readonly former: AttemptRecord | undefined;

  constructor(policy: RetryPolicy, chance: Chance, memory: TaskMemory | undefined) {
    this.#policy = policy;
    this.#chance = chance;
    this.#answers = memory?.interrupts.length ?? 0;
    const { attempt } = memory ?? {};
    this.former =
      attempt !== undefined && attempt.attempt > 0 && attempt.answers === this.#answers ? attempt : undefined;
    this.#since = this.former?.since ?? chance.clock.now();
  }

  /** What is kept of a failed attempt that another one follows; undefined when the failure is final. */
  after(task: TaskRef, attempt: number, error: unknown): AttemptRecord | undefined {
    const { maxAttempts, retryOn, budgetMs = Number.POSITIVE_INFINITY } = this.#policy;
    if (attempt >= maxAttempts || isFinal(error) || !isRetryable(retryOn, error)) return undefined;
    const delayMs = Math.max(retryDelay(this.#policy, attempt, this.#chance.random), retryAfterOf(error));
    const at = this.#chance.clock.now();
    if (at + delayMs - this.#since > budgetMs) return undefined;
    const { name, code, message } = recordOf(error);
    const since = this.#since;
    return {
      kind: "attempt",
      taskId: task.id,
      attempt,
      since,
      at,
      delayMs,
      answers: this.#answers,
      error: { name, code, message },
    };
  }

  /** Whether another attempt may begin now. */
  allows({ attempt }: AttemptRecord): boolean {
    const { maxAttempts, budgetMs = Number.POSITIVE_INFINITY } = this.#policy;
    return attempt < maxAttempts && this.#chance.clock.now() - this.#since <= budgetMs;
  }

  /** Milliseconds that are left of the delay; never more than the delay, should another process have had another clock. */
  leftOf({ at, delayMs }: AttemptRecord): number {
    return Math.min(delayMs, Math.max(0, at + delayMs - this.#chance.clock.now()));
  }
}

/** Milliseconds: 500, doubled each time, at most 30 s, jittered to between half and all of that. */
export function retryDelay(
  policy: Omit<RetryPolicy, "maxAttempts" | "retryOn"> = {},
  attempt: number,
  random: () => number,
): number {
  const { initialDelayMs = 500, backoff = 2, maxDelayMs = 30_000, jitter = true } = policy;
  const growth = Math.min(backoff ** (attempt - 1), Number.MAX_VALUE);
  const delay = Math.min(initialDelayMs * growth, maxDelayMs);
  return jitter ? delay * (0.5 + random() / 2) : delay;
}

/** What the error itself asks for; 0 when it says nothing that can be used. */
function retryAfterOf(error: unknown): number {
  if (typeof error !== "object" || error === null) return 0;
  try {
    const { retryAfterMs } = error as { readonly retryAfterMs?: unknown };
    return typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs) && retryAfterMs > 0 ? retryAfterMs : 0;
  } catch {
    return 0;
  }
}

/** Whether the error itself says that another attempt would end the same. */
function isFinal(error: unknown): boolean {
  try {
    return (error as { readonly retryable?: unknown } | null | undefined)?.retryable === false;
  } catch {
    return false;
  }
}

function isRetryable(retryOn: ((error: unknown) => boolean) | undefined, error: unknown): boolean {
  if (retryOn === undefined) return true;
  try {
    const answer = retryOn(error);
    disown(answer);
    return !isThenable(answer) && answer;
  } catch {
    return false;
  }
}
