/**
 * Places where a process may die, by name (C5). The library comes by them while it works; a test that visits them can kill the process at
 * each one. Without a visitor nothing happens there.
 */

/** Every place, sorted. The comments say what stands, and what does not, when the process dies there. */
export const CRASH_POINTS = [
  // An artifact is durable. Nobody has been told.
  "artifact.after",
  // An artifact is known to this process only.
  "artifact.before",
  // The store has a piece of a stream, and no artifact of it.
  "artifact.drafted",
  // A file holds an artifact, and the store does not name it: its transaction will be rolled back.
  "artifact.filed",
  // The checkpoint of a superstep, an input or an edit is durable and the head. Nobody has been told.
  "commit.after",
  // The checkpoint is made. Of a superstep, only what was kept as pending is durable.
  "commit.before",
  // The reader has done what it does with an event. What a `completed` event says is durable.
  "event.heard",
  // All tasks have finished; the next state and the next frontier are computed. Only what was kept as pending is durable.
  "frontier.done",
  // The session is free for others. All that its last owner was told is durable.
  "lease.given-back",
  // The call is over for its session: all that it wrote is durable. The lease still stands in the name of a process that is gone.
  "lease.held",
  // The lease stands in the name of a process that is gone. Nothing was done under it.
  "lease.taken",
  // A pause, a failure or answers are durable beside the head. Nobody has been told.
  "note.after",
  // A pause, a failure or answers are known to this process only.
  "note.before",
  // Results and effects of a superstep under way are durable. Nobody has been told.
  "pending.after",
  // Tasks have finished, or effects were done once, while others still run. Only this process knows.
  "pending.before",
  // SQLite has a transaction and nothing in it.
  "sqlite.begun",
  // SQLite has committed the transaction. None of those who wrote in it knows.
  "sqlite.committed",
  // The transaction has all that it is to have; SQLite will roll it back.
  "sqlite.full",
  // The transaction has a log row, and not all that belongs to it; SQLite will roll it back.
  "sqlite.logged",
  // The superstep is said to have started. None of its tasks has.
  "step.started",
  // One task has ended while others still run. Nothing of it is durable but the effects that it did once.
  "task.settled",
] as const;

/** A place where a process may die. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

let visitor: ((point: CrashPoint) => void) | undefined;

/** The process has come to this place. */
export function crashPoint(point: CrashPoint): void {
  visitor?.(point);
}

/** Who hears of every place that this process comes to, from now on; undefined: nobody. */
export function visitCrashPoints(next: ((point: CrashPoint) => void) | undefined): void {
  visitor = next;
}
