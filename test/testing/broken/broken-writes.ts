/** Stores that write what they must not, or not what they must. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { type Checkpoint, CheckpointConflictError, type NoteWrite, type TaskRecord } from "superstep";
import { firstOf } from "superstep/testing";
import { withoutEphemeral } from "../../../src/session/checkpoint.js";
import { PAUSED } from "../../../src/testing/contract/pending.js";
import { type BrokenStore, broken, force, headOf, insteadOf, type Mistakes } from "./broken-store.js";

const STALE_PARENT = "C4: a commit on a stale parent is a conflict and writes nothing";
const STALE_NOTE = "C4: a note on a stale head is a conflict and writes nothing";
const KEPT = "T2: a commit that keeps the records keeps all of them, in their order, under its own note";

export const brokenWrites: readonly BrokenStore[] = [
  broken("has a session of every name", "a session that was never committed is undefined", {
    load: (inner, sessionId) => inner.load(sessionId) ?? { checkpoint: firstOf(sessionId), note: PAUSED, records: [] },
  }),
  broken("loses what joins wait for", "what was committed is loaded, all of it", {
    commit: (inner, checkpoint, options) =>
      inner.commit({ ...checkpoint, progress: { joins: {}, deferred: [], ended: false } }, options),
  }),
  broken(
    "loses what was written after a hundred checkpoints",
    "T1: a long chain of deltas gives the last state",
    () => {
      const states = new Map<number, Checkpoint["state"]>();
      return {
        commit: (inner, checkpoint, options) => {
          const state = states.get(Math.min(checkpoint.seq, 100)) ?? checkpoint.state;
          states.set(checkpoint.seq, state);
          return inner.commit({ ...checkpoint, state }, options);
        },
      };
    },
  ),
  broken(
    "keeps no state that deltas do not give",
    [
      "T1: a state that does not follow from its parent's is kept whole, and later deltas build on it",
      "T2: a fork may start from a state of its own, kept whole",
    ],
    {
      commit: (inner, checkpoint, options) => {
        const former = inner.load(options?.origin ?? checkpoint.sessionId)?.checkpoint;
        const isWhole = options?.whole === true && former !== undefined;
        return inner.commit(isWhole ? { ...checkpoint, state: former.state } : checkpoint, options);
      },
    },
  ),
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
    ["C4: a second first commit is a conflict", "C4: of twenty first commits of a session in one turn, one is written"],
    forcing((_, { parentSeq }) => parentSeq === undefined),
  ),
  broken(
    "moves the head back to a checkpoint that is committed again",
    [
      "P29: committing an old checkpoint again does not move the head back",
      "P29: nor does one of a fork, or one before an update",
    ],
    forcing((head, { incarnation, seq }) => head !== undefined && head.incarnation === incarnation && head.seq > seq),
  ),
  broken(
    "looks at the head in one turn, and writes in the next",
    ["C4: of twenty commits on one head in one turn, one is written", "many sessions commit at once"],
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
  broken(
    "keeps the past of a session that was replaced",
    "a replacing commit drops the records and the past of the former session",
    () => {
      const former = new Map<string, Checkpoint>();
      return {
        commit: (inner, checkpoint, options) => {
          former.set(`${checkpoint.incarnation}-${checkpoint.seq}`, checkpoint);
          return inner.commit(checkpoint, options);
        },
        at: (inner, sessionId, place) =>
          inner.at(sessionId, place) ?? ("seq" in place ? former.get(`${place.incarnation}-${place.seq}`) : undefined),
      };
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
  broken(
    "writes a note beside another head",
    [STALE_NOTE, "C4: so it is with notes, records and leases in the same turn"],
    {
      annotate: (inner, write) => inner.annotate(onHead(write, headOf(inner, write.sessionId))),
    },
  ),
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
  broken(
    "sorts the keys of a value",
    "T3: keys and items come back in their order, and what was shared is shared",
    writesState((value) =>
      Object.getPrototypeOf(value ?? "") === Object.prototype
        ? Object.fromEntries(Object.entries(value as object).sort())
        : value,
    ),
  ),
  broken(
    "keeps what was shared twice",
    "T3: keys and items come back in their order, and what was shared is shared",
    writesState((value) => {
      const isDoc = typeof value === "object" && value !== null && "m" in value;
      return isDoc ? { ...value, m: structuredClone(value.m) } : value;
    }),
  ),
  broken(
    "cuts what is long",
    "T3: a large state comes back",
    writesState((value) => (typeof value === "string" ? value.slice(0, 65_535) : value)),
  ),
  broken("takes the name of a channel for a path", "T3: a channel may be called anything", {
    commit: (inner, checkpoint, options) => {
      const entries = Object.entries(checkpoint.state).map(([name, value]) => [name.split("|")[0], value]);
      return inner.commit({ ...checkpoint, state: Object.fromEntries(entries) as Checkpoint["state"] }, options);
    },
  }),
  broken(
    "cuts large records",
    "a large value is kept beside the head",
    writesRecords((kept, written) => [...kept, ...written.filter((record) => JSON.stringify(record).length < 65_536)]),
  ),
  broken("writes records beside every head", "records of one session are not another's", {
    annotate: (inner, write) => {
      inner.annotate(write);
      for (const { sessionId } of inner.list({ limit: 99 })) {
        const { note: _, ...records } = onHead({ ...write, sessionId }, headOf(inner, sessionId));
        inner.annotate(records);
      }
    },
  }),
  broken(
    "loses ephemeral values",
    ["ephemeral values stay with the head only", "records and ephemeral values stand side by side"],
    {
      commit: (inner, checkpoint, options) => inner.commit(withoutEphemeral(checkpoint), options),
    },
  ),
  broken("keeps no records over a commit", [KEPT, "S6: a thousand tasks keep a record each"], {
    commit: (inner, checkpoint, options) => inner.commit(checkpoint, { ...options, keepsRecords: false }),
  }),
  broken(
    "keeps the records over every commit",
    [
      "C1: a commit drops the note and the records",
      "T2: kept records go with the next commit, and ephemeral values are those of the new head",
    ],
    {
      commit: (inner, checkpoint, options) => inner.commit(checkpoint, { ...options, keepsRecords: true }),
    },
  ),
  broken("keeps the note with the records", KEPT, {
    commit: (inner, checkpoint, options) => {
      const note = inner.load(checkpoint.sessionId)?.note;
      return inner.commit(options?.keepsRecords === true && note ? { ...checkpoint, note } : checkpoint, options);
    },
  }),
  broken(
    "keeps the records of the last write only",
    ["records stand in the order in which they were first written", "a note and records stand beside the head"],
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
  broken("discards nothing", "kept results are discarded; answers, effects and attempts are not", {
    annotate: (inner, write) => inner.annotate({ ...write, discardResults: false }),
  }),
  broken("discards answers and effects too", "kept results are discarded; answers, effects and attempts are not", {
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
