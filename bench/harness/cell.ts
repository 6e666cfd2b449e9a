/**
 * A cell of the bench: one way of doing one workload, at one size, in a process of its own. What `size` counts, and the unit of
 * an outcome, for each workload:
 *
 * - W1: supersteps in a loop; a superstep.
 * - W2: tasks side by side; a task. A run may repeat the fan-out until it is long enough to be timed.
 * - W3: supersteps, each of which appends a message of 200 bytes; a superstep. `bytes` and `slowdown` too.
 * - W4: sessions at once, of 10 supersteps each; a superstep.
 * - W5: bytes of state that stay untouched (records of 1,000 bytes), beside which a number changes; a superstep, of 300 or as many
 *   as take a few seconds. What stores the large state first is not timed.
 * - W6 open: supersteps (each appended a message of 200 bytes) after which the session paused; from after the imports to the first
 *   node running, in a fresh process. W6 import: `size` says nothing; the imports that W6 open needs, in a fresh process.
 * - W7: round trips from a question to the next one; a round trip.
 * - workers: tasks of one superstep; a call of a function in a worker.
 * - size: `size` says nothing; `bytes` on disk of the package and all it depends on, with the SQLite driver; microseconds are 0.
 */

/** What one run of a cell came to. A cell times itself, so that making files and graphs is not part of it. */
export interface Outcome {
  /** For one unit of the workload: a superstep, a task, a session, a call. */
  readonly microseconds: number;
  /** On disk, for one unit, where the workload writes files. */
  readonly bytes?: number;
  /** Of the last units of a run as a multiple of the first ones, where a run may slow down: median of the last 500 by that of the first 500. */
  readonly slowdown?: number;
}

/** Is made once and run many times: warm-up runs, then one run a round. Runs are repeated within a round while they are short. */
export interface Cell {
  run(): Promise<Outcome>;
  close?(): Promise<void>;
}

/** Cells by name: the way and the store, as in "superstep, SQLite normal". */
export type Cells = Readonly<Record<string, (size: number) => Cell | Promise<Cell>>>;
