/** Those who call the runners: they drive sessions, answer what is asked, and write to and fork what they find. */
import { resumeWith, type SessionView, SuperstepError } from "../../src/index.js";
import type { SimulatedChannels } from "./graph.js";
import type { Random } from "./random.js";
import type { Seat } from "./seat.js";
import { named, type World } from "./world.js";

type View = SessionView<SimulatedChannels>;
/** What became of a call; gone: the machine died, and nobody will ever hear. */
export type Reply<R> = { readonly value: R } | { readonly error: unknown } | "gone";

/** What a caller may have to hear; whatever else comes is a mistake of the library. */
const EXPECTED = new Set([
  ...["SESSION_BUSY", "SESSION_EXISTS", "SESSION_NOT_FOUND", "SESSION_NOT_FINISHED", "CHECKPOINT_NOT_FOUND"],
  ...[
    "STEP_LIMIT",
    "CHECKPOINT_FAILED",
    "CHECKPOINT_CONFLICT",
    "RUN_ABORTED",
    "NODE_FAILED",
    "NOT_PAUSED",
    "INTERRUPT_ANSWER",
  ],
]);
const MOST_SESSIONS = 6;

type Options = NonNullable<Parameters<Seat["runner"]["runUntilComplete"]>[1]>;
const DETOURS: readonly Options[] = [
  { interruptEachStep: true },
  { interruptBefore: ["gather"] },
  { interruptBefore: "*" },
  { interruptAfter: ["fan", "ask"] },
  { maxSteps: 2 },
];

export class Client {
  readonly name: string;
  readonly #world: World;
  readonly #chance: Random;
  /** Calls that nobody has answered yet, on machines that live. */
  readonly waiting = new Map<number, { readonly seat: Seat; readonly what: string }>();

  constructor(world: World) {
    this.#world = world;
    this.#chance = world.chance.split();
    this.name = `c${world.fresh()}`;
  }

  /** One call after the other, on a machine at random, until that time. */
  async live(seats: readonly Seat[], until: number): Promise<void> {
    while (this.#world.time.now < until) {
      await this.#world.time.sleep(this.#chance.between(1, 200));
      const seat = this.#chance.pick(seats);
      const sessionId = this.#chance.pick(["a", "b", "c", ...this.#world.ledger.sessions]);
      const dice = this.#chance.between(1, 100);
      if (dice <= 10) await this.#write(seat, sessionId);
      else if (dice <= 14) await this.#fork(seat, sessionId);
      else if (dice <= 22) await this.#step(seat, sessionId);
      else if (dice <= 25) await this.#begin(seat, sessionId);
      else if (dice <= 28) await this.#prune(seat, sessionId);
      else await this.goOn(seat, sessionId);
    }
  }

  /** Reads the session and does what is next: begins it, answers it, or drives it. Undefined: it could not be read, or there is none. */
  async goOn(seat: Seat, sessionId: string): Promise<View | undefined> {
    const read = await this.#ask(seat, `read ${sessionId}`, () => seat.runner.session(sessionId));
    const view = this.#viewIn(sessionId, read);
    const status = view?.status;
    const asked = status?.kind === "paused" && status.reason.kind === "interrupt" ? status.reason.interrupts : [];
    if (asked.length > 0) await this.#answer(seat, sessionId, asked);
    else if (status?.kind !== "completed" || this.#chance.chance(0.3)) await this.#run(seat, sessionId);
    return view;
  }

  async #run(seat: Seat, sessionId: string): Promise<void> {
    const isStreamed = this.#chance.chance(0.7);
    const options = this.#optionsOn(seat);
    const drive = () =>
      isStreamed
        ? this.#listen(seat, sessionId, seat.runner.stream(sessionId, undefined, options))
        : seat.runner.invoke(sessionId, undefined, options);
    this.#viewIn(sessionId, await this.#ask(seat, `drive ${sessionId}`, drive));
  }

  async #step(seat: Seat, sessionId: string): Promise<void> {
    const options = this.#optionsOn(seat);
    const step = async (): Promise<Partial<View>> => {
      const result = await seat.runner.runStep(sessionId, options);
      if (result.report !== undefined) this.#world.ledger.reported(sessionId, result.report);
      return result.status === "paused" ? result.paused : {};
    };
    this.#viewIn(sessionId, await this.#ask(seat, `step ${sessionId}`, step));
  }

  /** Answers some of what is asked, each with a value of its own; now and then late, when others may have answered. */
  async #answer(seat: Seat, sessionId: string, asked: readonly { readonly id: string }[]): Promise<void> {
    await this.#world.time.sleep(this.#chance.between(0, this.#chance.chance(0.1) ? 3_000 : 100));
    const picked = asked.filter((_, place) => place === 0 || this.#chance.chance(0.6));
    const isBare = asked.length === 1 && this.#chance.chance(0.5);
    const value = (): string => `answer ${this.#world.fresh()}`;
    const answer = isBare ? value() : Object.fromEntries(picked.map(({ id }) => [id, value()]));
    const options = this.#optionsOn(seat);
    const resume = () => this.#listen(seat, sessionId, seat.runner.stream(sessionId, resumeWith(answer), options));
    this.#viewIn(sessionId, await this.#ask(seat, `resume ${sessionId}`, resume));
  }

  async #write(seat: Seat, sessionId: string): Promise<void> {
    const log = `${this.name}#${this.#world.fresh()}`;
    const reply = await this.#ask(seat, `write ${sessionId}`, () => seat.runner.updateState(sessionId, { log }));
    this.#viewIn(sessionId, reply);
  }

  /** Gives up whatever stands there. */
  async #begin(seat: Seat, sessionId: string): Promise<void> {
    const options = { restart: true, ...this.#optionsOn(seat) };
    const begin = (): Promise<View> =>
      this.#chance.chance(0.5)
        ? seat.runner.createSession(sessionId, {}, { ifExists: "replace" })
        : seat.runner.invoke(sessionId, {}, options);
    this.#viewIn(sessionId, await this.#ask(seat, `begin ${sessionId}`, begin));
  }

  async #prune(seat: Seat, sessionId: string): Promise<void> {
    const keepLast = this.#chance.between(1, 8);
    const prune = async (): Promise<Partial<View>> => {
      await seat.runner.prune({ sessionId, keepLast });
      return {};
    };
    this.#viewIn(sessionId, await this.#ask(seat, `prune ${sessionId}`, prune));
  }

  async #fork(seat: Seat, sessionId: string): Promise<void> {
    if (this.#world.ledger.sessions.length >= MOST_SESSIONS) return;
    const as = `f${this.#world.fresh()}`;
    const options = this.#chance.chance(0.5) ? { as } : { as, step: this.#chance.between(0, 4) };
    this.#viewIn(as, await this.#ask(seat, `fork ${sessionId}`, () => seat.runner.fork(sessionId, options)));
  }

  /** Tells the ledger what is told of tasks; under durability "exit" that is told before it is durable. */
  async #listen<R>(
    seat: Seat,
    sessionId: string,
    stream: AsyncIterable<{ readonly type: string; readonly task?: { readonly id: string } }> & {
      readonly result: Promise<R>;
    },
  ): Promise<R> {
    const listen = async (): Promise<void> => {
      for await (const { type, task } of stream)
        if (type === "node.completed" && task !== undefined && this.#world.durability === "step")
          this.#world.ledger.tasks.completed(task.id, seat.fenceOf(sessionId));
    };
    void listen();
    return stream.result;
  }

  /** How far a call goes, and a signal that is aborted some time, perhaps. */
  #optionsOn({ machine }: Seat): Options {
    const { aborted, pausing } = this.#world.faults;
    if (this.#chance.chance(pausing)) return this.#chance.pick(DETOURS);
    if (!this.#chance.chance(aborted)) return {};
    const controller = new AbortController();
    this.#world.time.after(this.#chance.between(1, 600), () => machine.reach(() => controller.abort()));
    return { signal: controller.signal };
  }

  /** A call, as it is heard of from outside of the machine. */
  async #ask<R>(seat: Seat, what: string, call: () => Promise<R>): Promise<Reply<R>> {
    const { machine } = seat;
    const number = this.#world.fresh();
    const answered = new Promise<Reply<R>>((resolve) => {
      const settled = (reply: Reply<R>): void => {
        this.waiting.delete(number);
        resolve(reply);
      };
      machine.reach(() => {
        call().then(
          (value) => settled({ value }),
          (error: unknown) => settled({ error }),
        );
      });
    });
    this.waiting.set(number, { seat, what });
    const reply = await Promise.race([answered, machine.death.then(() => "gone" as const)]);
    const came = reply === "gone" ? reply : "error" in reply ? named(reply.error) : "well";
    this.#world.note(`${this.name} on ${machine.name}: ${what}`, came);
    return reply;
  }

  /** What was told, if anything; it has to be true, and it has to be one of the library's words. */
  #viewIn(sessionId: string, reply: Reply<Partial<View>>): View | undefined {
    if (reply === "gone") return undefined;
    if ("error" in reply) {
      const { error } = reply;
      if (!SuperstepError.is(error) || !EXPECTED.has(error.code))
        this.#world.ledger.accuse(`somebody heard: ${error instanceof Error ? error.stack : String(error)}`);
      return undefined;
    }
    const view = reply.value as View;
    if (view.state === undefined) return undefined;
    this.#world.ledger.heard(sessionId, view);
    return view;
  }
}
