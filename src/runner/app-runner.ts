/** Runs the sessions of one compiled graph. Thin: a call is checked, takes its session, and is driven. */
// For the compilers of those who install the package: without it, `Symbol.asyncDispose` is unknown to most of them.
/// <reference lib="esnext.disposable" preserve="true" />
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
import type { Until, UntilWithin } from "../superstep/until.js";
import { callerArtifacts } from "./artifacts/artifacts.js";
import { ActiveRuns, type CancelAnswer, type CloseOptions, type DrainOptions } from "./calls/active-runs.js";
import { Calls, type ForkOptions, type InvokeOptions } from "./calls/calls.js";
import { Leases } from "./calls/leases.js";
import { OpenExecutors } from "./calls/open-executors.js";
import { openEngine } from "./calls/opening.js";
import { onSignals } from "./calls/process-signals.js";
import type { RunHooks } from "./hooks.js";
import {
  checkDrain,
  checkFork,
  checkHistoryOptions,
  checkHooks,
  checkIfExists,
  checkPlace,
  checkPrunePolicy,
  checkReadableId,
  checkReason,
  checkSessionFilter,
  checkSessionId,
} from "./options/call-options.js";
import { checkCall, checkRunner, given } from "./options/option-names.js";
import { checkTimer } from "./options/option-values.js";
import type { AppRunnerOptions, RunOptions, StepOptions } from "./options/options.js";
import type { RunResult, StepResult } from "./report.js";
import type { Engine } from "./run.js";
import type { UpdateOptions } from "./sessions/editing.js";
import type { CreateOptions } from "./sessions/invocation.js";
import { listSessions, type SessionFilter } from "./sessions/listing.js";
import { checkExists, checkpointAt, type HistoryOptions, historyOf, type PruneOptions } from "./sessions/past.js";
import { pruneSessions } from "./sessions/pruning.js";
import { checkUntil, type Stops } from "./stops/stop-options.js";
import type { Resume } from "./stream/resume.js";
import type { RunStream, StreamOptions } from "./stream/stream.js";
import { openStream } from "./stream/streaming.js";
import { type SubgraphView, subgraphsOf } from "./subgraph/children.js";
import { withSubgraphs } from "./subgraph/subgraph.js";
import { driveOn, driveOnce } from "./supersteps/drive.js";

/** Runs the sessions of one compiled graph; many at once, one call at a time for each. */
export class AppRunner<C extends Channels, N extends string> {
  /** What nodes have as `ctx.artifacts`: for input that is large, and for results. What is put here stays a day before anything refers to it. */
  readonly artifacts: Artifacts;
  readonly #engine: Engine<C>;
  readonly #active: ActiveRuns;
  readonly #calls: Calls<C>;
  readonly #ownsStore: boolean;
  readonly #executors: OpenExecutors;
  readonly #stopListening: () => void;

  /** Throws InvalidOptionError. */
  constructor(app: App<C, N>, options: AppRunnerOptions<NoInfer<C>> = {}) {
    checkRunner(app, options as AppRunnerOptions);
    const engine = openEngine(app, options as AppRunnerOptions);
    this.#active = new ActiveRuns(new Leases(engine.store, options.lease));
    this.#engine = withSubgraphs(engine, this.#active);
    this.#calls = new Calls(this.#engine, this.#active);
    this.artifacts = callerArtifacts(this.#engine);
    this.#ownsStore = options.checkpointer === undefined;
    this.#executors = new OpenExecutors(options.executors);
    this.#stopListening = onSignals(
      options.drainOn ?? [],
      (signal) => void this.#active.drain({ reason: signal }, engine.clock),
    );
  }

  /** Makes a session and folds its input; runs nothing. `ifExists` is "error" unless said otherwise. Throws SessionExistsError, and SessionBusyError while it is driven. */
  async createSession(sessionId: string, input?: UpdateOf<C>, options: CreateOptions = {}): Promise<SessionView<C>> {
    checkCall("createSession", options);
    const { ifExists = "error" } = options;
    checkIfExists(ifExists);
    return this.#calls.create(sessionId, input, ifExists);
  }

  /** One superstep. On a completed session: a completed report and nothing run. On open interrupts: paused again and nothing run, until `resume` answers. */
  async runStep(sessionId: string, options: StepOptions<N> = {}): Promise<StepResult<C>> {
    return this.#calls.drive(sessionId, given("run", options), { reports: true }, driveOnce);
  }

  /** Supersteps until the session completes or pauses. Consumes a pause (other than open interrupts); tries a failed frontier again. Throws SessionBusyError while somebody else drives it. */
  async runUntilComplete(sessionId: string, options: RunOptions<N> = {}): Promise<RunResult<C>> {
    return this.#calls.drive(sessionId, given("run", options), {}, driveOn);
  }

  /**
   * Like `runUntilComplete`, but no further than the target: `{ node }` stops before a superstep that runs the node, `{ after }` after one that
   * ran it, `{ step }` once that many supersteps are committed (at once, when they are already), `{ when }` after the first superstep of this
   * call that leaves the session so. The pause has reason "until", comes after the other options of its boundary, and is consumed like any
   * other: asked again, `{ node }` goes on to the next time. With `within`, the nodes that lead to a subgraph, it is what that one is to stop at, and
   * each instance of it. The target is not kept beyond the call. Throws InvalidOptionError,
   * UnknownNodeError, and PredicateError when `when` throws or answers with neither true nor false; its superstep is committed.
   */
  runUntil(sessionId: string, target: Until<SessionView<C>, N>, options?: RunOptions<N>): Promise<RunResult<C>>;
  runUntil(
    sessionId: string,
    target: UntilWithin<SessionView<Channels>>,
    options?: RunOptions<N>,
  ): Promise<RunResult<C>>;
  async runUntil(
    sessionId: string,
    target: Until<SessionView<C>, N> | UntilWithin<SessionView<Channels>>,
    options: RunOptions<N> = {},
  ): Promise<RunResult<C>> {
    checkUntil(target, this.#engine.plan);
    return this.#calls.drive(sessionId, given("run", options), { until: { ...target } as Stops["until"] }, driveOn);
  }

  /**
   * The conditions under which the session pauses from now on, in place of the former ones; an empty list takes them away. They are kept with
   * the session, through crashes, in other processes and in its next invocations; a fork has none of them. A superstep that hits one pauses
   * with it. Throws InvalidOptionError and UnknownNodeError for what the graph or the runner does not have, SessionNotFoundError, and
   * SessionBusyError while the session is driven.
   */
  async setBreakpoints(sessionId: string, breakpoints: readonly Breakpoint<C, N>[]): Promise<void> {
    return this.#calls.setBreakpoints(sessionId, breakpoints);
  }

  /** The session's breakpoints. Throws SessionNotFoundError. */
  async breakpoints(sessionId: string): Promise<readonly Breakpoint<C, N>[]> {
    checkSessionId(sessionId);
    const { note } = await this.#calls.load(sessionId);
    return (note.breakpoints ?? []) as readonly Breakpoint<C, N>[];
  }

  /**
   * Goes on from a pause. With open interrupts an answer is due: a record with interrupt ids of this session as keys answers those;
   * anything else is the answer to the one that is open. `undefined` answers nothing. Throws NotPausedError, InterruptAnswerError.
   */
  async resume(sessionId: string, answer?: unknown, options: RunOptions<N> = {}): Promise<RunResult<C>> {
    return this.#calls.resume(sessionId, answer, given("run", options), {});
  }

  /**
   * Creates the session, or begins the next invocation of a completed one with this input (folded through the reducers), and runs it.
   * On a session that is ready, paused or failed: without input it goes on; with input it is a SessionNotFinishedError, unless `restart`
   * says to give up what is open and begin the next invocation.
   */
  async invoke(sessionId: string, input?: UpdateOf<C>, options: InvokeOptions<N> = {}): Promise<RunResult<C>> {
    return this.#calls.invoke(sessionId, input, given("invoke", options), {});
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
    checkCall("sessions", filter);
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
    checkCall("history", options);
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
    checkCall("fork", options);
    checkFork(options);
    return this.#calls.fork(sessionId, options);
  }

  /**
   * Writes through the reducers as if `asNode` had returned it; who runs next is then what follows that node. Without `asNode` the frontier
   * stays, with its questions and kept results. A checkpoint of its own, of the same step. Throws what the barrier throws, UnknownNodeError,
   * and SessionBusyError while the session is driven.
   */
  async updateState(sessionId: string, update: UpdateOf<C>, options: UpdateOptions<N> = {}): Promise<SessionView<C>> {
    checkCall("updateState", options);
    return this.#calls.update(sessionId, update, options.asNode);
  }

  /** Forgets the session and all its checkpoints; forks of it keep what they need. Throws SessionNotFoundError, and SessionBusyError while it is driven. */
  async deleteSession(sessionId: string): Promise<void> {
    return this.#calls.delete(sessionId);
  }

  /** Takes old checkpoints away for good; never the newest of a session, nor what a fork needs. Tells how many are gone, how many bytes they were stored in (0 in memory), and the bytes of the artifacts that nothing referred to any more; subgraphs that began at one of them go too, and are not counted. Throws InvalidOptionError, SessionNotFoundError. */
  async prune(policy: PruneOptions): Promise<Required<Pruned>> {
    checkPrunePolicy(policy);
    checkCall("prune", policy);
    return pruneSessions(this.#engine, this.#active, policy);
  }

  /** The subgraphs that the session has been in, with those within them, as they stand. Their `sessionId` is for `history` and `at`, whose answer has that graph's channels then, whatever its type says. Throws SessionNotFoundError. */
  async *subgraphs(sessionId: string): AsyncIterable<SubgraphView> {
    checkSessionId(sessionId);
    await checkExists(this.#engine.store, sessionId);
    yield* subgraphsOf(this.#engine.store, sessionId);
  }

  /** From now on these hear of all runs too, of those that are under way as well; called behind those that were there. Throws InvalidOptionError. */
  addHooks(hooks: RunHooks<C>): void {
    checkHooks(hooks);
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
   * runs, also when called again. Any runner goes on with the sessions. Throws InvalidOptionError, and DrainTimeoutError with the sessions that
   * still run after `timeoutMs`: the runner drains on, and may be waited for again.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkCall("drain", options);
    checkDrain(options);
    return this.#active.drain(options, this.#engine.clock);
  }

  /** Takes sessions again after `drain`. */
  undrain(): void {
    this.#active.undrain();
  }

  /**
   * Ends what runs at its next boundary, or aborts it after `timeoutMs`; what finished is kept. Then ends the executors that no other runner has,
   * and the store if the runner made it. Throws InvalidOptionError.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCall("close", options);
    checkTimer("timeoutMs", options.timeoutMs);
    this.#stopListening();
    await this.#active.close(options, this.#engine.clock);
    try {
      await this.#executors.close(options.timeoutMs ?? 0);
    } finally {
      if (this.#ownsStore) await this.#engine.store.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
