/** Runs the sessions of one compiled graph. Thin: a call is checked, takes its session, and is driven. */
import type { App } from "../graph/app.js";
import type { Artifacts } from "../graph/artifacts.js";
import type { Checkpoint } from "../session/checkpoint.js";
import type { Pruned } from "../session/checkpointer.js";
import {
  type CheckpointView,
  checkpointViewOf,
  type SessionSummary,
  type SessionView,
  viewOf,
} from "../session/view.js";
import type { Channels, UpdateOf } from "../state/channel.js";
import type { Breakpoint } from "../superstep/breakpoint.js";
import type { Until } from "../superstep/until.js";
import { ActiveRuns, type CancelAnswer, type DrainOptions } from "./active-runs.js";
import { callerArtifacts } from "./artifacts.js";
import { Calls, type ForkOptions, type InvokeOptions } from "./calls.js";
import { driveOn, driveOnce } from "./drive.js";
import type { RunHooks } from "./hooks.js";
import { Leases } from "./leases.js";
import { listSessions, type SessionFilter } from "./listing.js";
import { openEngine } from "./opening.js";
import {
  type AppRunnerOptions,
  checkDrain,
  checkFork,
  checkHistoryOptions,
  checkIfExists,
  checkPlace,
  checkPrunePolicy,
  checkReadableId,
  checkReason,
  checkSessionFilter,
  checkSessionId,
  type RunOptions,
  type StepOptions,
} from "./options.js";
import { checkExists, checkpointAt, type HistoryOptions, historyOf } from "./past.js";
import { onSignals } from "./process-signals.js";
import type { RunResult, StepResult } from "./report.js";
import type { Engine } from "./run.js";
import { checkUntil, type Stops } from "./stops/stop-options.js";
import type { Resume, RunStream, StreamOptions } from "./stream/stream.js";
import { openStream } from "./stream/streaming.js";
import { pruneChildren, type SubgraphView, subgraphsOf } from "./subgraph/children.js";
import { withSubgraphs } from "./subgraph/subgraph.js";

/** What pruning leaves; a checkpoint goes only when every limit that is given lets it go. */
export interface PruneOptions {
  /** Only this session's. Default: those of all sessions. */
  readonly sessionId?: string;
  /** How many of the newest stay. */
  readonly keepLast?: number;
  /** Younger ones stay: milliseconds on the runner's clock. */
  readonly olderThanMs?: number;
}

/** Runs the sessions of one compiled graph; many at once, one call at a time for each. */
export class AppRunner<C extends Channels, N extends string> {
  /** What nodes have as `ctx.artifacts`: for input that is large, and for results. What is put here stays a day before anything refers to it. */
  readonly artifacts: Artifacts;
  readonly #engine: Engine<C>;
  readonly #active: ActiveRuns;
  readonly #calls: Calls<C>;
  readonly #ownsStore: boolean;
  readonly #stopListening: () => void;

  /** Throws InvalidOptionError. */
  constructor(app: App<C, N>, options: AppRunnerOptions = {}) {
    const engine = openEngine(app, options);
    this.#active = new ActiveRuns(new Leases(engine.store, options.lease));
    this.#engine = withSubgraphs(engine, this.#active);
    this.#calls = new Calls(this.#engine, this.#active);
    this.artifacts = callerArtifacts(this.#engine);
    this.#ownsStore = options.checkpointer === undefined;
    this.#stopListening = onSignals(options.drainOn ?? [], (signal) => void this.#active.drain({ reason: signal }));
  }

  /** Makes a session and folds its input; runs nothing. `ifExists` is "error" unless said otherwise. Throws SessionExistsError, and SessionBusyError while it is driven. */
  async createSession(
    sessionId: string,
    input?: UpdateOf<C>,
    { ifExists = "error" }: { readonly ifExists?: "error" | "resume" | "replace" } = {},
  ): Promise<SessionView<C>> {
    checkIfExists(ifExists);
    return this.#calls.create(sessionId, input, ifExists);
  }

  /** One superstep. On a completed session: a completed report and nothing run. On open interrupts: paused again and nothing run, until `resume` answers. */
  async runStep(sessionId: string, options: StepOptions<N> = {}): Promise<StepResult<C>> {
    return this.#calls.drive(sessionId, options, { reports: true }, driveOnce);
  }

  /** Supersteps until the session completes or pauses. Consumes a pause (other than open interrupts); tries a failed frontier again. Throws SessionBusyError while somebody else drives it. */
  async runUntilComplete(sessionId: string, options: RunOptions<N> = {}): Promise<RunResult<C>> {
    return this.#calls.drive(sessionId, options, {}, driveOn);
  }

  /**
   * Like `runUntilComplete`, but no further than the target: `{ node }` stops before a superstep that runs the node, `{ after }` after one that
   * ran it, `{ step }` once that many supersteps are committed (at once, when they are already), `{ when }` after the first superstep of this
   * call that leaves the session so. The pause has reason "until", comes after the other options of its boundary, and is consumed like any
   * other: asked again, `{ node }` goes on to the next time. The target is not kept beyond the call. Throws InvalidOptionError,
   * UnknownNodeError, and PredicateError when `when` throws or answers with neither true nor false; its superstep is committed.
   */
  async runUntil(
    sessionId: string,
    target: Until<SessionView<C>, N>,
    options: RunOptions<N> = {},
  ): Promise<RunResult<C>> {
    checkUntil(target, this.#engine.plan);
    return this.#calls.drive(sessionId, options, { until: target as Stops["until"] }, driveOn);
  }

  /**
   * The conditions under which the session pauses from now on, in place of the former ones; an empty list takes them away. They are kept with
   * the session, through crashes, in other processes and in its next invocations; a fork has none of them. A superstep that hits one pauses
   * with it. Throws InvalidOptionError and UnknownNodeError for what the graph or the runner does not have, SessionNotFoundError, and
   * SessionBusyError while the session is driven.
   */
  async setBreakpoints(sessionId: string, breakpoints: readonly Breakpoint[]): Promise<void> {
    return this.#calls.setBreakpoints(sessionId, breakpoints);
  }

  /** The session's breakpoints. Throws SessionNotFoundError. */
  async breakpoints(sessionId: string): Promise<readonly Breakpoint[]> {
    checkSessionId(sessionId);
    return (await this.#calls.load(sessionId)).note.breakpoints ?? [];
  }

  /**
   * Goes on from a pause. With open interrupts an answer is due: a record with interrupt ids of this session as keys answers those;
   * anything else is the answer to the one that is open. `undefined` answers nothing. Throws NotPausedError, InterruptAnswerError.
   */
  async resume(sessionId: string, answer?: unknown, options: RunOptions<N> = {}): Promise<RunResult<C>> {
    return this.#calls.resume(sessionId, answer, options, {});
  }

  /**
   * Creates the session, or begins the next invocation of a completed one with this input (folded through the reducers), and runs it.
   * On a session that is ready, paused or failed: without input it goes on; with input it is a SessionNotFinishedError, unless `restart`
   * says to give up what is open and begin the next invocation.
   */
  async invoke(sessionId: string, input?: UpdateOf<C>, options: InvokeOptions<N> = {}): Promise<RunResult<C>> {
    return this.#calls.invoke(sessionId, input, options, {});
  }

  /** The same as `invoke`, or as `resume` with `resumeWith(answer)`, as typed events. It runs whether or not anyone iterates; `result` settles with the last event. */
  stream(sessionId: string, input?: UpdateOf<C> | Resume, options: StreamOptions<N> = {}): RunStream<C> {
    return openStream(this.#calls, this.#engine.clock, { sessionId, input, options });
  }

  /** The session as it stands. Throws SessionNotFoundError. */
  async session(sessionId: string): Promise<SessionView<C>> {
    checkSessionId(sessionId);
    const { checkpoint, note } = await this.#calls.load(sessionId);
    return viewOf(checkpoint, note);
  }

  /** Sessions ordered by id, read page by page. */
  async *sessions(filter: SessionFilter = {}): AsyncIterable<SessionSummary> {
    checkSessionFilter(filter);
    yield* listSessions(this.#engine.store, filter);
  }

  /**
   * The session's checkpoints, newest first, read page by page; those of the session it was forked from come after its own. State is
   * read only when it is looked at, where the store can; ephemeral values are none of the past. Throws SessionNotFoundError, and
   * CheckpointNotFoundError for a `before` that is none; CheckpointCorruptError when it gets to a damaged one.
   */
  async *history(sessionId: string, options: HistoryOptions = {}): AsyncIterable<CheckpointView<C>> {
    checkReadableId(sessionId);
    checkHistoryOptions(options);
    yield* historyOf<C>(this.#engine.store, sessionId, options);
  }

  /** A checkpoint of the session's line: the newest of a step, or the one of an id. Throws SessionNotFoundError and CheckpointNotFoundError. */
  async at(sessionId: string, stepOrCheckpointId: number | string): Promise<CheckpointView<C>> {
    checkReadableId(sessionId);
    checkPlace("stepOrCheckpointId", stepOrCheckpointId);
    const checkpoint = await checkpointAt(this.#engine.store, sessionId, stepOrCheckpointId);
    return { ...checkpointViewOf(checkpoint as Checkpoint<C>, sessionId) };
  }

  /**
   * A new session that starts from a checkpoint of another: from its newest, unless `step` or `checkpointId` says otherwise. It shares what
   * is stored with its origin, and outlives it. Questions, kept results and effects stay with the origin. `update` and `asNode` as in
   * `updateState`. Throws SessionExistsError, SessionNotFoundError, CheckpointNotFoundError, GraphMismatchError.
   */
  async fork(sessionId: string, options: ForkOptions<C, N>): Promise<SessionView<C>> {
    checkSessionId(sessionId);
    checkFork(options);
    return this.#calls.fork(sessionId, options);
  }

  /**
   * Writes through the reducers as if `asNode` had returned it; who runs next is then what follows that node. Without `asNode` the frontier
   * stays, with its questions and kept results. A checkpoint of its own, of the same step. Throws what the barrier throws, UnknownNodeError,
   * and SessionBusyError while the session is driven.
   */
  async updateState(
    sessionId: string,
    update: UpdateOf<C>,
    { asNode }: { readonly asNode?: N } = {},
  ): Promise<SessionView<C>> {
    return this.#calls.update(sessionId, update, asNode);
  }

  /** Forgets the session and all its checkpoints; forks of it keep what they need. Throws SessionNotFoundError, and SessionBusyError while it is driven. */
  async deleteSession(sessionId: string): Promise<void> {
    return this.#calls.delete(sessionId);
  }

  /** Takes old checkpoints away for good; never the newest of a session, nor what a fork needs. Tells how many are gone, what they weighed, and the bytes of the artifacts that nothing referred to any more; subgraphs that began at one of them go too, and are not counted. Throws InvalidOptionError, SessionNotFoundError. */
  async prune(policy: PruneOptions): Promise<Required<Pruned>> {
    checkPrunePolicy(policy);
    const { sessionId, keepLast, olderThanMs } = policy;
    if (sessionId !== undefined) await checkExists(this.#engine.store, sessionId);
    const now = this.#engine.clock.now();
    const pruned = await this.#engine.store.prune({
      ...(sessionId !== undefined && { sessionId }),
      ...(keepLast !== undefined && { keepLast: Math.min(keepLast, Number.MAX_SAFE_INTEGER) }),
      ...(olderThanMs !== undefined && { madeBefore: now - olderThanMs }),
      at: now,
    });
    if (this.#engine.plan.hasSubgraphs) await pruneChildren(this.#engine.store, this.#active, sessionId);
    return { artifacts: 0, ...pruned };
  }

  /** The subgraphs that the session has been in, with those within them, as they stand. Their `sessionId` is for `history` and `at`. Throws SessionNotFoundError. */
  async *subgraphs(sessionId: string): AsyncIterable<SubgraphView> {
    checkSessionId(sessionId);
    await checkExists(this.#engine.store, sessionId);
    yield* subgraphsOf(this.#engine.store, sessionId);
  }

  addHooks(hooks: RunHooks): void {
    this.#engine.hooks.add(hooks);
  }

  /**
   * Aborts the call that drives the session, as its `signal` would: tasks are signalled, what finished is kept, the session is ready to go on.
   * That call gets a RunAbortedError whose `cause` is a SessionCancelledError. "here": it is a call of this runner; "elsewhere": of another
   * runner or process, which hears of it when it next renews its lease (every 1.25 s, or a quarter of `lease.ttlMs`); "idle": nothing
   * drives the session, and nothing is kept for later. Throws SessionNotFoundError for an idle session that does not exist, and InvalidOptionError.
   */
  async cancel(sessionId: string, reason?: string): Promise<CancelAnswer> {
    checkSessionId(sessionId);
    checkReason(reason);
    const answer = await this.#active.cancel(sessionId, reason);
    if (answer === "idle") await checkExists(this.#engine.store, sessionId);
    return answer;
  }

  /**
   * Stops gracefully: what runs finishes its superstep, commits it, and pauses with reason "drained"; those calls answer `paused`, as questions
   * and other pauses do. From now on calls that would take a session are a RunnerDrainingError; reading goes on. Resolves once nothing
   * runs, also when called again. Any runner goes on with the sessions. Throws InvalidOptionError.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkDrain(options);
    return this.#active.drain(options);
  }

  /** Takes sessions again after `drain`. */
  undrain(): void {
    this.#active.undrain();
  }

  /** Ends what runs at its next boundary. Closes the store only if the runner made it. */
  async close(): Promise<void> {
    this.#stopListening();
    await this.#active.close();
    if (this.#ownsStore) await this.#engine.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
