/** How a call of the runner takes its session: checked, alone, read fresh under its lease, and driven or edited. */
import { SessionExistsError, SessionNotFinishedError, SessionNotFoundError, UnknownNodeError } from "../../errors.js";
import { adopt } from "../../session/adopt.js";
import type { Checkpoint } from "../../session/checkpoint.js";
import { type SessionView, viewOf } from "../../session/view.js";
import type { Channels, UpdateOf } from "../../state/channel.js";
import { RunCancellation } from "../cancellation.js";
import type { EventSink } from "../events.js";
import { checkRunOptions, checkSessionId } from "../options/call-options.js";
import type { RunOptions } from "../options/options.js";
import type { RunResult } from "../report.js";
import { type Engine, nextStep, type Run, type Standing } from "../run.js";
import { forkedCheckpoint, updatedCheckpoint } from "../sessions/editing.js";
import { firstCheckpoint, type Invocation } from "../sessions/invocation.js";
import { checkExists, originOf } from "../sessions/past.js";
import { answersOf, storeAnswers } from "../sessions/resuming.js";
import { readBreakpoints, type Stops } from "../stops/stop-options.js";
import { deleteChildren } from "../subgraph/children.js";
import { driveOn } from "../supersteps/drive.js";
import type { ActiveRuns } from "./active-runs.js";
import { loadStanding, openRun } from "./opening.js";

/** How `invoke` begins, and how far it goes. */
export interface InvokeOptions<N extends string = string> extends RunOptions<N> {
  /** Begins at this node instead of at START. */
  readonly entry?: N | undefined;
  /** Gives up what is open and begins the next invocation. */
  readonly restart?: boolean | undefined;
}
/** How one call is watched and stopped. */
export interface Watch {
  readonly cancellation?: RunCancellation;
  readonly emit?: EventSink;
  readonly reports?: boolean;
  readonly until?: Stops["until"];
}
/** What a call has while it has its session. */
interface Hold {
  readonly cancellation: RunCancellation;
  readonly fence: number;
}
/** What a fork starts from and is called. */
export interface ForkOptions<C extends Channels, N extends string> {
  /** The newest checkpoint of this step; without it and `checkpointId`, the newest of all. */
  readonly step?: number | undefined;
  readonly checkpointId?: string | undefined;
  /** The new session's id. */
  readonly as: string;
  readonly update?: UpdateOf<C> | undefined;
  readonly asNode?: N | undefined;
}

export class Calls<C extends Channels> {
  readonly #engine: Engine<C>;
  readonly #active: ActiveRuns;

  constructor(engine: Engine<C>, active: ActiveRuns) {
    this.#engine = engine;
    this.#active = active;
  }

  create(
    sessionId: string,
    input: UpdateOf<C> | undefined,
    ifExists: "error" | "resume" | "replace",
  ): Promise<SessionView<C>> {
    return this.#alone(sessionId, async ({ fence, cancellation }) => {
      const former = ifExists === "replace" ? undefined : await loadStanding(this.#engine, sessionId);
      if (former !== undefined && ifExists === "error") throw new SessionExistsError(sessionId);
      if (former !== undefined) return viewOf(former.checkpoint, former.note);
      const checkpoint = await firstCheckpoint(this.#engine, { sessionId, input, cancellation });
      await this.#engine.store.commit(checkpoint as Checkpoint, { fence, replace: ifExists === "replace" });
      const leaves = ifExists === "replace" && this.#engine.plan.hasSubgraphs;
      if (leaves) await deleteChildren(this.#engine.store, this.#active, sessionId);
      return viewOf(checkpoint, checkpoint.note);
    });
  }

  drive<R>(sessionId: string, options: RunOptions, watch: Watch, work: (run: Run<C>) => Promise<R>): Promise<R> {
    return this.#watched(sessionId, options, watch, async (hold) => {
      const standing = await this.load(sessionId);
      return work(openRun(this.#engine, { sessionId, options, ...watch, ...hold }, standing));
    });
  }

  resume(sessionId: string, answer: unknown, options: RunOptions, watch: Watch): Promise<RunResult<C>> {
    return this.#watched(sessionId, options, watch, async (hold) => {
      const standing = await this.load(sessionId);
      const answered = answersOf(standing, answer);
      const run = openRun(this.#engine, { sessionId, options, ...watch, ...hold }, standing);
      return driveOn(run, async () => {
        await storeAnswers(run, answered);
        this.#engine.hooks.tell("onResume", { sessionId, step: nextStep(run), answer });
      });
    });
  }

  async invoke(
    sessionId: string,
    input: UpdateOf<C> | undefined,
    options: InvokeOptions,
    watch: Watch,
  ): Promise<RunResult<C>> {
    const { entry, restart = false } = options;
    const { nodes } = this.#engine.plan;
    if (entry !== undefined && !nodes.has(entry)) throw new UnknownNodeError(entry, "entry", [...nodes.keys()]);
    return this.#watched(sessionId, options, watch, async (hold) => {
      const former = await loadStanding(this.#engine, sessionId);
      const { cancellation } = hold;
      const invocation = { sessionId, input, cancellation, ...(entry && { entry }), ...(former && { former }) };
      const standing = await this.#beginOrGoOn(invocation, restart, hold);
      return driveOn(openRun(this.#engine, { sessionId, options, ...watch, ...hold }, standing));
    });
  }

  update(sessionId: string, update: UpdateOf<C>, asNode: string | undefined): Promise<SessionView<C>> {
    return this.#alone(sessionId, async ({ fence, cancellation }) => {
      const standing = await this.load(sessionId);
      const edit = { update, cancellation, ...(asNode !== undefined && { asNode }) };
      const checkpoint = await updatedCheckpoint(this.#engine, standing, edit);
      const keepsRecords = asNode === undefined;
      await this.#engine.store.commit(checkpoint as Checkpoint, { fence, keepsRecords, whole: isRebased(standing) });
      return viewOf(checkpoint, checkpoint.note);
    });
  }

  fork<N extends string>(sessionId: string, options: ForkOptions<C, N>): Promise<SessionView<C>> {
    const { as, step, checkpointId, update, asNode } = options;
    return this.#alone(as, async ({ fence, cancellation }) => {
      if ((await this.#engine.store.load(as)) !== undefined) throw new SessionExistsError(as);
      const { store, plan, migrate } = this.#engine;
      const stored = await originOf(store, sessionId, { wanted: checkpointId ?? step, ephemeral: plan.ephemeral });
      const { checkpoint: origin, isRebased: whole } = adopt(stored, plan, migrate);
      const edit = { as, update, cancellation, ...(asNode !== undefined && { asNode }) };
      const checkpoint = await forkedCheckpoint(this.#engine, origin, edit);
      await store.commit(checkpoint as Checkpoint, { fence, whole, origin: sessionId });
      return viewOf(checkpoint, checkpoint.note);
    });
  }

  delete(sessionId: string): Promise<void> {
    return this.#alone(sessionId, async ({ fence }) => {
      await checkExists(this.#engine.store, sessionId);
      await this.#engine.store.delete(sessionId, fence);
      await deleteChildren(this.#engine.store, this.#active, sessionId);
    });
  }

  /** The note alone changes: whoever runs next, open questions and kept results stay. */
  setBreakpoints(sessionId: string, list: unknown): Promise<void> {
    const breakpoints = readBreakpoints(list, this.#engine);
    return this.#alone(sessionId, async ({ fence }) => {
      const { store, clock } = this.#engine;
      const stored = await store.load(sessionId);
      if (stored === undefined) throw new SessionNotFoundError(sessionId);
      const { incarnation, seq, fingerprint } = stored.checkpoint;
      const { breakpoints: _former, ...rest } = stored.note;
      const note = { ...rest, ...(breakpoints.length > 0 && { breakpoints }) };
      await store.annotate({ sessionId, incarnation, seq, fence, note, records: [], at: clock.now() }, fingerprint);
    });
  }

  async load(sessionId: string): Promise<Standing<C>> {
    const standing = await loadStanding(this.#engine, sessionId);
    if (standing === undefined) throw new SessionNotFoundError(sessionId);
    return standing;
  }

  async #beginOrGoOn(invocation: Invocation<C>, restart: boolean, { fence }: Hold): Promise<Standing<C>> {
    const { sessionId, former, input, entry } = invocation;
    const status = former?.note.status.kind ?? "completed";
    if (former !== undefined && status !== "completed" && !restart) {
      if (input !== undefined || entry !== undefined) throw new SessionNotFinishedError(sessionId, status);
      return former;
    }
    const checkpoint = await firstCheckpoint(this.#engine, invocation);
    const whole = former !== undefined && isRebased(former);
    await this.#engine.store.commit(checkpoint as Checkpoint, { fence, whole });
    return { checkpoint, note: checkpoint.note, records: [] };
  }

  /** For a call that runs no node: nobody can abort it. */
  async #alone<R>(sessionId: string, work: (hold: Hold) => Promise<R>): Promise<R> {
    checkSessionId(sessionId);
    const cancellation = new RunCancellation();
    return this.#active.exclusively(sessionId, cancellation, (fence) => work({ cancellation, fence }));
  }

  async #watched<R>(
    sessionId: string,
    options: RunOptions,
    watch: Watch,
    work: (hold: Hold) => Promise<R>,
  ): Promise<R> {
    checkSessionId(sessionId);
    checkRunOptions(options, this.#engine.plan);
    const cancellation = watch.cancellation ?? new RunCancellation();
    cancellation.follow(options.signal);
    return this.#active.exclusively(sessionId, cancellation, (fence) => work({ cancellation, fence }));
  }
}

function isRebased<C extends Channels>(standing: Standing<C>): boolean {
  return standing.isRebased === true;
}
