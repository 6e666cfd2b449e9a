/** What a node is given in a worker: the context of its task, with all that is stored or heard going through the runner. */
import type { Artifacts } from "../graph/artifacts.js";
import type { NodeContext, OnceCall } from "../graph/node.js";
import { NO_CONTEXT } from "../graph/run-context.js";
import { bytesIn, checkOpens } from "../runner/artifacts/artifacts.js";
import { decode } from "../session/codec.js";
import type { ArtifactRef } from "../state/artifact-ref.js";
import { seal } from "../state/seal.js";
import { checkOnce, freshId, InterruptSignal } from "../superstep/task-context.js";
import type { CallMessage, ContextFacts, FromWorker } from "./messages.js";
import { seededRandom } from "./seeded-random.js";
import { type Settled, settledBy, settledWith, valueIn } from "./settled.js";

type Say = (message: FromWorker) => void;
interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  readonly effect?: (call: OnceCall) => unknown;
}

export class RemoteContext implements NodeContext {
  readonly context = NO_CONTEXT;
  readonly input: unknown;
  readonly config: Readonly<Record<string, unknown>>;
  /** The question that the node has asked, if it has. */
  asked: { readonly index: number; readonly payload: unknown } | undefined;
  readonly #id: number;
  readonly #facts: ContextFacts;
  readonly #say: Say;
  readonly #answers: readonly ({ readonly value: unknown } | undefined)[];
  readonly #random: () => number;
  readonly #ahead: number;
  readonly #abort = new AbortController();
  readonly #waiting: Waiting[] = [];
  #questions = 0;
  #ids = 0;

  constructor({ id, facts }: CallMessage, say: Say) {
    this.#id = id;
    this.#facts = facts;
    this.#say = say;
    this.input = decode(facts.input);
    this.config = decode(facts.config) as Readonly<Record<string, unknown>>;
    this.#answers = decode(facts.answers) as readonly ({ readonly value: unknown } | undefined)[];
    this.#random = seededRandom(facts.seed);
    this.#ahead = facts.now - Date.now();
    for (const value of [this.input, this.config, this.#answers]) seal(value);
  }

  get sessionId(): string {
    return this.#facts.sessionId;
  }
  get node(): string {
    return this.#facts.node;
  }
  get step(): number {
    return this.#facts.step;
  }
  get taskId(): string {
    return this.#facts.taskId;
  }
  get attempt(): number {
    return this.#facts.attempt;
  }
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  readonly interrupt = <Answer>(payload: unknown): Answer => {
    if (this.asked !== undefined) throw new InterruptSignal();
    const index = this.#questions++;
    const answer = this.#answers[index];
    if (answer !== undefined) return answer.value as Answer;
    seal(payload, ["payload"]);
    this.asked = { index, payload };
    throw new InterruptSignal();
  };

  /** The runner says whether the effect has run before; if not, it runs here, and its result is durable before the node sees it. */
  readonly once = async <T>(key: string, effect: (call: OnceCall) => T | Promise<T>): Promise<T> => {
    checkOnce(key, effect);
    return (await this.#ask((place) => ({ kind: "once", id: this.#id, place, key }), effect)) as T;
  };

  readonly artifacts: Artifacts = {
    put: async (content) =>
      (await this.#askWith("put", (await bytesIn(content, this.signal)) ?? content)) as ArtifactRef,
    get: async <T>(ref: ArtifactRef) => (await this.#askWith("get", ref)) as T,
    open: (ref) => wholeOf(checkOpens(ref), this.artifacts),
  };

  readonly emit = (data: unknown): void => this.#say({ kind: "emit", id: this.#id, data: settledWith(data) });
  readonly progress = (done: number, total?: number, message?: string): void =>
    this.#say({ kind: "progress", id: this.#id, done, total, message });
  readonly now = (): number => Date.now() + this.#ahead;
  readonly random = (): number => this.#random();
  readonly id = (): string => freshId(this.#facts, ++this.#ids, this.#random());

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** The runner wants an effect that the node asked about to be run. */
  async runEffect(place: number, idempotencyKey: string): Promise<void> {
    const settled = await settledBy(() => this.#waiting[place]?.effect?.({ idempotencyKey }));
    this.#say({ kind: "effected", id: this.#id, place, settled });
  }

  /** What has come of something that the node asked for. */
  hear(place: number, settled: Settled): void {
    try {
      this.#waiting[place]?.resolve(valueIn(settled));
    } catch (error) {
      this.#waiting[place]?.reject(error);
    }
  }

  async #askWith(kind: "put" | "get", value: unknown): Promise<unknown> {
    const content = settledWith(value);
    valueIn(content);
    return this.#ask((place) => ({ kind, id: this.#id, place, content }));
  }

  #ask(messageAt: (place: number) => FromWorker, effect?: Waiting["effect"]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const place = this.#waiting.push({ resolve, reject, ...(effect && { effect }) }) - 1;
      this.#say(messageAt(place));
    });
  }
}

/** A worker gets artifacts whole. */
async function* wholeOf(ref: ArtifactRef, { get }: Artifacts): AsyncGenerator<Uint8Array, void, void> {
  const bytes = await get<Uint8Array>(ref);
  if (bytes.length > 0) yield bytes;
}
