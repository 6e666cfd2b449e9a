/**
 * What is true: every call of the store as it is really done, and what follows from it for everybody. Each event is held against the laws:
 * one line of checkpoints a session, no gap and no branch in it (S1, C1); nobody writes but who has the newest lease (C4); and nobody hears
 * of what is not stored (C2, C3).
 */
import { isDeepStrictEqual } from "node:util";
import type {
  AppRunnerOptions,
  Checkpoint,
  Checkpointer,
  CommitOptions,
  Lease,
  LeaseAnswer,
  LeaseClaim,
  NoteWrite,
  PrunePolicy,
  SessionStatus,
  StoredSession,
  TaskRef,
} from "../../src/index.js";
import { intercept, type StoreCall } from "../../src/testing.js";
import { LeaseLedger } from "./lease-ledger.js";
import { TaskLedger } from "./task-ledger.js";

/** A checkpoint, and all that the session was while it was the head. */
interface Place {
  readonly checkpoint: Checkpoint;
  readonly statuses: SessionStatus[];
}
/** A session as somebody heard of it. */
interface Hearsay {
  readonly step: number;
  readonly state: unknown;
  readonly status: SessionStatus;
}

export class Ledger {
  /** Laws that were broken. */
  readonly broken: string[] = [];
  /** The store, watched. */
  readonly store: Checkpointer;
  readonly tasks: TaskLedger;
  readonly #leases: LeaseLedger;
  readonly #inner: Checkpointer;
  readonly #durability: AppRunnerOptions["durability"];
  readonly #lines = new Map<string, Place[]>();
  /** What stood under a session's id before it was replaced. */
  readonly #past = new Map<string, Place[]>();
  readonly #pruned = new Set<string>();

  /** Under durability "exit" several supersteps may be committed together. */
  constructor(inner: Checkpointer, durability: AppRunnerOptions["durability"]) {
    this.#inner = inner;
    this.#durability = durability;
    this.tasks = new TaskLedger((law) => this.accuse(law));
    this.#leases = new LeaseLedger((law) => this.accuse(law));
    this.store = intercept(inner, (call) => this.#watch(call));
  }

  accuse(law: string): void {
    this.broken.push(law);
  }

  get sessions(): readonly string[] {
    return [...this.#lines.keys()];
  }

  headOf(sessionId: string): Checkpoint | undefined {
    return this.#lines.get(sessionId)?.at(-1)?.checkpoint;
  }

  statusOf(sessionId: string): SessionStatus | undefined {
    return this.#lines.get(sessionId)?.at(-1)?.statuses.at(-1);
  }

  /** Somebody was told that the session stands, or stood, like this. */
  heard(sessionId: string, { step, state, status }: Hearsay): void {
    const isTrue = this.#everOf(sessionId).some(
      ({ checkpoint, statuses }) =>
        checkpoint.step === step &&
        (checkpoint.state === state || isDeepStrictEqual(checkpoint.state, state)) &&
        statuses.some((one) => isDeepStrictEqual(one, status)),
    );
    if (!isTrue) this.accuse(`${sessionId} never stood at step ${step} as ${status.kind} like that`);
  }

  /** Somebody was told that a superstep is committed. */
  reported(sessionId: string, { step, ran }: { readonly step: number; readonly ran: readonly TaskRef[] }): void {
    const isTrue = this.#everOf(sessionId).some(
      ({ checkpoint }) =>
        checkpoint.step === step && (ran.length === 0 || checkpoint.ran.at(-1)?.id === ran.at(-1)?.id),
    );
    if (!isTrue) this.accuse(`${sessionId} never committed step ${step} as it was reported`);
  }

  /** The whole of a session's line is in the store, as it was committed. */
  async audit(sessionId: string): Promise<void> {
    const line = (this.#lines.get(sessionId) ?? []).map(({ checkpoint }) => placeOf(checkpoint));
    const { incarnation } = this.headOf(sessionId) ?? {};
    const stored = [...(await this.#inner.history(sessionId, { limit: 10_000 }))].reverse();
    const own = stored.filter((checkpoint) => checkpoint.incarnation === incarnation).map(placeOf);
    const expected = this.#pruned.has(sessionId) ? line.slice(-own.length) : line;
    if (own.length === 0 || !isDeepStrictEqual(own, expected))
      this.accuse(`the line of ${sessionId} is another one than what was committed`);
    for (const [place, { step }] of stored.entries())
      if (place > 0 && step < (stored[place - 1]?.step ?? 0)) this.accuse(`a step of ${sessionId} goes back`);
  }

  #everOf(sessionId: string): readonly Place[] {
    return [...(this.#past.get(sessionId) ?? []), ...(this.#lines.get(sessionId) ?? [])];
  }

  #watch({ method, args, proceed }: StoreCall): unknown {
    const answer = proceed();
    if (method === "acquire") this.#leases.acquired(args[0] as LeaseClaim, answer as LeaseAnswer);
    if (method === "renew")
      this.#leases.renewed(args[0] as readonly Lease[], args[1] as number, answer as readonly Lease[]);
    if (method === "release") {
      const lease = args[0] as Lease;
      this.#leases.released(lease, this.#lines.has(lease.sessionId));
    }
    if (method === "commit") this.#committed(args[0] as Checkpoint, args[1] as CommitOptions);
    if (method === "annotate") this.#annotated(args[0] as NoteWrite);
    if (method === "prune") this.#pruned.add((args[0] as PrunePolicy).sessionId ?? "");
    return answer;
  }

  #committed(checkpoint: Checkpoint, { fence, replace = false }: CommitOptions = {}): void {
    const { sessionId, incarnation, parentSeq, source, note } = checkpoint;
    this.#leases.check(sessionId, fence);
    if (replace) this.#bury(sessionId);
    const head = this.headOf(sessionId);
    const isNext = head !== undefined && head.incarnation === incarnation && head.seq === parentSeq;
    if (parentSeq === undefined ? head !== undefined : !isNext)
      this.accuse(`${sessionId} branches at ${head?.seq}: ${checkpoint.seq} builds on ${parentSeq}`);
    if (head !== undefined) this.#checkNext(head, checkpoint);
    const line = this.#lines.get(sessionId) ?? [];
    line.push({ checkpoint, statuses: [note.status] });
    this.#lines.set(sessionId, line);
    this.#checkHead(sessionId, source !== "update");
  }

  #bury(sessionId: string): void {
    this.#past.set(sessionId, [...this.#everOf(sessionId)]);
    this.#lines.delete(sessionId);
    this.#pruned.delete(sessionId);
  }

  #checkNext(head: Checkpoint, { sessionId, seq, step, source, ran, state }: Checkpoint): void {
    const ahead = this.#durability === "exit" && source === "step" ? seq - head.seq : 1;
    if (ahead < 1 || seq !== head.seq + ahead || step !== head.step + (source === "step" ? ahead : 0))
      this.accuse(`${sessionId} goes from step ${head.step} to ${step} by a checkpoint of source ${source}`);
    if (source !== "step") return;
    if (!isDeepStrictEqual(ran.slice(0, head.frontier.length), head.frontier))
      this.accuse(`others ran in ${sessionId} than its frontier`);
    this.#checkWork(sessionId, ran, logOf({ state }), logOf(head));
  }

  /** Every task of a superstep has written once; of one that was reported completed, what it did then. */
  #checkWork(sessionId: string, ran: readonly TaskRef[], log: readonly string[], former: readonly string[]): void {
    const added = log.slice(former.length);
    if (log[former.length - 1] !== former.at(-1) || added.length !== ran.length)
      this.accuse(`${ran.length} tasks of ${sessionId} have written ${added.length} times`);
    for (const [place, { id }] of ran.entries()) {
      const [taskId, attempt] = (added[place] ?? "").split("#");
      if (taskId !== id) this.accuse(`${taskId} wrote in the place of ${id}`);
      this.tasks.committed(id, Number(attempt));
    }
  }

  #annotated({ sessionId, incarnation, seq, fence, note, records }: NoteWrite): void {
    this.#leases.check(sessionId, fence);
    const head = this.#lines.get(sessionId)?.at(-1);
    if (head?.checkpoint.incarnation !== incarnation || head.checkpoint.seq !== seq)
      return this.accuse(`a note on ${sessionId} at ${seq}, which is at ${head?.checkpoint.seq}`);
    if (note !== undefined) head.statuses.push(note.status);
    for (const record of records) this.tasks.kept(record, fence ?? 0);
    this.#checkHead(sessionId, false);
  }

  /** The store has what it was given. */
  #checkHead(sessionId: string, isBare: boolean): void {
    const { checkpoint, records } = this.#inner.load(sessionId) as StoredSession;
    const head = this.headOf(sessionId);
    if (checkpoint.seq !== head?.seq || checkpoint.incarnation !== head.incarnation)
      this.accuse(`the store has ${checkpoint.seq} as the head of ${sessionId}, and not ${head?.seq}`);
    const left = records.filter(({ taskId }) => isBare || !checkpoint.frontier.some(({ id }) => id === taskId));
    if (left.length > 0) this.accuse(`${left.length} records of ${sessionId} have outlived their superstep`);
  }
}

function placeOf({ incarnation, seq, step, source, versions }: Checkpoint): unknown {
  return { incarnation, seq, step, source, versions };
}

function logOf({ state }: Pick<Checkpoint, "state">): readonly string[] {
  return (state as { readonly log: readonly string[] }).log;
}
