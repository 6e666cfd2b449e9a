/** What callers see of a session: values, never handles. */
import type { RunEnvironment, TaskRef } from "../errors.js";
import type { Channels, StateOf } from "../state/channel.js";
import { type PatchOperation, toPatch } from "../state/delta.js";
import type { ChannelDelta, Versions } from "../superstep/barrier.js";
import { type Checkpoint, type CheckpointSource, checkpointId, type Note, parentIdOf } from "./checkpoint.js";
import type { SessionStatus } from "./status.js";

/** A session as it stands. The state is frozen, deeply, also where its types say that it may be changed; it is shared by reference. */
export interface SessionView<C extends Channels> {
  readonly sessionId: string;
  /** Supersteps committed so far; input and updates do not count. */
  readonly step: number;
  readonly state: StateOf<C>;
  /** Who runs next. */
  readonly frontier: readonly TaskRef[];
  /** How often each channel's value has changed; a channel that never did is absent. */
  readonly versions: Versions;
  readonly status: SessionStatus;
  /** Where it ran last, if the runner was told to note that. */
  readonly environment?: RunEnvironment;
}
/** One line of a list of sessions. */
export interface SessionSummary {
  readonly sessionId: string;
  readonly step: number;
  readonly status: SessionStatus["kind"];
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}
/** What one task wrote to one channel in one superstep: RFC 6902 operations, paths from the channel's value ("" is all of it). */
export interface Change {
  readonly node: string;
  readonly taskId: string;
  readonly channel: string;
  readonly patch: readonly PatchOperation[];
}

/** A session as it stood at a checkpoint. `state` and `versions` are read when they are first looked at, where the store can. */
export interface CheckpointView<C extends Channels> extends SessionView<C> {
  readonly checkpointId: string;
  /** The checkpoint it builds on, in another session for the first of a fork; undefined for the first of all. */
  readonly parentId: string | undefined;
  readonly source: CheckpointSource;
  /** The tasks of its superstep. */
  readonly ran: readonly TaskRef[];
  /** What each of them wrote. */
  readonly changes: readonly Change[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A checkpoint of the session's line, also one that the session inherited when it was forked. What the store reads late is read late here. */
export function checkpointViewOf<C extends Channels>(checkpoint: Checkpoint<C>, sessionId: string): CheckpointView<C> {
  const { incarnation, seq, step, frontier, source, ran, deltas, createdAt, note } = checkpoint;
  const view = {
    sessionId,
    step,
    frontier,
    status: note.status,
    ...(note.environment && { environment: note.environment }),
    checkpointId: checkpointId(incarnation, seq),
    parentId: parentIdOf(checkpoint as Checkpoint),
    source,
    ran,
    changes: changesOf(deltas),
    createdAt,
  };
  const isLate = Object.getOwnPropertyDescriptor(checkpoint, "state")?.get !== undefined;
  if (!isLate) return { ...view, state: checkpoint.state, versions: checkpoint.versions };
  return {
    ...view,
    get state() {
      return checkpoint.state;
    },
    get versions() {
      return checkpoint.versions;
    },
  };
}

/** The session at a checkpoint, under the note that stands beside it now. */
export function viewOf<C extends Channels>(checkpoint: Checkpoint<C>, note: Note): SessionView<C> {
  const { sessionId, step, state, frontier, versions } = checkpoint;
  const { status, environment } = note;
  const view = { sessionId, step, state, frontier, versions, status };
  return environment === undefined ? view : { ...view, environment };
}

/** Deltas as callers see them. */
export function changesOf(deltas: readonly ChannelDelta[]): readonly Change[] {
  return deltas.map(({ task, channel, delta }) => ({
    node: task.node,
    taskId: task.id,
    channel,
    patch: toPatch(delta),
  }));
}
