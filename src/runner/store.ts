/** The store as the runner uses it: every failure is a CheckpointError (C3), and sessions in use stay in memory. */
import { crashPoint } from "../crash-point.js";
import { CheckpointError, InvalidOptionError, SuperstepError } from "../errors.js";
import type { ArtifactWrite, DraftEnd, DraftPiece } from "../session/artifact.js";
import type { Checkpoint, CheckpointRef } from "../session/checkpoint.js";
import type {
  CacheEntry,
  Checkpointer,
  CommitOptions,
  HistoryQuery,
  NoteWrite,
  Pruned,
  PrunePolicy,
  SessionQuery,
  StoredSession,
} from "../session/checkpointer.js";
import type { Lease, LeaseAnswer, LeaseClaim, LeaseHolder, LeaseNews, StopRequest } from "../session/lease.js";
import type { SessionSummary } from "../session/view.js";
import type { TaskOutcome } from "../superstep/outcome.js";
import { type Awaitable, after, isThenable, recovering } from "../superstep/thenable.js";

/** Sessions whose newest checkpoint stays in memory, so that going on does not read it again. */
const RESIDENT = 1_000;

const KEEP = "keep an artifact";

/** What may be kept apart from checkpoints, by the fingerprint of their graphs. */
export type ApartAbove = ReadonlyMap<string, NonNullable<CommitOptions["apartAbove"]>>;

/** What a store can do that takes and gives artifacts in pieces. */
export interface Pieces {
  add(piece: DraftPiece): Awaitable<void>;
  keep(end: DraftEnd): Awaitable<void>;
  drop(name: string): Awaitable<void>;
  range(digest: string, from: number, length: number): Awaitable<Uint8Array | undefined>;
}

export class Store {
  readonly #checkpointer: Checkpointer;
  readonly #resident = new Map<string, Checkpoint>();
  readonly #apartAbove: ApartAbove | undefined;

  constructor(checkpointer: Checkpointer, apartAbove?: ApartAbove) {
    this.#checkpointer = checkpointer;
    this.#apartAbove = apartAbove;
  }

  async load(sessionId: string): Promise<StoredSession | undefined> {
    const stored = await guard("load a session", () =>
      this.#checkpointer.load(sessionId, this.#resident.get(sessionId)),
    );
    if (stored !== undefined) return this.#stay(stored.checkpoint, stored);
    this.#resident.delete(sessionId);
    return undefined;
  }

  commit(checkpoint: Checkpoint, options: CommitOptions): Awaitable<number> {
    crashPoint("commit.before");
    let saving: Awaitable<number>;
    try {
      const apartAbove = this.#apartAbove?.get(checkpoint.fingerprint);
      saving = this.#checkpointer.commit(checkpoint, apartAbove === undefined ? options : { ...options, apartAbove });
    } catch (error) {
      throw failureOf("commit a superstep", error);
    }
    if (!isThenable(saving)) return this.#committed(checkpoint, saving);
    return Promise.resolve(saving as PromiseLike<number>).then(
      (bytes) => this.#committed(checkpoint, bytes),
      (error: unknown) => {
        throw failureOf("commit a superstep", error);
      },
    );
  }

  /** `fingerprint`: of the head. */
  annotate(write: NoteWrite, fingerprint: string): Awaitable<void> {
    const apartAbove = this.#apartAbove?.get(fingerprint);
    const whole = apartAbove === undefined ? write : { ...write, apartAbove };
    return guard("save what is pending", () => this.#checkpointer.annotate(whole));
  }

  list(query: SessionQuery): Awaitable<readonly SessionSummary[]> {
    return guard("list sessions", () => this.#checkpointer.list(query));
  }

  /** Gives the bytes of the artifacts that went with it, as far as the store tells. */
  delete(sessionId: string, fence: number): Awaitable<number> {
    this.#resident.delete(sessionId);
    const deleting = guard("delete a session", () => this.#checkpointer.delete(sessionId, fence));
    return after(deleting, (freed) => freed?.artifacts ?? 0);
  }

  history(sessionId: string, query: HistoryQuery): Awaitable<readonly Checkpoint[]> {
    return guard("read the history", () => this.#checkpointer.history(sessionId, query));
  }

  at(sessionId: string, place: CheckpointRef | { readonly step: number }): Awaitable<Checkpoint | undefined> {
    return guard("read a checkpoint", () => this.#checkpointer.at(sessionId, place));
  }

  prune(policy: PrunePolicy): Awaitable<Pruned> {
    return guard("prune", () => this.#checkpointer.prune(policy));
  }

  /** Of a store that has a cache, as the runner's options were checked for. */
  cached(key: string, at: number): Awaitable<TaskOutcome | undefined> {
    return guard("read the cache", () => this.#checkpointer.cached?.(key, at));
  }

  cache(entry: CacheEntry): Awaitable<void> {
    return guard("write the cache", () => this.#checkpointer.cache?.(entry));
  }

  /** Throws InvalidOptionError when the store keeps none. */
  putArtifact(write: ArtifactWrite): Awaitable<void> {
    const { putArtifact } = this.#checkpointer;
    if (putArtifact === undefined) throw withoutArtifacts();
    crashPoint("artifact.before");
    const kept = guard(KEEP, () => putArtifact.call(this.#checkpointer, write));
    return after(kept, () => crashPoint("artifact.after"));
  }

  /** Throws InvalidOptionError when the store keeps none. */
  artifact(digest: string): Awaitable<Uint8Array | undefined> {
    const { artifact } = this.#checkpointer;
    if (artifact === undefined) throw withoutArtifacts();
    return guard("read an artifact", () => artifact.call(this.#checkpointer, digest));
  }

  /** Undefined: the store takes and gives artifacts whole. */
  get pieces(): Pieces | undefined {
    const store = this.#checkpointer;
    const { draftArtifact: add, keepDraft: keep, dropDraft: drop, artifactRange: range } = store;
    if (add === undefined || keep === undefined || drop === undefined || range === undefined) return undefined;
    return {
      add: (piece) =>
        after(
          guard(KEEP, () => add.call(store, piece)),
          () => crashPoint("artifact.drafted"),
        ),
      keep: (end) => {
        crashPoint("artifact.before");
        return after(
          guard(KEEP, () => keep.call(store, end)),
          () => crashPoint("artifact.after"),
        );
      },
      drop: (name) => guard("remove an artifact", () => drop.call(store, name)),
      range: (...asked) => guard("read an artifact", () => range.apply(store, asked)),
    };
  }

  acquire(claim: LeaseClaim): Awaitable<LeaseAnswer> {
    return guard("take a lease", () => this.#checkpointer.acquire(claim));
  }

  /** Undefined: the store cannot. */
  get askToStop():
    | ((sessionId: string, stop: StopRequest, at: number) => Awaitable<LeaseHolder | undefined>)
    | undefined {
    const { askToStop } = this.#checkpointer;
    if (askToStop === undefined) return undefined;
    return (...asked) => guard("ask to stop", () => askToStop.apply(this.#checkpointer, asked));
  }

  renew(leases: readonly Lease[], until: number): Awaitable<readonly LeaseNews[]> {
    return guard("renew leases", () => this.#checkpointer.renew(leases, until));
  }

  release(lease: Lease): Awaitable<void> {
    return guard("give a lease back", () => this.#checkpointer.release(lease));
  }

  close(): Awaitable<void> {
    return guard("close", () => this.#checkpointer.close());
  }

  #committed(checkpoint: Checkpoint, bytes: number): number {
    crashPoint("commit.after");
    return this.#stay(checkpoint, bytes);
  }

  /** Only what is durable: another process may commit a checkpoint of the same id in its place. The one that was used longest ago leaves. */
  #stay<T>(checkpoint: Checkpoint, answer: T): T {
    this.#resident.delete(checkpoint.sessionId);
    this.#resident.set(checkpoint.sessionId, checkpoint);
    if (this.#resident.size > RESIDENT) dropOldest(this.#resident);
    return answer;
  }
}

function withoutArtifacts(): InvalidOptionError {
  const problem = "has no methods `putArtifact` and `artifact`, which artifacts need";
  return new InvalidOptionError("checkpointer", problem, "use a store that has them, such as SqliteCheckpointer");
}

function dropOldest(resident: Map<string, Checkpoint>): void {
  for (const sessionId of resident.keys()) {
    resident.delete(sessionId);
    return;
  }
}

function guard<T>(operation: string, work: () => Awaitable<T>): Awaitable<T> {
  return recovering(work, (error) => {
    throw failureOf(operation, error);
  });
}

function failureOf(operation: string, error: unknown): unknown {
  return SuperstepError.is(error) ? error : new CheckpointError(operation, error);
}
