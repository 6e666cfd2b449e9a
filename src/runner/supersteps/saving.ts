/** What a run writes, and when (C1, C3). Whatever is written moves the run's standing along. */
import { crashPoint } from "../../crash-point.js";
import { type Checkpoint, type Note, withoutEphemeral } from "../../session/checkpoint.js";
import type { Channels } from "../../state/channel.js";
import { recordKey, type TaskRecord } from "../../superstep/record.js";
import { type Awaitable, after, isThenable } from "../../superstep/thenable.js";
import type { Run } from "../run.js";
import { SPANS, within } from "../telemetry.js";

const NO_RECORDS: readonly TaskRecord[] = Object.freeze([]);

/** Commits a superstep. Under `durability: "exit"` one that goes straight on is held back until the run stops. */
export function commit<C extends Channels>(run: Run<C>, checkpoint: Checkpoint<C>): Awaitable<void> {
  const whole = run.unsaved === undefined ? checkpoint : squash(run.unsaved, checkpoint);
  if (run.engine.durability === "exit" && checkpoint.note.status.kind === "ready") {
    run.unsaved = whole;
    return stand(run, checkpoint);
  }
  const saving = write(run, whole);
  return isThenable(saving) ? saving.then(() => stand(run, checkpoint)) : stand(run, checkpoint);
}

/** Writes a note and records beside the head; supersteps that were held back go first. */
export async function annotate<C extends Channels>(
  run: Run<C>,
  note: Note | undefined,
  records: readonly TaskRecord[],
  options: { readonly discardResults?: boolean } = {},
): Promise<void> {
  const { checkpoint } = run.standing;
  if (run.unsaved !== undefined) await write(run, run.unsaved);
  const { sessionId, incarnation, seq, fingerprint } = checkpoint;
  const { engine, fence } = run;
  const at = engine.clock.now();
  crashPoint(note === undefined ? "pending.before" : "note.before");
  const writing = { sessionId, incarnation, seq, fence, records, at, ...(note && { note }), ...options };
  await engine.store.annotate(writing, fingerprint);
  crashPoint(note === undefined ? "pending.after" : "note.after");
  const former =
    options.discardResults === true
      ? run.standing.records.filter(({ kind }) => kind !== "result")
      : run.standing.records;
  run.standing = { ...run.standing, note: note ?? run.standing.note, records: upsert(former, records) };
}

/** Gives the bytes written. */
function write<C extends Channels>(run: Run<C>, checkpoint: Checkpoint<C>): Awaitable<number> {
  run.unsaved = undefined;
  if (run.scope === undefined) return save(run, checkpoint);
  return within(run.scope, SPANS.checkpoint, { step: checkpoint.step }, (span) =>
    after(save(run, checkpoint), (bytes) => {
      span.set({ bytes });
      return bytes;
    }),
  );
}

function save<C extends Channels>(run: Run<C>, checkpoint: Checkpoint<C>): Awaitable<number> {
  const { engine, fence, isRebased: whole } = run;
  const saving = engine.store.commit(checkpoint as Checkpoint, { fence, whole });
  const saved = (bytes: number): number => {
    run.isRebased = false;
    return bytes;
  };
  return whole ? after(saving, saved) : saving;
}

function stand<C extends Channels>(run: Run<C>, checkpoint: Checkpoint<C>): void {
  run.standing = { checkpoint, note: checkpoint.note, records: NO_RECORDS };
}

/** Several supersteps as one checkpoint: the deltas of all, the state of the last. */
function squash<C extends Channels>(former: Checkpoint<C>, last: Checkpoint<C>): Checkpoint<C> {
  const { parentSeq, ran, deltas, updatedChannels } = withoutEphemeral(former as Checkpoint);
  return {
    ...last,
    parentSeq,
    ran: [...ran, ...last.ran],
    deltas: [...deltas, ...last.deltas],
    updatedChannels: [...new Set([...updatedChannels, ...last.updatedChannels])],
  };
}

function upsert(former: readonly TaskRecord[], records: readonly TaskRecord[]): readonly TaskRecord[] {
  if (records.length === 0) return former;
  const byKey = new Map(former.map((record) => [recordKey(record), record]));
  for (const record of records) byKey.set(recordKey(record), record);
  return [...byKey.values()];
}
