/** What came of a superstep's tasks as a whole: all finished, some failed, some asked, or it was aborted. Pure. */
import { NodeError, type SerializationError, type TaskRef } from "../errors.js";
import type { Ask } from "./ask.js";
import type { Settled } from "./attempt.js";
import type { TaskResult } from "./outcome.js";
import type { ScheduledStep } from "./schedule.js";
import { firstOf, type PauseWithin } from "./told.js";

export type Verdict =
  | { readonly kind: "finished"; readonly results: readonly TaskResult[] }
  | {
      readonly kind: "failed";
      readonly error: NodeError | SerializationError;
      readonly task: TaskRef;
      readonly attempt: number;
    }
  | { readonly kind: "asked"; readonly asks: readonly { readonly task: TaskRef; readonly ask: Ask }[] }
  | { readonly kind: "paused"; readonly pause: PauseWithin }
  | { readonly kind: "aborted" };

/** `shortfall`: of a fan-out, why its failures are not borne. A failure beats an abort's leftovers and every question (S6), a question every pause within a subgraph; errors name the first failure in frontier order. */
export function verdictOf(
  { settled }: ScheduledStep,
  aborted: boolean,
  shortfall: (node: string) => string | undefined = () => undefined,
): Verdict {
  if (settled.every((one) => one.kind === "finished")) return { kind: "finished", results: settled };
  if (aborted) return { kind: "aborted" };
  const failures = settled.filter((one) => one.kind === "failed");
  const [first] = failures;
  if (first !== undefined) {
    const error = new NodeError(
      first,
      failures.map(({ task, attempt, error }) => ({ task, attempt, error })),
      shortfall(first.task.node),
    );
    return { kind: "failed", error, task: first.task, attempt: first.attempt };
  }
  const unstorable = settled.find((one) => one.kind === "unstorable");
  if (unstorable !== undefined)
    return { kind: "failed", error: unstorable.error, task: unstorable.task, attempt: unstorable.attempt };
  const asks = settled.filter((one) => one.kind === "asked");
  if (asks.length === 0) return pausedOr(settled, { kind: "aborted" });
  return { kind: "asked", asks: asks.flatMap((one) => one.asks.map((ask) => ({ task: one.task, ask }))) };
}

function pausedOr(settled: readonly Settled[], otherwise: Verdict): Verdict {
  const [first, ...others] = settled.flatMap((one) => (one.kind === "stopped" && one.pause ? [one.pause] : []));
  return first === undefined ? otherwise : { kind: "paused", pause: firstOf([first, ...others]) };
}

/** The results that are worth keeping when the superstep does not commit. */
export function finishedOf(settled: readonly Settled[]): readonly (Settled & { kind: "finished" })[] {
  return settled.filter((one) => one.kind === "finished");
}

/** Ids of the tasks whose outcomes were in the cache. */
export function cachedOf(settled: readonly Settled[]): readonly string[] {
  return settled.flatMap((one) => (one.kind === "finished" && one.cached === true ? [one.task.id] : []));
}
