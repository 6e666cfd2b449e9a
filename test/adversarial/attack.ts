/**
 * A session under attack: driven to its end from whatever stands, while a log that outlives the process notes all that a watcher may rely
 * on. What the log must never show is `wrongIn` it.
 */
import {
  type App,
  AppRunner,
  type AppRunnerOptions,
  type Channels,
  type Checkpointer,
  NodeError,
  type NodeFn,
  type RunOptions,
  resumeWith,
  type SessionStatus,
} from "../../src/index.js";

/** Where a session lives, and what watches it; both outlive the process. */
export interface Place {
  readonly store: Checkpointer;
  /** The same, for looking on: never fails. */
  readonly records: Checkpointer;
  readonly say: (line: string) => void;
  readonly said: () => readonly string[];
}
/** A graph, how its sessions are run, and how far: to their end, unless `drive` says otherwise. */
export interface Case {
  readonly app: (place: Place) => App<Channels, string>;
  readonly options?: AppRunnerOptions;
  readonly drive?: (attack: Attack) => Promise<void>;
  /** The sessions that stand at the end. Default: "s". */
  readonly sessions?: readonly string[];
  /** Whether its artifacts are in a folder, where there is one. */
  readonly inFiles?: boolean;
}

type Runner = AppRunner<Channels, string>;

const MOST_CALLS = 50;

export class Attack {
  readonly place: Place;
  readonly runner: Runner;
  /** A second one, for sessions that must differ from those of the first. */
  readonly other: Runner;
  readonly #case: Case;

  constructor(attacked: Case, place: Place) {
    this.place = place;
    this.#case = attacked;
    this.runner = this.#runnerWith(0.5);
    this.other = this.#runnerWith(0.25);
  }

  /** Time stands still and random is always the same, so that a run can be repeated. */
  #runnerWith(random: number): Runner {
    return new AppRunner(this.#case.app(this.place), {
      ...this.#case.options,
      checkpointer: this.place.store,
      random: () => random,
      clock: { now: () => 0, sleep: () => turns(1) },
    });
  }

  /** All that the case does, from where it stands. Gives what has to be equal. */
  async run(): Promise<unknown> {
    const { drive = (attack: Attack) => attack.toEnd("s") } = this.#case;
    await this.#noteWhatStands();
    await drive(this);
    return this.#outcome();
  }

  /** Makes the session if it is not there, and runs it until it completes: answers what it asks, mends what fails. */
  async toEnd(sessionId: string, options: RunOptions = {}, runner = this.runner): Promise<void> {
    await runner.createSession(sessionId, {}, { ifExists: "resume" });
    for (let calls = 0; calls < MOST_CALLS; calls++) {
      const { status, step } = await runner.session(sessionId);
      if (status.kind === "completed") return;
      if (status.kind === "paused") this.place.say(`resumed ${sessionId} ${step}`);
      await this.call(sessionId, status, options, runner);
    }
    throw new TypeError(`session "${sessionId}" did not complete`);
  }

  /** One call, heard to its end. */
  async call(sessionId: string, status: SessionStatus, options: RunOptions = {}, runner = this.runner): Promise<void> {
    const { say } = this.place;
    const isLate = this.#case.options?.durability === "exit";
    const stream = runner.stream(sessionId, status.kind === "paused" ? answerTo(status) : undefined, options);
    for await (const event of stream) {
      // Under "exit" these are told before they are durable.
      if (event.type === "node.completed" && !isLate) say(`completed ${event.task.id}`);
      if (event.type === "step.completed" && !isLate) say(`committed ${sessionId} ${event.step}`);
    }
    await stream.result.catch((error: unknown) => {
      if (!(error instanceof NodeError)) throw error;
      say("mended");
    });
  }

  /** The same after a crash as after a quiet night. */
  async #outcome(): Promise<unknown> {
    const { runner, place } = this;
    const sessions = [];
    for (const sessionId of this.#case.sessions ?? ["s"]) {
      const history = [];
      for await (const checkpoint of runner.history(sessionId)) history.push({ ...checkpoint });
      sessions.push({ ...(await runner.session(sessionId)), history });
    }
    return { sessions, wrong: wrongIn(place.said()) };
  }

  async #noteWhatStands(): Promise<void> {
    const { records, say } = this.place;
    for (const sessionId of this.#case.sessions ?? ["s"]) {
      const stored = await records.load(sessionId);
      if (stored === undefined) continue;
      say(`stands ${sessionId} ${stored.checkpoint.step} ${stored.checkpoint.seq}`);
      for (const record of stored.records) {
        if (record.kind === "result") say(`kept ${record.taskId}`);
        if (record.kind === "once") say(`kept ${record.taskId} ${record.key}`);
        if (record.kind === "attempt")
          for (let attempt = 1; attempt <= record.attempt; attempt++) say(`kept ${record.taskId} try ${attempt}`);
      }
    }
  }
}

/** A node that says when it runs. */
export function told<C extends Channels>({ say }: Place, node: NodeFn<C>): NodeFn<C> {
  return (state, ctx) => {
    say(`ran ${ctx.taskId}`);
    return node(state, ctx);
  };
}

/** Turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One question at a time: the first that is open. */
function answerTo({ reason }: SessionStatus & { kind: "paused" }) {
  const [first] = reason.kind === "interrupt" ? reason.interrupts : [];
  return resumeWith(first && { [first.id]: `yes to ${String(first.payload)}` });
}

/** What the log must not show: work that is done again though it was durable, and steps that are lost or told twice. */
export function wrongIn(log: readonly string[]): readonly string[] {
  const done = new Set<string>();
  const steps = new Map<string, number>();
  const wrong: string[] = [];
  for (const line of log) {
    const [what = "", id = "", ...more] = line.split(" ");
    const key = [id, ...more].join(" ");
    if (what === "kept" || what === "completed") done.add(key);
    if ((what === "ran" || what === "did") && done.has(key)) wrong.push(`${line}: again`);
    if (what === "committed" && (steps.get(id) ?? 0) >= Number(more[0])) wrong.push(`${line}: told twice`);
    if (what === "stands" && (steps.get(id) ?? 0) > Number(more[0]))
      wrong.push(`${line}: ${steps.get(id)} was committed`);
    if (what === "committed" || what === "stands") steps.set(id, Number(more[0]));
  }
  return wrong;
}
