/** What a superstep and a run report, as plain values. */
import type { TaskRef } from "../errors.js";
import type { Checkpoint } from "../session/checkpoint.js";
import { type Change, changesOf, type SessionView } from "../session/view.js";
import type { Channels } from "../state/channel.js";
import type { Versions } from "../superstep/barrier.js";
import type { PauseReason } from "../superstep/interrupts.js";

/** What the barrier of a superstep changed. */
export interface BarrierOutcome {
  /** Channels whose version grew. */
  readonly updatedChannels: readonly string[];
  readonly changes: readonly Change[];
}
/** A committed superstep. */
export interface StepReport {
  readonly sessionId: string;
  /** The superstep just committed, from 1. */
  readonly step: number;
  readonly ran: readonly TaskRef[];
  readonly barrier: BarrierOutcome;
  readonly nextFrontier: readonly TaskRef[];
  readonly versions: Versions;
  /** Whether the session is completed with it. */
  readonly completed: boolean;
  readonly durationMs: number;
  /** Ids of the tasks whose outcomes were in the cache, so that their nodes did not run. */
  readonly cached: readonly string[];
}
/** A session that stopped, and why. */
export interface PausedReport<C extends Channels = Channels> extends SessionView<C> {
  readonly reason: PauseReason;
}
/** What `runStep` answers: the superstep it committed, or the pause it met before or after one. */
export type StepResult<C extends Channels> =
  | { readonly status: "completed"; readonly report: StepReport }
  | { readonly status: "paused"; readonly paused: PausedReport<C>; readonly report?: StepReport };
/** What a run answers. Pausing is an answer, not an error. */
export type RunResult<C extends Channels> =
  | (SessionView<C> & { readonly outcome: "completed"; readonly summary: RunSummary })
  | (SessionView<C> & { readonly outcome: "paused"; readonly reason: PauseReason; readonly summary: RunSummary });
/** Of this call alone. `overheadMs`: time in which no node was running. */
export interface RunSummary {
  readonly steps: number;
  readonly tasks: number;
  readonly retries: number;
  readonly durationMs: number;
  /** Milliseconds by node, retries and their delays included. */
  readonly nodeMs: Readonly<Record<string, number>>;
  readonly overheadMs: number;
}

const NONE: readonly string[] = Object.freeze([]);

export function reportOf(
  checkpoint: Checkpoint,
  updatedChannels: readonly string[],
  durationMs: number,
  cached: readonly string[] = NONE,
): StepReport {
  const { sessionId, step, ran, frontier, versions, deltas, note } = checkpoint;
  return {
    sessionId,
    step,
    ran,
    barrier: { updatedChannels, changes: changesOf(deltas) },
    nextFrontier: frontier,
    versions,
    completed: note.status.kind === "completed",
    durationMs,
    cached,
  };
}
