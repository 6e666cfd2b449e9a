/** Stores that write what they must not, or not what they must. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { type Checkpoint, CheckpointConflictError, type NoteWrite, type TaskRecord } from "superstep";
import { withoutEphemeral } from "../../../src/session/checkpoint.js";
import { type BrokenStore, broken, force, headOf, insteadOf, type Mistakes } from "./broken-store.js";

const STALE_PARENT = "C4: a commit on a stale parent is a conflict and writes nothing";
const STALE_NOTE = "C4: a note on a stale head is a conflict and writes nothing";
const KEPT = "T2: a commit that keeps the records keeps all of them, in their order, under its own note";

export const brokenWrites: readonly BrokenStore[] = [
  broken(
    "commits on any head",
    STALE_PARENT,
    forcing(() => true),
  ),
  broken(
    "commits on another incarnation",
    "C4: a commit on another incarnation is a conflict",
    forcing((head, { parentSeq }) => head?.seq === parentSeq),
  ),
  broken(
    "commits a first checkpoint over the session that is there",
    "C4: a second first commit is a conflict",
    forcing((_, { parentSeq }) => parentSeq === undefined),
  ),
  broken(
    "moves the head back to a checkpoint that is committed again",
    "P29: committing an old checkpoint again does not move the head back",
    forcing((head, { incarnation, seq }) => head !== undefined && head.incarnation === incarnation && head.seq > seq),
  ),
  broken(
    "looks at the head in one turn, and writes in the next",
    "C4: of twenty commits on one head in one turn, one is written",
    {
      commit: async (inner, checkpoint, options) => {
        const head = headOf(inner, checkpoint.sessionId);
        await nextTurn();
        return checkpoint.parentSeq !== undefined && head?.seq === checkpoint.parentSeq
          ? force(inner, checkpoint)
          : inner.commit(checkpoint, options);
      },
    },
  ),
  broken("replaces nothing", "a replacing commit takes the place of the session, or begins one", {
    commit: (inner, checkpoint, options) => inner.commit(checkpoint, { ...options, replace: false }),
  }),
  broken(
    "begins a session again that a late commit names",
    "C4: a late write to a deleted session is a conflict and leaves nothing behind",
    {
      commit: (inner, checkpoint, options) =>
        headOf(inner, checkpoint.sessionId) === undefined
          ? force(inner, checkpoint)
          : inner.commit(checkpoint, options),
    },
  ),
  broken("writes a note beside another head", STALE_NOTE, {
    annotate: (inner, write) => inner.annotate(onHead(write, headOf(inner, write.sessionId))),
  }),
  broken("says nothing of a note on a stale head", STALE_NOTE, {
    annotate: (inner, write) =>
      insteadOf(
        CheckpointConflictError,
        () => inner.annotate(write),
        () => undefined,
      ),
  }),
  broken(
    "gives back what is known, whatever stands there",
    "what is known may be given back while it is the head, and never after",
    {
      load: (inner, sessionId, known) => {
        const stored = inner.load(sessionId);
        return stored && { ...stored, checkpoint: known ?? stored.checkpoint };
      },
    },
  ),
  broken("gives a state that can be changed", "S3: what is loaded is frozen", {
    load: (inner, sessionId) => {
      const stored = inner.load(sessionId);
      return stored && { ...stored, checkpoint: { ...stored.checkpoint, state: { ...stored.checkpoint.state } } };
    },
  }),
  broken(
    "keeps dates as text",
    "T3: values come back as they were",
    writesState((value) => (value instanceof Date ? value.toJSON() : value)),
  ),
  broken(
    "keeps the words of errors only",
    "T3: errors come back as they were",
    writesState((value) => (value instanceof Error ? new Error(value.message) : value)),
  ),
  broken(
    "keeps of a record only whose it is",
    "T3: values come back from deltas, records, notes and tasks as they were",
    {
      annotate: (inner, write) =>
        inner.annotate({
          ...write,
          records: write.records.map(({ kind, taskId }) => ({ kind, taskId }) as TaskRecord),
        }),
    },
  ),
  broken("loses ephemeral values", "ephemeral values stay with the head only", {
    commit: (inner, checkpoint, options) => inner.commit(withoutEphemeral(checkpoint), options),
  }),
  broken("keeps no records over a commit", KEPT, {
    commit: (inner, checkpoint, options) => inner.commit(checkpoint, { ...options, keepsRecords: false }),
  }),
  broken("keeps the records over every commit", "C1: a commit drops the note and the records", {
    commit: (inner, checkpoint, options) => inner.commit(checkpoint, { ...options, keepsRecords: true }),
  }),
  broken("keeps the note with the records", KEPT, {
    commit: (inner, checkpoint, options) => {
      const note = inner.load(checkpoint.sessionId)?.note;
      return inner.commit(options?.keepsRecords === true && note ? { ...checkpoint, note } : checkpoint, options);
    },
  }),
  broken(
    "keeps the records of the last write only",
    "records stand in the order in which they were first written",
    writesRecords((_, written) => written),
  ),
  broken(
    "puts a record that was replaced at the end",
    "a record replaces the one of the same key",
    writesRecords((kept, written) => {
      const keys = new Set(written.map(keyOf));
      return [...kept.filter((record) => !keys.has(keyOf(record))), ...written];
    }),
  ),
  broken(
    "tells records by their task alone",
    "a record is told from others by task, kind and key, whatever they are called",
    writesRecords((kept, written) => {
      const byTask = new Map([...kept, ...written].map((record) => [record.taskId, record]));
      return [...byTask.values()];
    }),
  ),
  broken("discards nothing", "kept results are discarded, answers and effects are not", {
    annotate: (inner, write) => inner.annotate({ ...write, discardResults: false }),
  }),
  broken("discards answers and effects too", "kept results are discarded, answers and effects are not", {
    annotate: (inner, write) =>
      write.discardResults === true ? rewrite(inner, write, write.records) : inner.annotate(write),
  }),
  broken("discards what it has just written", "what is discarded is discarded before what is written with it", {
    annotate: (inner, write) => {
      inner.annotate({ ...write, discardResults: false });
      inner.annotate({ ...write, records: [] });
    },
  }),
];

/** Makes some commits that are conflicts all the same. */
function forcing(isForced: (head: Checkpoint | undefined, checkpoint: Checkpoint) => boolean): Mistakes {
  return {
    commit: (inner, checkpoint, options) => {
      const isDone = isForced(headOf(inner, checkpoint.sessionId), checkpoint);
      const commit = () => inner.commit(checkpoint, options);
      return isDone ? insteadOf(CheckpointConflictError, commit, () => force(inner, checkpoint)) : commit();
    },
  };
}

/** What comes of each value of a state. */
function writesState(degrade: (value: unknown) => unknown): Mistakes {
  return {
    commit: (inner, checkpoint, options) => {
      const entries = Object.entries(checkpoint.state).map(([name, value]) => [name, degrade(value)]);
      return inner.commit({ ...checkpoint, state: Object.fromEntries(entries) as Checkpoint["state"] }, options);
    },
  };
}

function onHead(write: NoteWrite, head: Checkpoint | undefined): NoteWrite {
  return head === undefined ? write : { ...write, incarnation: head.incarnation, seq: head.seq };
}

/** What comes of the records that are kept and those that are written. */
function writesRecords(
  merge: (kept: readonly TaskRecord[], written: readonly TaskRecord[]) => readonly TaskRecord[],
): Mistakes {
  return {
    annotate: (inner, write) => rewrite(inner, write, merge(inner.load(write.sessionId)?.records ?? [], write.records)),
  };
}

/** Writes these records in place of all that are kept. */
function rewrite(inner: Parameters<typeof headOf>[0], write: NoteWrite, records: readonly TaskRecord[]): void {
  inner.annotate({ ...write, records: [] });
  const { checkpoint, note } = inner.load(write.sessionId) ?? {};
  if (checkpoint === undefined || note === undefined) return;
  force(inner, checkpoint);
  inner.annotate({ ...write, note, records, discardResults: false });
}

function keyOf(record: TaskRecord): string {
  const { outcome: _, value: __, payload: ___, answer: ____, ...key } = record as unknown as Record<string, unknown>;
  return JSON.stringify(key);
}
