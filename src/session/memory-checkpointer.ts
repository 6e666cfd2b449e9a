/** A store in memory: checkpoints by reference, so history costs what changed. What it keeps lives as long as it does (P5). */
import { CheckpointConflictError } from "../errors.js";
import { recordKey, type TaskRecord } from "../superstep/record.js";
import { type Checkpoint, checkpointId, type Note, withoutEphemeral } from "./checkpoint.js";
import type { Checkpointer, NoteWrite, SessionQuery, StoredSession } from "./checkpointer.js";
import type { SessionSummary } from "./view.js";

interface Kept {
  readonly checkpoints: Checkpoint[];
  head: Checkpoint;
  note: Note;
  updatedAt: number;
  records: Map<string, TaskRecord>;
}

/** The default store: in this process only, gone with it. */
export class MemoryCheckpointer implements Checkpointer {
  readonly #sessions = new Map<string, Kept>();

  load(sessionId: string): StoredSession | undefined {
    const kept = this.#sessions.get(sessionId);
    return kept && { checkpoint: kept.head, note: kept.note, records: [...kept.records.values()] };
  }

  commit(checkpoint: Checkpoint, { replace = false }: { readonly replace?: boolean } = {}): number {
    const kept = replace ? undefined : this.#sessions.get(checkpoint.sessionId);
    if (checkpoint.parentSeq === undefined) this.#begin(checkpoint, kept);
    else advance(this.#expect(checkpoint, checkpoint.parentSeq), checkpoint);
    return 0;
  }

  annotate(write: NoteWrite): void {
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

  delete(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  close(): void {}

  #begin(checkpoint: Checkpoint, kept: Kept | undefined): void {
    if (kept !== undefined) throw new CheckpointConflictError(checkpoint.sessionId, undefined);
    const { sessionId, note, createdAt } = checkpoint;
    this.#sessions.set(sessionId, {
      checkpoints: [checkpoint],
      head: checkpoint,
      note,
      updatedAt: createdAt,
      records: new Map(),
    });
  }

  #expect(at: { readonly sessionId: string; readonly incarnation: string }, seq: number): Kept {
    const kept = this.#sessions.get(at.sessionId);
    if (kept?.head.incarnation === at.incarnation && kept.head.seq === seq) return kept;
    throw new CheckpointConflictError(at.sessionId, checkpointId(at.incarnation, seq));
  }
}

function advance(kept: Kept, checkpoint: Checkpoint): void {
  kept.checkpoints[kept.checkpoints.length - 1] = withoutEphemeral(kept.head);
  kept.checkpoints.push(checkpoint);
  kept.head = checkpoint;
  kept.note = checkpoint.note;
  kept.updatedAt = checkpoint.createdAt;
  if (kept.records.size > 0) kept.records = new Map();
}

function summarize({ head, note, updatedAt }: Kept): SessionSummary {
  return { sessionId: head.sessionId, step: head.step, status: note.status.kind, updatedAt };
}
