/** Runs the sessions of one compiled graph. Thin: a call is checked, takes its session, and is driven. */
import {
  recordOf,
  SessionExistsError,
  SessionNotFinishedError,
  SessionNotFoundError,
  UnknownNodeError,
} from "../errors.js";
import type { App } from "../graph/app.js";
import type { Checkpoint } from "../session/checkpoint.js";
import type { SessionStatus } from "../session/status.js";
import { type SessionSummary, type SessionView, viewOf } from "../session/view.js";
import type { Channels, UpdateOf } from "../state/channel.js";
import { ActiveRuns, uncancelled } from "./active-runs.js";
import { RunCancellation } from "./cancellation.js";
import { driveOn, driveOnce } from "./drive.js";
import type { EventSink } from "./events.js";
import type { RunHooks } from "./hooks.js";
import { firstCheckpoint, type Invocation } from "./invocation.js";
import { loadStanding, openEngine, openRun } from "./opening.js";
import {
  type AppRunnerOptions,
  checkIfExists,
  checkRunOptions,
  checkSessionFilter,
  checkSessionId,
  type RunOptions,
  type StepOptions,
} from "./options.js";
import type { RunResult, StepResult } from "./report.js";
import { answersOf, storeAnswers } from "./resuming.js";
import { type Engine, nextStep, type Run, type Standing } from "./run.js";
import { EventStream, isResume, type Resume, type RunStream } from "./stream.js";

/** How `invoke` begins, and how far it goes. */
export interface InvokeOptions<N extends string = string> extends RunOptions<N> {
  /** Begins at this node instead of at START. */
  readonly entry?: N;
  /** Gives up what is open and begins the next invocation. */
  readonly restart?: boolean;
}
/** Which sessions to list, ordered by id. */
export interface SessionFilter {
  readonly status?: SessionStatus["kind"];
  readonly limit?: number;
  /** Begins behind this id. */
  readonly after?: string;
}
/** How one call is watched and stopped. */
interface Watch {
  readonly cancellation?: RunCancellation;
  readonly emit?: EventSink;
  readonly reports?: boolean;
}

const PAGE = 200;

/** Runs the sessions of one compiled graph; many at once, one call at a time for each. */
export class AppRunner<C extends Channels, N extends string> {
  readonly #engine: Engine<C>;
  readonly #active = new ActiveRuns();
  readonly #ownsStore: boolean;

  /** Throws InvalidOptionError. */
  constructor(app: App<C, N>, options: AppRunnerOptions = {}) {
    this.#engine = openEngine(app, options);
    this.#ownsStore = options.checkpointer === undefined;
  }

  /** Makes a session and folds its input; runs nothing. `ifExists` is "error" unless said otherwise. Throws SessionExistsError. */
  async createSession(
    sessionId: string,
    input?: UpdateOf<C>,
    { ifExists = "error" }: { readonly ifExists?: "error" | "resume" | "replace" } = {},
  ): Promise<SessionView<C>> {
    checkSessionId(sessionId);
    checkIfExists(ifExists);
    return this.#active.exclusively(sessionId, uncancelled(), async () => {
      const former = ifExists === "replace" ? undefined : await loadStanding(this.#engine, sessionId);
      if (former !== undefined && ifExists === "error") throw new SessionExistsError(sessionId);
      const { checkpoint, note } = former ?? (await this.#create(sessionId, input, ifExists === "replace"));
      return viewOf(checkpoint, note);
    });
  }

  /** One superstep. On a completed session: a completed report and nothing run. On open interrupts: paused again and nothing run, until `resume` answers. */
  async runStep(sessionId: string, options: StepOptions<N> = {}): Promise<StepResult<C>> {
    return this.#drive(sessionId, options, { reports: true }, driveOnce);
  }

  /** Supersteps until the session completes or pauses. Consumes a pause (other than open interrupts); tries a failed frontier again. */
  async runUntilComplete(sessionId: string, options: RunOptions<N> = {}): Promise<RunResult<C>> {
    return this.#drive(sessionId, options, {}, driveOn);
  }

  /**
   * Goes on from a pause. With open interrupts an answer is due: a record with interrupt ids of this session as keys answers those;
   * anything else is the answer to the one that is open. `undefined` answers nothing. Throws NotPausedError, InterruptAnswerError.
   */
  async resume(sessionId: string, answer?: unknown, options: RunOptions<N> = {}): Promise<RunResult<C>> {
    return this.#resume(sessionId, answer, options, {});
  }

  /**
   * Creates the session, or begins the next invocation of a completed one with this input (folded through the reducers), and runs it.
   * On a session that is ready, paused or failed: without input it goes on; with input it is a SessionNotFinishedError, unless `restart`
   * says to give up what is open and begin the next invocation.
   */
  async invoke(sessionId: string, input?: UpdateOf<C>, options: InvokeOptions<N> = {}): Promise<RunResult<C>> {
    return this.#invoke(sessionId, input, options, {});
  }

  /** The same as `invoke`, or as `resume` with `resumeWith(answer)`, as typed events. It runs whether or not anyone iterates; `result` settles with the last event. */
  stream(sessionId: string, input?: UpdateOf<C> | Resume, options: InvokeOptions<N> = {}): RunStream<C> {
    const cancellation = new RunCancellation();
    return new EventStream<C>(cancellation, async (stream) => {
      let seq = 0;
      const { clock } = this.#engine;
      const emit: EventSink = (step, event) => stream.push({ seq: ++seq, at: clock.now(), sessionId, step, ...event });
      try {
        const watch: Watch = { cancellation, emit };
        if (isResume(input)) return await this.#resume(sessionId, input.answer, options, watch);
        return await this.#invoke(sessionId, input as UpdateOf<C> | undefined, options, watch);
      } catch (error) {
        if (!stream.isOver) emit(0, { type: "run.failed", error: recordOf(error) });
        throw error;
      }
    });
  }

  /** The session as it stands. Throws SessionNotFoundError. */
  async session(sessionId: string): Promise<SessionView<C>> {
    checkSessionId(sessionId);
    const { checkpoint, note } = await this.#load(sessionId);
    return viewOf(checkpoint, note);
  }

  /** Sessions ordered by id, read page by page. */
  async *sessions(filter: SessionFilter = {}): AsyncIterable<SessionSummary> {
    checkSessionFilter(filter);
    const { status, limit = Number.POSITIVE_INFINITY, after } = filter;
    let left = limit;
    let cursor = after;
    while (left > 0) {
      const size = Math.min(left, PAGE);
      const page = await this.#engine.store.list({
        limit: size,
        ...(status && { status }),
        ...(cursor !== undefined && { after: cursor }),
      });
      yield* page;
      left -= page.length;
      cursor = page.at(-1)?.sessionId;
      if (page.length < size) return;
    }
  }

  /** Forgets the session and all its checkpoints. Throws SessionNotFoundError, and SessionBusyError while it is driven. */
  async deleteSession(sessionId: string): Promise<void> {
    checkSessionId(sessionId);
    await this.#active.exclusively(sessionId, uncancelled(), async () => {
      await this.#load(sessionId);
      await this.#engine.store.delete(sessionId);
    });
  }

  addHooks(hooks: RunHooks): void {
    this.#engine.hooks.add(hooks);
  }

  /** Ends what runs at its next boundary. Closes the store only if the runner made it. */
  async close(): Promise<void> {
    await this.#active.close();
    if (this.#ownsStore) await this.#engine.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #invoke(
    sessionId: string,
    input: UpdateOf<C> | undefined,
    options: InvokeOptions<N>,
    watch: Watch,
  ): Promise<RunResult<C>> {
    const { entry, restart = false } = options;
    if (entry !== undefined && !this.#engine.plan.nodes.has(entry)) {
      throw new UnknownNodeError(entry, "entry", [...this.#engine.plan.nodes.keys()]);
    }
    return this.#exclusively(sessionId, options, watch, async (cancellation) => {
      const former = await loadStanding(this.#engine, sessionId);
      const invocation = { sessionId, input, cancellation, ...(entry && { entry }), ...(former && { former }) };
      const standing = await this.#beginOrGoOn(invocation, restart);
      return driveOn(openRun(this.#engine, { sessionId, options, ...watch, cancellation }, standing));
    });
  }

  async #beginOrGoOn(invocation: Invocation<C>, restart: boolean): Promise<Standing<C>> {
    const { sessionId, former, input, entry } = invocation;
    const status = former?.note.status.kind ?? "completed";
    if (former !== undefined && status !== "completed" && !restart) {
      if (input !== undefined || entry !== undefined) throw new SessionNotFinishedError(sessionId, status);
      return former;
    }
    const checkpoint = await firstCheckpoint(this.#engine, invocation);
    await this.#engine.store.commit(checkpoint as Checkpoint);
    return { checkpoint, note: checkpoint.note, records: [] };
  }

  async #create(sessionId: string, input: UpdateOf<C> | undefined, replace: boolean): Promise<Standing<C>> {
    const checkpoint = await firstCheckpoint(this.#engine, { sessionId, input });
    await this.#engine.store.commit(checkpoint as Checkpoint, { replace });
    return { checkpoint, note: checkpoint.note, records: [] };
  }

  async #resume(sessionId: string, answer: unknown, options: RunOptions<N>, watch: Watch): Promise<RunResult<C>> {
    return this.#exclusively(sessionId, options, watch, async (cancellation) => {
      const standing = await this.#load(sessionId);
      const answered = answersOf(standing, answer);
      const run = openRun(this.#engine, { sessionId, options, ...watch, cancellation }, standing);
      return driveOn(run, async () => {
        await storeAnswers(run, answered);
        this.#engine.hooks.tell("onResume", { sessionId, step: nextStep(run), answer });
      });
    });
  }

  async #drive<R>(
    sessionId: string,
    options: RunOptions<N>,
    watch: Watch,
    work: (run: Run<C>) => Promise<R>,
  ): Promise<R> {
    return this.#exclusively(sessionId, options, watch, async (cancellation) =>
      work(openRun(this.#engine, { sessionId, options, ...watch, cancellation }, await this.#load(sessionId))),
    );
  }

  async #exclusively<R>(
    sessionId: string,
    options: RunOptions<N>,
    watch: Watch,
    work: (cancellation: RunCancellation) => Promise<R>,
  ): Promise<R> {
    checkSessionId(sessionId);
    checkRunOptions(options, this.#engine.plan);
    const cancellation = watch.cancellation ?? new RunCancellation();
    cancellation.follow(options.signal);
    return this.#active.exclusively(sessionId, cancellation, () => work(cancellation));
  }

  async #load(sessionId: string): Promise<Standing<C>> {
    const standing = await loadStanding(this.#engine, sessionId);
    if (standing === undefined) throw new SessionNotFoundError(sessionId);
    return standing;
  }
}
