/** One session in the library beside the same session in the reference: after every command, each has to find the other. */
import { type Checkpointer, type RunStream, resumeWith, type StoredSession, type UpdateOf } from "../../src/index.js";
import type { Command, Drive, Settings } from "./commands.js";
import type { ModelChannels } from "./graph.js";
import { answerIn, type Heard, viewIn } from "./heard.js";
import type { Link } from "./link.js";
import { ModelMismatch } from "./mismatch.js";
import { checkPast } from "./past.js";
import { abortedAt, brokenOff, callOf, type Ending, endingOf, givenOf, pathOf } from "./paths.js";
import type { NodeName, Task, Trouble, Write } from "./program.js";
import { withResults } from "./reference-superstep.js";
import { Promised, Seat } from "./seat.js";
import { inOrder, isSame, numbersIn, QuestionIds, seenAs, seenIn } from "./seen.js";
import type { Given, Path, Stage } from "./shapes.js";

type Options = NonNullable<Parameters<Seat["runner"]["invoke"]>[2]>;
/** One command, as it went. */
interface Course {
  readonly command: Command;
  readonly call: Drive;
  readonly given: Given;
  readonly path: Path;
  /** The session that may change. */
  readonly sessionId: string;
  readonly options: Options;
}
/** A call of a runner that was stopped in its midst. */
interface Sleeper {
  readonly calling: Promise<Heard>;
  readonly link: Link;
  readonly sessionId: string;
}
/** Where a session is known to stand. */
interface Known {
  readonly stage: Stage;
  readonly ids: QuestionIds;
  readonly incarnation: string | undefined;
}

const NOBODY: Known = { stage: undefined, ids: new QuestionIds(), incarnation: undefined };
const ENOUGH = 1_000;
/** What is pruned late is gone: it stands under no lease. */
const UNFENCED: ReadonlySet<string> = new Set(["prune"]);

export class World {
  readonly #open: () => Checkpointer;
  readonly #promised = new Promised();
  /** Sessions that nobody touches any more, as they were left. */
  readonly #left = new Map<string, unknown>();
  #sleepers: Sleeper[] = [];
  #store: Checkpointer;
  #settings: Settings;
  #seat: Seat;
  #sessionId = "s";
  #known = NOBODY;
  #isPruned = false;
  #commands = 0;

  /** `open` opens the same store each time. */
  constructor(open: () => Checkpointer, settings: Settings) {
    this.#open = open;
    this.#store = open();
    this.#settings = settings;
    this.#seat = new Seat(this.#store, settings, this.#promised);
  }

  /** Throws a ModelMismatch as soon as the two have parted. */
  async execute(command: Command): Promise<void> {
    this.#commands++;
    if (command.do === "reopen") return this.#reopen(command.settings);
    if (command.do === "wake") return this.#wake();
    const course = this.#plan(command);
    const calling = this.#call(course);
    const heard = await Promise.race([calling, this.#seat.link.death.then(() => undefined)]);
    if (heard === undefined && this.#seat.link.isStopped && !UNFENCED.has(command.do))
      this.#sleepers.push({ calling, link: this.#seat.link, sessionId: course.sessionId });
    const endings = this.#endingsOf(course, heard);
    this.#checkRuns(course, endings);
    const known = await this.#reconcile(course, endings, heard);
    if (command.do === "prune") this.#isPruned = true;
    else if (command.do !== "fork" && known.incarnation !== this.#known.incarnation) this.#isPruned = false;
    if (command.do === "fork") await this.#leaveOne(known, course.sessionId, command.stays);
    else this.#known = known;
    if (heard === undefined) await this.#reopen(this.#settings);
  }

  /** The whole past of the session, and every session that was left behind. */
  async finish(): Promise<void> {
    await this.#wake();
    const { stage } = this.#known;
    this.#seat.begin({}, undefined);
    if (stage !== undefined) await checkPast(this.#seat.runner, this.#sessionId, { stage, isWhole: !this.#isPruned });
    for (const [sessionId, then] of this.#left) {
      const now = await this.#look(sessionId);
      if (!isSame(now, then)) throw new ModelMismatch(`session ${sessionId} was left alone`, { then, now });
    }
    await this.#store.close();
  }

  #plan(command: Command): Course {
    const { stage } = this.#known;
    const given: Given = command.do === "resume" ? givenOf(stage, command.reply) : { kind: "none" };
    const call = callOf(command, this.#settings);
    const path = pathOf(stage, command, call, given);
    if (call.discard === true) this.#promised.completed.clear();
    const signal = this.#seat.begin(call, command.fault);
    const options: Options = {
      signal,
      ...(call.before && { interruptBefore: call.before as readonly NodeName[] | "*" }),
      ...(call.after && { interruptAfter: call.after as readonly NodeName[] | "*" }),
      ...(call.each !== undefined && { interruptEachStep: call.each }),
      ...(call.maxSteps !== undefined && { maxSteps: call.maxSteps }),
      ...(call.discard !== undefined && { discardPending: call.discard }),
    };
    const sessionId = command.do === "fork" ? `fork ${this.#commands}` : this.#sessionId;
    return { command, call, given, path, sessionId, options };
  }

  async #call(course: Course): Promise<Heard> {
    try {
      return { value: await this.#make(course) };
    } catch (error) {
      return { error };
    }
  }

  #make({ command, given, sessionId, options }: Course): Promise<unknown> {
    const { runner } = this.#seat;
    switch (command.do) {
      case "create":
        return runner.createSession(sessionId, inputOf(command.input), { ifExists: command.ifExists });
      case "invoke":
        return this.#invoke(command, options);
      case "step":
        return runner.runStep(sessionId, options);
      case "run":
        return runner.runUntilComplete(sessionId, options);
      case "resume":
        return this.#resume(this.#answer(given), options, command.twice);
      case "update":
        return runner.updateState(sessionId, inputOf(command.write) ?? {}, asNode(command));
      case "fork": {
        const { step, write } = command;
        const from = { as: sessionId, update: inputOf(write) ?? {}, ...(step !== undefined && { step }) };
        return runner.fork(this.#sessionId, { ...from, ...asNode(command) });
      }
      case "delete":
        return runner.deleteSession(sessionId);
      case "prune":
        return runner.prune({ sessionId, keepLast: command.keepLast });
      case "reopen":
      case "wake":
        return Promise.resolve();
    }
  }

  /** As a call, or as a stream. */
  #invoke({ beginning: { input, entry, restart } }: Command & { do: "invoke" }, options: Options): Promise<unknown> {
    const { runner } = this.#seat;
    const begun = {
      ...options,
      ...(entry !== undefined && { entry: entry as NodeName }),
      ...(restart !== undefined && { restart }),
    };
    if (this.#commands % 2 === 0) return runner.invoke(this.#sessionId, inputOf(input), begun);
    return this.#listen(runner.stream(this.#sessionId, inputOf(input), begun));
  }

  async #resume(answer: unknown, options: Options, isTwice: boolean): Promise<unknown> {
    const { runner } = this.#seat;
    if (!isTwice && this.#commands % 2 === 0)
      return this.#listen(runner.stream(this.#sessionId, resumeWith(answer), options));
    const first = runner.resume(this.#sessionId, answer, options);
    if (!isTwice) return first;
    const [, second] = await Promise.allSettled([first, runner.resume(this.#sessionId, answer, options)]);
    const code = second.status === "rejected" ? (second.reason as { code?: unknown }).code : "none";
    if (code !== "SESSION_BUSY") throw new ModelMismatch("the second of two callers was let in", { second });
    return first;
  }

  async #listen(stream: RunStream<ModelChannels>): Promise<unknown> {
    for await (const event of stream) this.#seat.hear(event);
    return stream.result;
  }

  #answer(given: Given): unknown {
    if (given.kind === "none") return undefined;
    if (given.kind === "bare") return given.value;
    const entries = given.entries.map(([number, value]) => [this.#known.ids.idOf(number), value] as const);
    return Object.fromEntries([...entries, ...(given.ghost === true ? [["ghost", 1] as const] : [])]);
  }

  #endingsOf({ call: { abortAt }, path }: Course, heard: Heard): readonly Ending[] {
    if (heard === undefined) return brokenOff(path, this.#settings, undefined);
    const { hit } = this.#seat.link;
    if (hit !== undefined && hit !== "release")
      return brokenOff(path, this.#settings, { kind: "failed", code: "CHECKPOINT_FAILED" });
    if (abortAt !== undefined && this.#seat.runs.length >= abortAt) return abortedAt(path, abortAt, this.#settings);
    return [endingOf(path, this.#settings)];
  }

  /** What came between may have cut the tasks short; it cannot have made others of them. */
  #checkRuns({ command, path }: Course, [only, another]: readonly Ending[]): void {
    const { runs } = this.#seat;
    const isExact = another === undefined && only?.isLoose === false;
    const expected: readonly Task[] = isExact ? path.runs : path.runs.slice(0, runs.length);
    if (!isSame(runs, expected)) throw new ModelMismatch("other tasks ran", { command, runs, expected: path.runs });
    const { broken } = this.#promised;
    if (broken.length > 0) throw new ModelMismatch("a promise was broken", { command, broken });
  }

  /** Finds the ending that is in the store, and that the caller heard of. */
  async #reconcile(course: Course, endings: readonly Ending[], heard: Heard): Promise<Known> {
    const { sessionId, command, call } = course;
    const stored = await this.#store.load(sessionId);
    const incarnation = stored?.checkpoint.incarnation;
    const ids = incarnation === this.#known.incarnation ? this.#known.ids : new QuestionIds();
    const points = (await this.#store.history(sessionId, { limit: ENOUGH })).length;
    for (const ending of [...endings].reverse()) {
      const stage = matchOf(ending, stored, { points, ids, trouble: call.trouble });
      if (stage === "none") continue;
      const numbers = stored === undefined ? new Map<string, number>() : numbersIn(stored, stage, ids);
      if (heard !== undefined && !isSame(answerIn(heard, numbers), ending.answer && inOrder(ending.answer))) continue;
      if (stored !== undefined) ids.learn(stored.records, numbers);
      this.#checkHeard(course, heard, stored);
      return { stage, ids, incarnation };
    }
    const found = stored && endings[0]?.session && seenIn(stored, points, endings[0].session, ids);
    const expected = endings.map(({ session, answer }) => ({ answer, session: session && seenAs(session) }));
    throw new ModelMismatch("the session stands elsewhere", { command, given: course.given, heard, found, expected });
  }

  /** What a caller hears of is in the store. */
  #checkHeard({ command }: Course, heard: Heard, stored: StoredSession | undefined): void {
    const view = heard !== undefined && "value" in heard ? viewIn(heard.value) : undefined;
    if (view === undefined) return;
    const { checkpoint, note } = stored as StoredSession;
    const { step, state, frontier, versions } = checkpoint;
    const truth = { step, state, frontier, versions, status: note.status };
    if (!isSame(view, truth)) throw new ModelMismatch("the caller was told otherwise", { command, view, truth });
  }

  /** Of a fork and its origin, the sequence goes on with one. */
  async #leaveOne(forked: Known, forkId: string, stays: boolean): Promise<void> {
    const before = this.#known.stage && seenAs(this.#known.stage);
    const stored = await this.#store.load(this.#sessionId);
    const origin = this.#sessionId;
    if (stored !== undefined && this.#known.stage !== undefined) {
      const points = (await this.#store.history(origin, { limit: ENOUGH })).length;
      const now = seenIn(stored, points, this.#known.stage, this.#known.ids);
      if (!isSame(before && { ...before, status: inOrder(before.status) }, now))
        throw new ModelMismatch("a fork has changed its origin", { before, now });
    }
    if (forked.stage === undefined) return;
    this.#left.set(stays ? forkId : origin, await this.#look(stays ? forkId : origin));
    if (stays) return;
    this.#sessionId = forkId;
    this.#known = forked;
  }

  /** Runners that were stopped go on. Somebody else has their sessions by now, and nothing of theirs may be written (C4). */
  async #wake(): Promise<void> {
    for (const { calling, link, sessionId } of this.#sleepers.splice(0)) {
      const claim = { sessionId, owner: "somebody else", at: Number.MAX_SAFE_INTEGER, ttlMs: 0 };
      const answer = await this.#store.acquire(claim);
      if (answer.kind === "granted") await this.#store.release(answer.lease);
      const before = await this.#look(sessionId);
      link.wake();
      const heard = await calling;
      const after = await this.#look(sessionId);
      if (!isSame(before, after)) throw new ModelMismatch("a stale owner has written", { before, after, heard });
    }
  }

  async #look(sessionId: string): Promise<unknown> {
    const history = await this.#store.history(sessionId, { limit: ENOUGH });
    return [await this.#store.load(sessionId), history.map((checkpoint) => ({ ...checkpoint }))];
  }

  async #reopen(settings: Settings): Promise<void> {
    await this.#store.close();
    this.#store = this.#open();
    this.#settings = settings;
    this.#seat = new Seat(this.#store, settings, this.#promised);
  }
}

/** The stage that the ending and the store agree on. */
function matchOf(
  { session, isLoose }: Ending,
  stored: StoredSession | undefined,
  {
    points,
    ids,
    trouble,
  }: { readonly points: number; readonly ids: QuestionIds; readonly trouble: Trouble | undefined },
): Stage | "none" {
  if (stored === undefined || session === undefined) return stored === session ? undefined : "none";
  const seen = seenIn(stored, points, session, ids);
  const stage = isLoose
    ? withResults(
        session,
        seen.kept.map((one) => one !== undefined),
        trouble,
      )
    : session;
  return stage !== undefined && isSame(seen, seenAs(stage)) ? stage : "none";
}

function inputOf(write: Write | undefined): UpdateOf<ModelChannels> | undefined {
  return write as UpdateOf<ModelChannels> | undefined;
}

function asNode(command: { readonly asNode?: string }): { readonly asNode?: NodeName } {
  return command.asNode === undefined ? {} : { asNode: command.asNode as NodeName };
}
