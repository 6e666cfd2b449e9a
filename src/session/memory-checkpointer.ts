/** A store in memory: checkpoints by reference, so history and forks cost what changed. What it keeps lives as long as it does (P5). */
import { CheckpointConflictError, CheckpointNotFoundError } from "../errors.js";
import type { TaskOutcome } from "../superstep/outcome.js";
import { recordKey, type TaskRecord } from "../superstep/record.js";
import type { ArtifactWrite } from "./artifact.js";
import { ArtifactTable, type Readable } from "./artifact-table.js";
import { type Checkpoint, type CheckpointRef, checkpointId, type Note, withoutEphemeral } from "./checkpoint.js";
import type {
  CacheEntry,
  Checkpointer,
  CommitOptions,
  Freed,
  HistoryQuery,
  NoteWrite,
  Pruned,
  PrunePolicy,
  SessionQuery,
  StoredSession,
} from "./checkpointer.js";
import { isChildId } from "./child-id.js";
import type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "./lease.js";
import { LeaseTable } from "./lease-table.js";
import { OutcomeTable } from "./outcome-table.js";
import type { SessionSummary } from "./view.js";

interface Kept {
  /** Oldest first, over the checkpoint it was forked from and on. The last one is the head. */
  line: Checkpoint[];
  note: Note;
  updatedAt: number;
  records: Map<string, TaskRecord>;
}

/** The default store: in this process only, gone with it. */
export class MemoryCheckpointer implements Checkpointer {
  readonly #sessions = new Map<string, Kept>();
  readonly #leases = new LeaseTable();
  readonly #outcomes = new OutcomeTable();
  readonly #artifacts = new ArtifactTable();

  load(sessionId: string): StoredSession | undefined {
    const kept = this.#sessions.get(sessionId);
    return kept && { checkpoint: headOf(kept), note: kept.note, records: [...kept.records.values()] };
  }

  commit(checkpoint: Checkpoint, options: CommitOptions = {}): number {
    this.#checkFence(checkpoint, checkpoint.parentSeq, options.fence);
    const { parentSeq } = checkpoint;
    this.#artifacts.check(checkpoint, parentSeq === undefined || options.whole === true);
    if (parentSeq === undefined) this.#begin(checkpoint, options);
    else advance(this.#expect(checkpoint, parentSeq), checkpoint, options);
    return 0;
  }

  annotate(write: NoteWrite): void {
    this.#checkFence(write, write.seq, write.fence);
    const kept = this.#expect(write, write.seq);
    if (write.discardResults === true) {
      for (const [key, record] of kept.records) if (record.kind === "result") kept.records.delete(key);
    }
    for (const record of write.records) kept.records.set(recordKey(record), record);
    if (write.note !== undefined) kept.note = write.note;
    kept.updatedAt = write.at;
  }

  list({ status, limit, after }: SessionQuery): readonly SessionSummary[] {
    const ids = [...this.#sessions.keys()].filter((id) => after === undefined || id > after).sort();
    const summaries = ids.map((id) => summarize(this.#sessions.get(id) as Kept));
    return summaries.filter((summary) => status === undefined || summary.status === status).slice(0, limit);
  }

  delete(sessionId: string, fence?: number): Freed {
    this.#checkFence({ sessionId, incarnation: "" }, undefined, fence);
    return { artifacts: this.#sessions.delete(sessionId) ? this.#sweep() : 0 };
  }

  history(sessionId: string, { limit, before }: HistoryQuery): readonly Checkpoint[] {
    const line = this.#shownLine(sessionId);
    const end = before === undefined ? line.length : placeOf(line, (checkpoint) => !isBefore(checkpoint, before));
    const page = line.slice(Math.max(0, end - limit), end).reverse();
    return page.map((checkpoint) => shownOf(checkpoint, sessionId));
  }

  at(sessionId: string, place: CheckpointRef | { readonly step: number }): Checkpoint | undefined {
    const line = this.#shownLine(sessionId);
    const found =
      "step" in place
        ? line[placeOf(line, ({ step }) => step > place.step) - 1]
        : line[placeOf(line, ({ seq }) => seq >= place.seq)];
    return found !== undefined && isAt(found, place) ? shownOf(found, sessionId) : undefined;
  }

  prune({ sessionId, keepLast, madeBefore, at }: PrunePolicy): Pruned {
    if (keepLast === undefined && madeBefore === undefined) return { checkpoints: 0, bytes: 0 };
    const before = this.#shown();
    for (const [id, kept] of this.#sessions) {
      if (sessionId === undefined ? isChildId(id) : id !== sessionId) continue;
      const newest = kept.line.length - Math.max(1, keepLast ?? 1);
      const oldest = kept.line.findIndex(
        (checkpoint, place) => place >= newest || checkpoint.createdAt >= (madeBefore ?? Number.POSITIVE_INFINITY),
      );
      kept.line = kept.line.slice(Math.max(0, oldest));
    }
    const artifacts = this.#sweep(at);
    return { checkpoints: before - this.#shown(), bytes: 0, ...(artifacts > 0 && { artifacts }) };
  }

  acquire(claim: LeaseClaim): LeaseAnswer {
    return this.#leases.acquire(claim);
  }

  renew(leases: readonly Lease[], until: number): readonly LeaseNews[] {
    return this.#leases.renew(leases, until);
  }

  askToStop(sessionId: string, request: StopRequest, at: number): LeaseHolder | undefined {
    return this.#leases.askToStop(sessionId, request, at);
  }

  release(lease: Lease): void {
    this.#leases.release(lease, !this.#sessions.has(lease.sessionId));
  }

  cached(key: string, at: number): TaskOutcome | undefined {
    return this.#outcomes.get(key, at);
  }

  cache(entry: CacheEntry): void {
    if (this.#artifacts.hasAllOf(entry.outcome)) this.#outcomes.set(entry);
  }

  putArtifact(write: ArtifactWrite): void {
    const { holder } = write;
    if ("until" in holder) return this.#artifacts.put(write, undefined);
    const { sessionId, fence } = holder;
    this.#checkFence({ sessionId, incarnation: "" }, undefined, fence);
    const kept = this.#sessions.get(sessionId);
    this.#artifacts.put(write, kept && nameOf(headOf(kept)));
  }

  artifact(digest: string): Uint8Array | undefined {
    return this.#artifacts.get(digest);
  }

  close(): void {}

  /** Gives the bytes of the artifacts that are gone. */
  #sweep(at?: number): number {
    return this.#artifacts.isEmpty ? 0 : this.#artifacts.sweep(this.#readable(at), at);
  }

  /** What stands beside a head, too. */
  #readable(at: number | undefined): Readable {
    const sessions = [...this.#sessions.values()];
    const values = sessions.flatMap(({ line, note, records }) => [...line, note, ...records.values()]);
    return {
      values: [...values, ...this.#outcomes.outcomes(at)],
      heads: new Set(sessions.map((kept) => nameOf(headOf(kept)))),
    };
  }

  #begin(checkpoint: Checkpoint, { replace = false, origin }: CommitOptions): void {
    const { sessionId, note, createdAt } = checkpoint;
    if (!replace && this.#sessions.has(sessionId)) throw new CheckpointConflictError(sessionId, undefined);
    const inherited = origin === undefined ? [] : this.#lineTo(origin, checkpoint.forkedFrom);
    const line = [...inherited, checkpoint];
    this.#sessions.set(sessionId, { line, note, updatedAt: createdAt, records: new Map() });
  }

  /** The line of a session up to a checkpoint, shared by reference. */
  #lineTo(origin: string, last: CheckpointRef | undefined): readonly Checkpoint[] {
    const line = this.#sessions.get(origin)?.line ?? [];
    const found = last === undefined ? undefined : this.at(origin, last);
    if (found === undefined) throw new CheckpointNotFoundError(origin, "that the fork starts from");
    const inherited = line.filter(({ seq }) => seq < found.seq);
    return [...inherited, withoutEphemeral(line[inherited.length] as Checkpoint)];
  }

  #expect(at: { readonly sessionId: string; readonly incarnation: string }, seq: number): Kept {
    const kept = this.#sessions.get(at.sessionId);
    const head = kept && headOf(kept);
    if (kept !== undefined && head?.incarnation === at.incarnation && head.seq === seq) return kept;
    throw new CheckpointConflictError(at.sessionId, checkpointId(at.incarnation, seq));
  }

  #checkFence(
    { sessionId, incarnation }: { readonly sessionId: string; readonly incarnation: string },
    seq: number | undefined,
    fence: number | undefined,
  ): void {
    const newer = this.#leases.newerThan(sessionId, fence);
    if (newer === undefined) return;
    const expected = seq === undefined ? undefined : checkpointId(incarnation, seq);
    throw new CheckpointConflictError(sessionId, expected, newer.owner ?? "another owner");
  }

  /** The head under the note that stands beside it now, without what is to be gone. */
  #shownLine(sessionId: string): readonly Checkpoint[] {
    const kept = this.#sessions.get(sessionId);
    if (kept === undefined) return [];
    const head = headOf(kept);
    const shown = withoutEphemeral(head.note === kept.note ? head : { ...head, note: kept.note });
    return shown === head ? kept.line : [...kept.line.slice(0, -1), shown];
  }

  #shown(): number {
    const lines = [...this.#sessions.values()].flatMap(({ line }) => line);
    return new Set(lines.map(({ incarnation, seq }) => checkpointId(incarnation, seq))).size;
  }
}

function headOf({ line }: Kept): Checkpoint {
  return line[line.length - 1] as Checkpoint;
}

function nameOf({ incarnation, seq }: Checkpoint): string {
  return checkpointId(incarnation, seq);
}

function advance(kept: Kept, checkpoint: Checkpoint, { keepsRecords = false }: CommitOptions): void {
  kept.line[kept.line.length - 1] = withoutEphemeral(headOf(kept));
  kept.line.push(checkpoint);
  kept.note = checkpoint.note;
  kept.updatedAt = checkpoint.createdAt;
  if (!keepsRecords && kept.records.size > 0) kept.records = new Map();
}

/** What a session has inherited is shown as its own. */
function shownOf(checkpoint: Checkpoint, sessionId: string): Checkpoint {
  return checkpoint.sessionId === sessionId ? checkpoint : { ...checkpoint, sessionId };
}

function isAt({ incarnation, seq, step }: Checkpoint, place: CheckpointRef | { readonly step: number }): boolean {
  return "step" in place ? step === place.step : seq === place.seq && incarnation === place.incarnation;
}

function isBefore({ seq, step }: Checkpoint, before: NonNullable<HistoryQuery["before"]>): boolean {
  return "seq" in before ? seq < before.seq : step < before.step;
}

/** Where the first checkpoint stands for which the test holds, and with it all later ones; the line's end when there is none. */
function placeOf(line: readonly Checkpoint[], holds: (checkpoint: Checkpoint) => boolean): number {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(line[middle] as Checkpoint)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function summarize(kept: Kept): SessionSummary {
  const { sessionId, step } = headOf(kept);
  return { sessionId, step, status: kept.note.status.kind, updatedAt: kept.updatedAt };
}
