/**
 * What is true: every call of the store as it is really done, and what follows from it for everybody. Each event is held against the laws:
 * one line of checkpoints a session, no gap and no branch in it (S1, C1); nobody writes but who has the newest lease (C4); what was
 * reported completed is not run again (S6, C5); an effect that is durable is not done again; nobody hears of what is not stored (C2, C3).
 */
import { isDeepStrictEqual } from "node:util";
import type {
  Checkpoint,
  Checkpointer,
  CommitOptions,
  Lease,
  LeaseAnswer,
  LeaseClaim,
  NoteWrite,
  SessionStatus,
  StoredSession,
  TaskRecord,
} from "../../src/index.js";
import { intercept, type StoreCall } from "../../src/testing.js";

interface LeaseEntry {
  readonly fence: number;
  readonly owner: string;
  readonly until: number;
  readonly isOver: boolean;
}
interface Line {
  readonly checkpoints: Checkpoint[];
  /** All that the head has been, from its commit on. */
  statuses: SessionStatus[];
  /** The same of every earlier checkpoint, by its place. */
  readonly former: SessionStatus[][];
}
/** What came of a task, and under which lease. */
interface Deed {
  readonly fence: number;
  /** Which of all tries of all tasks it was. */
  readonly attempt: number | undefined;
}
/** A session as somebody heard of it. */
export interface Hearsay {
  readonly step: number;
  readonly state: unknown;
  readonly status: SessionStatus;
}

export class Ledger {
  /** Laws that were broken. */
  readonly broken: string[] = [];
  /** The store, watched. */
  readonly store: Checkpointer;
  readonly #inner: Checkpointer;
  readonly #lines = new Map<string, Line>();
  readonly #leases = new Map<string, LeaseEntry>();
  /** The last try of each task under each lease. */
  readonly #tries = new Map<string, number>();
  readonly #completed = new Map<string, Deed>();
  /** Which question each interrupt is. */
  readonly #questions = new Map<string, string>();
  /** The first durable answer to each question. */
  readonly #answers = new Map<string, unknown>();
  readonly #effects = new Map<string, number>();

  constructor(inner: Checkpointer) {
    this.#inner = inner;
    this.store = intercept(inner, (call) => this.#watch(call));
  }

  get sessions(): readonly string[] {
    return [...this.#lines.keys()];
  }

  headOf(sessionId: string): Checkpoint | undefined {
    return this.#lines.get(sessionId)?.checkpoints.at(-1);
  }

  statusOf(sessionId: string): SessionStatus | undefined {
    return this.#lines.get(sessionId)?.statuses.at(-1);
  }

  /** A task begins, on a runner that has the session by this lease. One whose lease is older cannot know what came after it. */
  started(taskId: string, fence: number, attempt: number): void {
    const completed = this.#completed.get(taskId);
    this.#tries.set(`${taskId}@${fence}`, attempt);
    if (completed !== undefined && fence >= completed.fence)
      this.#break(`task ${taskId} was reported completed under lease ${completed.fence} and runs under ${fence}`);
  }

  /** A task was reported completed. */
  completed(taskId: string, fence: number): void {
    const attempt = this.#tries.get(`${taskId}@${fence}`);
    if (!this.#completed.has(taskId)) this.#completed.set(taskId, { fence, attempt });
  }

  /** A task does its effect. */
  affected(taskId: string, fence: number): void {
    const durable = this.#effects.get(taskId);
    if (durable !== undefined && fence >= durable)
      this.#break(`the effect of ${taskId} was durable under lease ${durable} and is done again under ${fence}`);
  }

  /** A task knows that its effect is done. */
  remembered(taskId: string): void {
    if (!this.#effects.has(taskId)) this.#break(`${taskId} goes on before its effect is durable`);
  }

  /** A task sees the answer to its n-th question. */
  answered(taskId: string, place: number, answer: unknown): void {
    const durable = this.#answers.get(`${taskId}|${place}`);
    if (durable !== answer)
      this.#break(`${taskId} was answered "${String(answer)}", and "${String(durable)}" is stored`);
  }

  /** Somebody was told that the session stands, or stood, like this. */
  heard(sessionId: string, { step, state, status }: Hearsay): void {
    const line = this.#lines.get(sessionId);
    const isTrue = line?.checkpoints.some((checkpoint, place) => {
      const statuses = line.former[place] ?? line.statuses;
      if (checkpoint.step !== step || !isDeepStrictEqual(checkpoint.state, state)) return false;
      return statuses.some((one) => isDeepStrictEqual(one, status));
    });
    if (isTrue !== true) this.#break(`${sessionId} never stood at step ${step} as ${status.kind} like that`);
  }

  /** Somebody was told that a superstep is committed. */
  reported(
    sessionId: string,
    { step, ran }: { readonly step: number; readonly ran: readonly { readonly id: string }[] },
  ): void {
    const checkpoints = this.#lines.get(sessionId)?.checkpoints ?? [];
    const isTrue = checkpoints.some((one) => one.step === step && (ran.length === 0 || one.ran[0]?.id === ran[0]?.id));
    if (!isTrue) this.#break(`${sessionId} never committed step ${step} as it was reported`);
  }

  /** The whole of a session's line is in the store, as it was committed. */
  async audit(sessionId: string): Promise<void> {
    const line = this.#lines.get(sessionId)?.checkpoints ?? [];
    const stored = [...(await this.#inner.history(sessionId, { limit: 10_000 }))].reverse();
    const own = stored.filter(({ incarnation }) => incarnation === line[0]?.incarnation);
    if (!isDeepStrictEqual(own.map(placeOf), line.map(placeOf)))
      this.#break(`the line of ${sessionId} is another one than what was committed`);
    for (const [place, { step }] of stored.entries())
      if (place > 0 && step < (stored[place - 1]?.step ?? 0)) this.#break(`a step of ${sessionId} goes back`);
  }

  #watch({ method, args, proceed }: StoreCall): unknown {
    const answer = proceed();
    if (method === "acquire") this.#acquired(args[0] as LeaseClaim, answer as LeaseAnswer);
    if (method === "renew") this.#renewed(args[0] as readonly Lease[], args[1] as number, answer as readonly Lease[]);
    if (method === "release") this.#released(args[0] as Lease);
    if (method === "commit") this.#committed(args[0] as Checkpoint, args[1] as CommitOptions);
    if (method === "annotate") this.#annotated(args[0] as NoteWrite);
    return answer;
  }

  #acquired({ sessionId, owner, at, ttlMs, evict }: LeaseClaim, answer: LeaseAnswer): void {
    if (answer.kind === "held") return;
    const former = this.#leases.get(sessionId);
    const { fence } = answer.lease;
    if (former !== undefined && fence <= former.fence) this.#break(`lease ${fence} of ${sessionId} comes again`);
    const isFree = former === undefined || former.isOver || former.until <= at;
    if (!isFree && !(evict === former.fence && former.owner === owner))
      this.#break(`${sessionId} has two owners, by the leases ${former.fence} and ${fence}`);
    this.#leases.set(sessionId, { fence, owner, until: at + ttlMs, isOver: false });
  }

  #renewed(leases: readonly Lease[], until: number, lost: readonly Lease[]): void {
    for (const lease of leases) {
      const entry = this.#leases.get(lease.sessionId);
      const isOurs = entry?.fence === lease.fence && !entry.isOver;
      const isLost = lost.some((one) => one.sessionId === lease.sessionId);
      if (isOurs === isLost) this.#break(`lease ${lease.fence} of ${lease.sessionId} is lost or not`);
      if (isOurs) this.#leases.set(lease.sessionId, { ...entry, until });
    }
  }

  /** Of a session that does not exist nothing is fenced, and its numbers may come again. */
  #released({ sessionId, fence }: Lease): void {
    const entry = this.#leases.get(sessionId);
    if (entry?.fence !== fence) return;
    if (this.#lines.has(sessionId)) this.#leases.set(sessionId, { ...entry, isOver: true });
    else this.#leases.delete(sessionId);
  }

  #committed(checkpoint: Checkpoint, { fence }: CommitOptions = {}): void {
    const { sessionId, incarnation, seq, parentSeq, step, source, ran, note } = checkpoint;
    this.#checkFence(sessionId, fence, "commits");
    const line = this.#lines.get(sessionId);
    const head = line?.checkpoints.at(-1);
    const isNext = head !== undefined && head.incarnation === incarnation && head.seq === parentSeq;
    if (parentSeq === undefined ? head !== undefined : !isNext)
      this.#break(`${sessionId} branches at ${head?.seq}: ${seq} builds on ${parentSeq}`);
    if (head !== undefined) {
      const ahead = source === "step" ? 1 : 0;
      if (seq !== head.seq + 1 || step !== head.step + ahead)
        this.#break(`${sessionId} goes from step ${head.step} to ${step} by a checkpoint of source ${source}`);
      if (source === "step") this.#checkWork(head, checkpoint);
      if (source === "step" && !isDeepStrictEqual(ran, head.frontier)) this.#break(`others ran in ${sessionId}`);
    }
    if (line === undefined)
      this.#lines.set(sessionId, { checkpoints: [checkpoint], statuses: [note.status], former: [] });
    else {
      line.former.push(line.statuses);
      line.checkpoints.push(checkpoint);
      line.statuses = [note.status];
    }
    this.#checkHead(sessionId, source !== "update");
  }

  /** Every task of a superstep has written once; of one that was reported completed, what it did then. */
  #checkWork(head: Checkpoint, { sessionId, ran, state }: Checkpoint): void {
    const former = logOf(head);
    const log = logOf({ state });
    const added = log.slice(former.length);
    if (!isDeepStrictEqual(log.slice(0, former.length), former) || added.length !== ran.length)
      this.#break(`${ran.length} tasks of ${sessionId} have written ${added.length} times`);
    for (const [place, { id }] of ran.entries()) {
      const [taskId, attempt] = (added[place] ?? "").split("#");
      const completed = this.#completed.get(id);
      if (taskId !== id) this.#break(`${taskId} wrote in the place of ${id}`);
      if (completed !== undefined && completed.attempt !== Number(attempt))
        this.#break(`task ${id} was reported completed by try ${completed.attempt}, and committed by ${attempt}`);
    }
  }

  #annotated({ sessionId, incarnation, seq, fence, note, records }: NoteWrite): void {
    this.#checkFence(sessionId, fence, "annotates");
    const line = this.#lines.get(sessionId);
    const head = line?.checkpoints.at(-1);
    if (line === undefined || head?.incarnation !== incarnation || head.seq !== seq)
      return this.#break(`a note on ${sessionId} at ${seq}, which is at ${head?.seq}`);
    if (note !== undefined) line.statuses.push(note.status);
    for (const record of records) this.#keep(record, fence ?? 0);
    this.#checkHead(sessionId, false);
  }

  #keep(record: TaskRecord, fence: number): void {
    const { taskId, kind } = record;
    if (kind === "once" && !this.#effects.has(taskId)) this.#effects.set(taskId, fence);
    if (kind !== "interrupt") return;
    const question = `${taskId}|${record.index}`;
    const former = this.#questions.get(record.id) ?? question;
    this.#questions.set(record.id, former);
    if (former !== question) this.#break(`${record.id} names two questions, ${former} and ${question}`);
    if (record.answer === undefined) return;
    const { value } = record.answer;
    if (this.#answers.has(question) && this.#answers.get(question) !== value)
      this.#break(`${record.id} was answered twice`);
    this.#answers.set(question, value);
  }

  #checkFence(sessionId: string, fence: number | undefined, does: string): void {
    const lease = this.#leases.get(sessionId);
    if (fence === undefined || (lease !== undefined && lease.fence !== fence))
      this.#break(`somebody ${does} in ${sessionId} under lease ${fence}, and the newest is ${lease?.fence}`);
  }

  /** The store has what it was given. */
  #checkHead(sessionId: string, isBare: boolean): void {
    const { checkpoint, records } = this.#inner.load(sessionId) as StoredSession;
    const head = this.headOf(sessionId);
    if (checkpoint.seq !== head?.seq || checkpoint.incarnation !== head.incarnation)
      this.#break(`the store has ${checkpoint.seq} as the head of ${sessionId}, and not ${head?.seq}`);
    const ids = new Set(checkpoint.frontier.map(({ id }) => id));
    const left = records.filter(({ taskId }) => isBare || !ids.has(taskId));
    if (left.length > 0) this.#break(`${left.length} records of ${sessionId} have outlived their superstep`);
  }

  #break(law: string): void {
    this.broken.push(law);
  }
}

function placeOf({ incarnation, seq, step, source, versions }: Checkpoint): unknown {
  return { incarnation, seq, step, source, versions };
}

function logOf({ state }: Pick<Checkpoint, "state">): readonly string[] {
  return (state as { readonly log: readonly string[] }).log;
}
