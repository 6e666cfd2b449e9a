/** What checks expect of a store. Expectations are read back through every way in: `load`, `history`, `at`, `list`. */
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { CheckpointConflictError, CheckpointNotFoundError } from "../../errors.js";
import { type Checkpoint, checkpointId, type Note, withoutEphemeral } from "../../session/checkpoint.js";
import type { Checkpointer, CommitOptions, NoteWrite } from "../../session/checkpointer.js";
import type { TaskRecord } from "../../superstep/record.js";

/** One thing that a store must do: given an empty one, throws when it does not. */
export type Check = (store: Checkpointer) => Promise<void>;
/** Checks, each under the sentence that it holds a store to. */
export type Checks = Readonly<Record<string, Check>>;

/** More than any check makes. */
export const ALL = 1_000;

export async function commitAll(
  store: Checkpointer,
  checkpoints: readonly Checkpoint[],
  options?: CommitOptions,
): Promise<void> {
  for (const checkpoint of checkpoints) await store.commit(checkpoint, options);
}

/** A write beside that checkpoint. */
export function noteOn(
  { sessionId, incarnation, seq }: Checkpoint,
  write: Partial<Pick<NoteWrite, "note" | "records" | "fence" | "discardResults">>,
): NoteWrite {
  return { sessionId, incarnation, seq, at: 2_000, records: [], ...write };
}

/** The session stands at that checkpoint, with that note and those records beside it. */
export async function expectHead(
  store: Checkpointer,
  expected: Checkpoint,
  note: Note = expected.note,
  records: readonly TaskRecord[] = [],
): Promise<void> {
  const stored = await store.load(expected.sessionId);
  ok(stored !== undefined, `session "${expected.sessionId}" is there`);
  deepStrictEqual(asHead(stored.checkpoint, note), asHead(expected, note));
  deepStrictEqual(stored.note, note);
  deepStrictEqual([...stored.records], [...records]);
}

/** The session shows these checkpoints and no other: newest first, the head as it stands now, all under its name and without ephemeral values. */
export async function expectLine(
  store: Checkpointer,
  sessionId: string,
  newestFirst: readonly [head: Checkpoint, ...rest: readonly Checkpoint[]],
): Promise<void> {
  const line = await store.history(sessionId, { limit: ALL });
  deepStrictEqual(line.map(idOf), newestFirst.map(idOf));
  for (const [place, checkpoint] of newestFirst.entries()) {
    const { incarnation, seq } = checkpoint;
    const expected = { ...withoutEphemeral(checkpoint), sessionId };
    const found = await store.at(sessionId, { incarnation, seq });
    for (const shown of [line[place], found]) {
      ok(shown !== undefined, `checkpoint "${idOf(expected)}" is there`);
      deepStrictEqual({ ...shown }, expected);
    }
  }
}

/** There is no trace of a session of that id. */
export async function expectNoSession(store: Checkpointer, sessionId: string): Promise<void> {
  deepStrictEqual(await store.load(sessionId), undefined);
  deepStrictEqual([...(await store.history(sessionId, { limit: ALL }))], []);
  deepStrictEqual(await store.at(sessionId, { step: 0 }), undefined);
  const listed = await store.list({ limit: ALL });
  ok(!listed.some((summary) => summary.sessionId === sessionId), `session "${sessionId}" is not listed`);
}

/** `told` is what the error must say. */
export async function isConflict(
  write: () => unknown,
  told: Partial<Pick<CheckpointConflictError, "sessionId" | "expected" | "takenBy">> = {},
): Promise<void> {
  await rejects(
    async () => write(),
    (error) => {
      ok(error instanceof CheckpointConflictError, `a conflict, not ${String(error)}`);
      for (const key of Object.keys(told) as (keyof typeof told)[]) deepStrictEqual(error[key], told[key]);
      return true;
    },
  );
}

export async function isNotFound(write: () => unknown): Promise<void> {
  await rejects(
    async () => write(),
    (error) => error instanceof CheckpointNotFoundError,
  );
}

/** The ids of a page, for the sake of short messages. */
export function idOf({ incarnation, seq }: Checkpoint): string {
  return checkpointId(incarnation, seq);
}

/** What was written to a channel that is gone with the next checkpoint may be told of the head, or not. */
function asHead(checkpoint: Checkpoint, note: Note): Checkpoint {
  const deltas = checkpoint.deltas.filter(({ channel }) => !checkpoint.ephemeral.includes(channel));
  return { ...checkpoint, deltas, note };
}
