/** A call that a worker owes the result of: what is said about it, and what the node asks its context for meanwhile. */
import { NodeResultError } from "../errors.js";
import { encode } from "../session/codec.js";
import type { ArtifactRef } from "../state/artifact-ref.js";
import { seal } from "../state/seal.js";
import { type ExecutorCall, ResultRefused } from "../superstep/executor.js";
import type { TaskOutcome } from "../superstep/outcome.js";
import { wordsOf } from "../superstep/words.js";
import { envelopeOf } from "./error-envelope.js";
import type { Argument, CallMessage, ContextFacts, FromWorker, ToWorker } from "./messages.js";
import { failedWith, type Settled, settledBy, told, valueIn } from "./settled.js";
import type { KnownStates } from "./states.js";

type Effect = (settled: Settled) => void;

export class OwedCall {
  readonly result: Promise<unknown>;
  isSettled = false;
  readonly #id: number;
  readonly #call: ExecutorCall;
  readonly #post: (message: ToWorker) => void;
  readonly #effects = new Map<number, Effect>();
  #unsay: () => void = () => undefined;
  #resolve: (value: unknown) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(id: number, call: ExecutorCall, post: (message: ToWorker) => void) {
    this.#id = id;
    this.#call = call;
    this.#post = post;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.result.catch(() => undefined);
  }

  get node(): string {
    return this.#call.ctx.node;
  }

  /** Throws SerializationError for an argument that cannot be stored, before anything is sent. */
  message(states: KnownStates): CallMessage {
    const { module, args, state, ctx, answers, returns } = this.#call;
    const told = args.map((arg, place): Argument => {
      if (arg === state) return { kind: "state" };
      return arg === ctx ? { kind: "context" } : { kind: "value", text: textOf(arg, `args[${place}]`) };
    });
    const facts = factsOf(ctx, answers);
    this.#unsay = () => states.forget(ctx.sessionId);
    return {
      kind: "call",
      id: this.#id,
      module,
      returns,
      args: told,
      facts,
      ...states.tell(ctx.sessionId, state as never),
    };
  }

  abort(): void {
    this.#post({ kind: "abort", id: this.#id, reason: envelopeOf(this.#call.ctx.signal.reason) });
  }

  fail(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  /** What names another call is late. */
  hear(message: Exclude<FromWorker, { readonly kind: "ready" | "pong" }>): void {
    if (message.id !== this.#id || this.isSettled) return;
    const { ctx } = this.#call;
    switch (message.kind) {
      case "emit":
        return ctx.emit(told(message.data));
      case "progress":
        return ctx.progress(message.done, message.total, message.message);
      case "once":
        return void this.#reply(message.place, () => this.#once(message.place, message.key));
      case "put":
      case "get":
        return void this.#reply(message.place, () => this.#artifact(message.kind, valueIn(message.content)));
      case "effected":
        return this.#effects.get(message.place)?.(message.settled);
      case "unread":
        this.#unsay();
        return this.#finish(message.settled, false);
      case "asked":
        return this.#ask(message.index, message.payload);
      case "settled":
        return this.#finish(message.settled, message.refused);
    }
  }

  #finish(settled: Settled, refused: boolean): void {
    try {
      const value = valueIn(settled);
      const result = this.#call.returns === "outcome" ? wordsOf(value as TaskOutcome) : value;
      this.#settle(() => this.#resolve(result));
    } catch (error) {
      this.fail(refused ? new ResultRefused(error) : error);
    }
  }

  /** Asks as the node would have, had it run here. */
  #ask(index: number, payload: Settled): void {
    const { ctx, answers } = this.#call;
    try {
      for (let place = 0; place < index; place++) ctx.interrupt(answers[place]);
      ctx.interrupt(valueIn(payload));
      throw new NodeResultError(ctx.node, "a question that has its answer", "ask by `ctx.interrupt` alone");
    } catch (signal) {
      this.fail(signal);
    }
  }

  /** The effect runs in the worker; that it runs once is seen to here. */
  #once(place: number, key: string): unknown {
    return this.#call.ctx.once(key, ({ idempotencyKey }) => this.#runEffect(place, idempotencyKey));
  }

  #artifact(kind: "put" | "get", content: unknown): unknown {
    const { artifacts } = this.#call.ctx;
    return kind === "put" ? artifacts.put(content) : artifacts.get(content as ArtifactRef);
  }

  /** Never rejects. */
  async #reply(place: number, work: () => unknown): Promise<void> {
    const settled = await settledBy(work);
    try {
      this.#post({ kind: "reply", id: this.#id, place, settled });
    } catch (error) {
      // A reply that cannot be sent is waited for in vain.
      this.fail(error);
    }
  }

  #runEffect(place: number, idempotencyKey: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.isSettled) return reject(lateEffect());
      this.#effects.set(place, (settled) => {
        try {
          resolve(valueIn(settled));
        } catch (error) {
          reject(error);
        }
      });
      this.#post({ kind: "effect", id: this.#id, place, idempotencyKey });
    });
  }

  #settle(tell: () => void): void {
    if (this.isSettled) return;
    this.isSettled = true;
    tell();
    for (const effect of this.#effects.values()) effect(failedWith(lateEffect()));
  }
}

function lateEffect(): unknown {
  return new DOMException("the node ended before its effect did", "AbortError");
}

function factsOf(ctx: ExecutorCall["ctx"], answers: ExecutorCall["answers"]): ContextFacts {
  const { sessionId, node, step, taskId, attempt } = ctx;
  return {
    ...{ sessionId, node, step, taskId, attempt },
    input: textOf(ctx.input, "input"),
    config: textOf(ctx.config, "config"),
    answers: textOf(answers, "answers"),
    now: ctx.now(),
    seed: ctx.random(),
  };
}

function textOf(value: unknown, name: string): string {
  seal(value, [name]);
  return encode(value);
}
