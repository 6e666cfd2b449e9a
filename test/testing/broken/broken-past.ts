/** Stores that show another past, fork what is not there, or take too much away. */
import {
  type Checkpoint,
  CheckpointConflictError,
  CheckpointNotFoundError,
  type HistoryQuery,
  type MemoryCheckpointer,
} from "superstep";
import { type BrokenStore, broken, insteadOf } from "./broken-store.js";

const WHOLE = "T2: history shows every checkpoint as it was committed, newest first";
const PAGES = "T2: a page has at most so many, and is older than a place or a whole step";
const PLACES = "T5: a checkpoint is found by its place and its incarnation, and by nothing else";
const LISTED = "sessions are listed by id, by status, page by page";
const INHERITED = "T2: a fork inherits neither records nor note, nor shows what was ephemeral";
const NO_ORIGIN = "T5: a fork of a checkpoint that is not there is refused and begins nothing";
const HEAD_STAYS = "T6: the head stays, with its note, records and ephemeral values";

const brokenPages: readonly BrokenStore[] = [
  broken("shows the oldest first", WHOLE, { history: (inner, id, query) => [...inner.history(id, query)].reverse() }),
  broken("shows no deltas", WHOLE, {
    history: (inner, id, query) => inner.history(id, query).map((checkpoint) => ({ ...checkpoint, deltas: [] })),
  }),
  broken(
    "shows the state of the head everywhere",
    "T2: the states of a long line are right, in whatever order they are looked at",
    {
      history: (inner, id, query) => {
        const [head] = inner.history(id, { limit: 1 });
        return inner.history(id, query).map((checkpoint) => (head ? { ...checkpoint, state: head.state } : checkpoint));
      },
    },
  ),
  broken("shows all at once", PAGES, {
    history: (inner, id, { limit: _, ...query }) => inner.history(id, { limit: 99, ...query }),
  }),
  broken("shows the place before which to begin", PAGES, {
    history: (inner, id, query) => inner.history(id, shifted(query, "seq")),
  }),
  broken("shows the step before which to begin", PAGES, {
    history: (inner, id, query) => inner.history(id, shifted(query, "step")),
  }),
  broken("begins a page one place too late", "T2: pages follow one another without a gap", {
    history: (inner, id, { limit, before }) =>
      inner.history(id, { limit, ...(before && "seq" in before ? { before: { seq: before.seq - 1 } } : {}) }),
  }),
  broken(
    "shows the head with the note of its commit",
    "T2: the head is shown with the note beside it now, older ones with their own",
    {
      history: (inner, id, query) => {
        const head = inner.load(id)?.checkpoint;
        return inner
          .history(id, query)
          .map((one) => (head && one.seq === head.seq ? { ...one, note: head.note } : one));
      },
    },
  ),
  broken("shows ephemeral values", "T2: ephemeral values are none of the past, not even of the head", () => {
    const committed = new Map<string, Checkpoint>();
    return {
      commit: (inner, checkpoint, options) => {
        committed.set(nameOf(checkpoint), checkpoint);
        return inner.commit(checkpoint, options);
      },
      history: (inner, id, query) => inner.history(id, query).map((one) => committed.get(nameOf(one)) ?? one),
    };
  }),
  broken(
    "finds a checkpoint by its place alone",
    [PLACES, "T6: a new session under the origin's name is another one"],
    {
      at: (inner, id, place) =>
        "step" in place ? inner.at(id, place) : inner.history(id, { limit: 99 }).find(({ seq }) => seq === place.seq),
    },
  ),
  broken("finds the head where nothing is", PLACES, {
    at: (inner, id, place) => inner.at(id, place) ?? inner.history(id, { limit: 1 })[0],
  }),
  broken("finds the checkpoints of all sessions", [PLACES, "T5: a session that is not there has no past"], () => {
    const ids = new Set<string>();
    return {
      commit: (inner, checkpoint, options) => {
        ids.add(checkpoint.sessionId);
        return inner.commit(checkpoint, options);
      },
      at: (inner, _, place) => [...ids].map((id) => inner.at(id, place)).find((found) => found !== undefined),
    };
  }),
  broken("finds the oldest of a step", "T5: the newest checkpoint of a step is found", {
    at: (inner, id, place) =>
      "step" in place
        ? inner.history(id, { limit: 99 }).findLast(({ step }) => step === place.step)
        : inner.at(id, place),
  }),
];

const brokenLists: readonly BrokenStore[] = [
  broken("lists whatever the status", LISTED, { list: (inner, { status: _, ...query }) => inner.list(query) }),
  broken("lists as many as before the status was looked at", LISTED, {
    list: (inner, { status, ...query }) =>
      inner.list(query).filter((one) => status === undefined || one.status === status),
  }),
  broken("lists the session after which to begin", [LISTED, "pages of hostile ids follow one another without a gap"], {
    list: (inner, { after, limit, ...query }) =>
      inner
        .list({ ...query, limit: 99 })
        .filter(({ sessionId }) => after === undefined || sessionId >= after)
        .slice(0, limit),
  }),
  broken(
    "takes no notice of control characters when it orders ids",
    "sessions whose ids begin alike follow one another",
    {
      list: (inner, { after, limit, ...query }) => {
        const letters = (id: string) => id.replaceAll("\u001f", "");
        const all = [...inner.list({ ...query, limit: 99 })];
        const isBehind = (id: string) => after === undefined || letters(id) > letters(after);
        all.sort((one, other) => (letters(one.sessionId) < letters(other.sessionId) ? -1 : 1));
        return all.filter(({ sessionId }) => isBehind(sessionId)).slice(0, limit);
      },
    },
  ),
  broken("lists a session as it was committed", "a session is listed as it stands", {
    list: (inner, query) =>
      inner
        .list(query)
        .map((one) => ({ ...one, status: inner.load(one.sessionId)?.checkpoint.note.status.kind ?? one.status })),
  }),
  broken("deletes the past only", "T6: a deleted session is gone, and only that one", {
    delete: (inner, sessionId) => void inner.prune({ sessionId, keepLast: 1 }),
  }),
  broken("takes ids for patterns", "a session id may hold anything", {
    delete: (inner, sessionId) => {
      for (const one of inner.list({ limit: 99 }))
        if (sessionId === "%" || sessionId === one.sessionId) inner.delete(one.sessionId);
    },
  }),
  broken("trims ids", "a session id may hold anything", {
    load: (inner, sessionId) => inner.load(sessionId.trim()),
  }),
];

const brokenForks: readonly BrokenStore[] = [
  broken("forks the records too", INHERITED, {
    commit: (inner, checkpoint, options) => {
      const bytes = inner.commit(checkpoint, options);
      const records = options?.origin === undefined ? [] : (inner.load(options.origin)?.records ?? []);
      if (records.length > 0) inner.annotate({ ...placeOf(checkpoint), records });
      return bytes;
    },
  }),
  broken("forks the note too", INHERITED, {
    commit: (inner, checkpoint, options) => {
      const bytes = inner.commit(checkpoint, options);
      const note = options?.origin === undefined ? undefined : inner.load(options.origin)?.note;
      if (note !== undefined) inner.annotate({ ...placeOf(checkpoint), records: [], note });
      return bytes;
    },
  }),
  broken(
    "shows of a fork only its own",
    [
      "T2: a fork stands where it starts, and shows what came before as its own",
      "T2: siblings, forks of forks and forks of inherited checkpoints each show their own line",
    ],
    {
      commit: (inner, checkpoint, { origin: _, ...options } = {}) => inner.commit(checkpoint, options),
    },
  ),
  broken("forks what is not there", NO_ORIGIN, {
    commit: (inner, checkpoint, options) =>
      insteadOf(
        CheckpointNotFoundError,
        () => inner.commit(checkpoint, options),
        () => inner.commit(checkpoint),
      ),
  }),
  broken("forks over a session that is there", "C4: a fork under a name that is taken is a conflict", {
    commit: (inner, checkpoint, options) =>
      inner.commit(checkpoint, { ...options, replace: options?.replace === true || options?.origin !== undefined }),
  }),
  broken("begins a fork, and then finds that its origin is gone", NO_ORIGIN, {
    commit: (inner, checkpoint, options) =>
      insteadOf(
        CheckpointNotFoundError,
        () => inner.commit(checkpoint, options),
        () => {
          inner.commit(checkpoint);
          throw new CheckpointNotFoundError(checkpoint.sessionId, "that the fork starts from");
        },
      ),
  }),
  broken("calls a missing origin a conflict", NO_ORIGIN, {
    commit: (inner, checkpoint, options) =>
      insteadOf(
        CheckpointNotFoundError,
        () => inner.commit(checkpoint, options),
        () => {
          throw new CheckpointConflictError(checkpoint.sessionId, undefined);
        },
      ),
  }),
  broken(
    "deletes forks with their origin",
    [
      "T6: a fork is whole after its origin is deleted or replaced",
      "T6: a fork of a fork is whole after all that was before it is deleted",
      "T6: a fork and the end of its origin in one turn leave a whole fork, or none",
    ],
    () => {
      const forks: [string, string][] = [];
      return {
        commit: (inner, checkpoint, options) => {
          if (options?.origin !== undefined) forks.push([options.origin, checkpoint.sessionId]);
          return inner.commit(checkpoint, options);
        },
        delete: (inner, sessionId) => {
          inner.delete(sessionId);
          for (const [origin, fork] of forks) if (origin === sessionId) inner.delete(fork);
        },
      };
    },
  ),
  broken("gives a fork what its origin goes on to", "T2: origin and fork go on independently", {
    commit: (inner, checkpoint, options) => {
      const bytes = inner.commit(checkpoint, options);
      const fork = inner.load("f")?.checkpoint;
      const isOrigin = checkpoint.sessionId === "o" && fork !== undefined;
      if (isOrigin) inner.commit({ ...fork, state: checkpoint.state, parentSeq: undefined }, { replace: true });
      return bytes;
    },
  }),
  broken("deletes the origin with a fork", "T6: a deleted fork takes nothing along", {
    delete: (inner, sessionId) => {
      inner.delete(sessionId);
      if (sessionId === "f") inner.delete("o");
    },
  }),
];

const brokenPruning: readonly BrokenStore[] = [
  broken(
    "prunes nothing",
    ["T6: pruning leaves so many of the newest", "T6: pruning every session leaves each its own newest"],
    { prune: () => ({ checkpoints: 0, bytes: 0 }) },
  ),
  broken(
    "prunes subgraphs with all others",
    "T6: pruning every session leaves those of subgraphs, which have U+001F in their ids and are pruned by name",
    {
      prune: (inner, policy) => {
        const ids = policy.sessionId === undefined ? inner.list({ limit: 99 }).map((one) => one.sessionId) : [];
        const within = ids
          .filter((id) => id.includes("\u001f"))
          .map((sessionId) => inner.prune({ ...policy, sessionId }));
        const { checkpoints, bytes } = inner.prune(policy);
        return { checkpoints: within.reduce((sum, one) => sum + one.checkpoints, checkpoints), bytes };
      },
    },
  ),
  broken("does not say what it pruned", "T6: pruning leaves so many of the newest", {
    prune: (inner, policy) => ({ ...inner.prune(policy), checkpoints: 0 }),
  }),
  broken("prunes one too many", "T6: pruning leaves so many of the newest", {
    prune: (inner, { keepLast, ...policy }) =>
      inner.prune({ ...policy, ...(keepLast !== undefined && { keepLast: keepLast - 1 }) }),
  }),
  broken("prunes what was made at that very time", "T6: pruning leaves what was made at a time or later", {
    prune: (inner, { madeBefore, ...policy }) =>
      inner.prune({ ...policy, ...(madeBefore !== undefined && { madeBefore: madeBefore + 1 }) }),
  }),
  broken("prunes what one limit lets go", "T6: a checkpoint goes only when every limit lets it go", {
    prune: (inner, { keepLast, madeBefore, ...policy }) => {
      const some = inner.prune({ ...policy, ...(keepLast !== undefined && { keepLast }) });
      const more = inner.prune({ ...policy, ...(madeBefore !== undefined && { madeBefore }) });
      return { checkpoints: some.checkpoints + more.checkpoints, bytes: 0 };
    },
  }),
  broken("prunes without a limit", "T6: pruning without a limit, or of nobody, takes nothing", {
    prune: (inner, policy) => inner.prune({ keepLast: 1, ...policy }),
  }),
  broken("prunes all sessions", "T6: pruning one session leaves the others", {
    prune: (inner, { sessionId: _, ...policy }) => inner.prune(policy),
  }),
  broken("finds what was pruned", "T6: what was pruned is not found, and nothing is forked from it", () => {
    const committed = new Map<number, Checkpoint>();
    return {
      commit: (inner, checkpoint, options) => {
        committed.set(checkpoint.seq, checkpoint);
        return inner.commit(checkpoint, options);
      },
      at: (inner, id, place) => inner.at(id, place) ?? ("seq" in place ? committed.get(place.seq) : undefined),
    };
  }),
  broken("forks from what was pruned", "T6: what was pruned is not found, and nothing is forked from it", {
    commit: (inner, checkpoint, options) =>
      insteadOf(
        CheckpointNotFoundError,
        () => inner.commit(checkpoint, options),
        () => inner.commit(checkpoint),
      ),
  }),
  broken("prunes the head", HEAD_STAYS, {
    prune: (inner, policy) => {
      const pruned = inner.prune(policy);
      if (policy.keepLast === 1) for (const { sessionId } of inner.list({ limit: 99 })) inner.delete(sessionId);
      return pruned;
    },
  }),
  broken("prunes what stands beside the head", [HEAD_STAYS, "T6: a pruned session goes on"], {
    prune: (inner, policy) => {
      const pruned = inner.prune(policy);
      for (const { sessionId } of inner.list({ limit: 99 })) forget(inner, sessionId);
      return pruned;
    },
  }),
  broken(
    "prunes forks with their origin",
    [
      "T6: pruning the origin leaves forks whole, and counts only what is gone",
      "T6: forks and origins are pruned each for itself, also when the origin is deleted",
    ],
    {
      prune: (inner, { sessionId, ...policy }) =>
        inner.prune({ ...policy, ...(sessionId !== "o" && sessionId !== undefined && { sessionId }) }),
    },
  ),
  broken("counts what a fork still shows", "T6: pruning the origin leaves forks whole, and counts only what is gone", {
    prune: (inner, policy) => {
      const shown = () =>
        inner.list({ limit: 99 }).reduce((sum, one) => sum + inner.history(one.sessionId, { limit: 99 }).length, 0);
      const before = shown();
      const { bytes } = inner.prune(policy);
      return { checkpoints: before - shown(), bytes };
    },
  }),
];

export const brokenPast: readonly BrokenStore[] = [...brokenPages, ...brokenLists, ...brokenForks, ...brokenPruning];

/** Begins one later, as if what is older were not what is asked for. */
function shifted({ limit, before }: HistoryQuery, unit: "seq" | "step"): HistoryQuery {
  if (before === undefined || !(unit in before)) return { limit, ...(before && { before }) };
  return { limit, before: "seq" in before ? { seq: before.seq + 1 } : { step: before.step + 1 } };
}

function nameOf({ sessionId, incarnation, seq }: Checkpoint): string {
  return `${sessionId} ${incarnation} ${seq}`;
}

function placeOf({ sessionId, incarnation, seq, createdAt: at }: Checkpoint) {
  return { sessionId, incarnation, seq, at };
}

function forget(inner: MemoryCheckpointer, sessionId: string): void {
  const head = inner.load(sessionId)?.checkpoint;
  if (head !== undefined) inner.commit({ ...head, parentSeq: undefined }, { replace: true });
}
