/** The events of a run (C2): what is said to be done is durable by then; starts, progress and retries are live. */
import type { ErrorRecord, TaskRef } from "../errors.js";
import type { Settled } from "../superstep/attempt.js";
import type { PauseReason } from "../superstep/interrupts.js";
import type { StepReport } from "./report.js";

/** What happened, without its envelope. */
export type RunEventBody =
  | { readonly type: "run.started" }
  | { readonly type: "step.started"; readonly frontier: readonly TaskRef[] }
  | {
      readonly type: "node.started" | "node.completed";
      readonly task: TaskRef;
      readonly attempt: number;
      readonly durationMs?: number;
      /** Its outcome was in the cache; the node did not run. */
      readonly cached?: true;
    }
  | {
      readonly type: "node.retrying" | "node.failed";
      readonly task: TaskRef;
      readonly attempt: number;
      readonly error: ErrorRecord;
    }
  | { readonly type: "node.emitted"; readonly task: TaskRef; readonly data: unknown }
  | {
      readonly type: "node.progress";
      readonly task: TaskRef;
      readonly done: number;
      readonly total?: number;
      readonly message?: string;
    }
  | { readonly type: "step.completed"; readonly report: StepReport }
  /** Stands for the `count` events up to its `seq` that this reader came too late for; each reader has its own. */
  | { readonly type: "stream.dropped"; readonly count: number }
  | { readonly type: "run.paused"; readonly reason: PauseReason }
  | { readonly type: "run.completed" }
  | { readonly type: "run.failed"; readonly error: ErrorRecord };

/** One event of a run. `seq` counts from 1, `at` is stamped when it happened, `step` is the superstep being attempted. */
export type RunEvent = {
  readonly seq: number;
  readonly at: number;
  readonly sessionId: string;
  readonly step: number;
  /** Of what happens within a subgraph: the nodes that lead to it. `step` is then the subgraph's own. */
  readonly path?: readonly string[];
} & RunEventBody;

/** Where events go. Never throws. */
export type EventSink = (step: number, event: RunEventBody, path?: readonly string[]) => void;

/** The events of a subgraph, on the stream of the run around it. That it starts and ends is what is told of its node. */
export function within(path: readonly string[], sink: EventSink | undefined): EventSink | undefined {
  if (sink === undefined) return undefined;
  return (step, event, inner = path) => {
    if (!event.type.startsWith("run.")) sink(step, event, inner);
  };
}

export function completionOf({
  task,
  attempt,
  ms: durationMs,
  cached,
}: Settled & { readonly kind: "finished" }): RunEventBody {
  const body = { type: "node.completed", task, attempt, durationMs } as const;
  return cached === true ? { ...body, cached } : body;
}
