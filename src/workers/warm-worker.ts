/**
 * One worker, kept warm: it runs one call at a time, and whatever ends it, what it owes is settled at once. It is asked whether it is alive
 * before each use, so that a call never begins in a worker that is gone.
 */
import {
  NodeModuleError,
  NodeTimeoutError,
  WorkerExitedError,
  WorkerMemoryError,
  WorkerStartError,
} from "../errors.js";
import type { ExecutorCall } from "../superstep/executor.js";
import type { Clock } from "../superstep/task-context.js";
import type { FromWorker, ToWorker } from "./messages.js";
import { OwedCall } from "./owed-call.js";
import type { StartedWorker, StartWorker, WorkerEnd, WorkerSpec } from "./started-worker.js";
import { KnownStates, type StateTexts } from "./states.js";

/** How long is waited for a worker, in milliseconds on the executor's clock. */
export interface Patience {
  readonly clock: Clock;
  /** For its first word, and for each sign of life. */
  readonly startMs: number;
  /** For a node that was told to stop. */
  readonly killAfterMs: number;
}

/** What it is for. */
interface Purpose {
  /** What it may run. */
  readonly key: string;
  readonly texts: StateTexts;
}

export class WarmWorker {
  readonly key: string;
  /** Calls that it was given. */
  uses = 0;
  /** Its module did not load: it would not do so another time, though what it imports had been mended. */
  isBroken = false;
  readonly startedAt: number;
  lastUsedAt: number;
  readonly #worker: StartedWorker;
  readonly #patience: Patience;
  readonly #states: KnownStates;
  /** Resolves once it has ended. */
  readonly ended: Promise<WorkerEnd>;
  #end: WorkerEnd | undefined;
  #owed: OwedCall | undefined;
  #sign: (() => void) | undefined;

  constructor({ key, texts }: Purpose, start: StartWorker, spec: WorkerSpec, patience: Patience) {
    this.key = key;
    this.#states = new KnownStates(texts);
    this.#patience = patience;
    this.startedAt = patience.clock.now();
    this.lastUsedAt = this.startedAt;
    let settleEnd: (end: WorkerEnd) => void;
    this.ended = new Promise((resolve) => {
      settleEnd = resolve;
    });
    this.#worker = start(spec, {
      heard: (message) => this.#hear(message),
      ended: (end) => {
        this.#end = end;
        this.#sign?.();
        this.#owed?.fail(this.#errorOf(this.#owed.node, end));
        settleEnd(end);
      },
    });
  }

  get isGone(): boolean {
    return this.#end !== undefined;
  }

  /** Its first word. Throws WorkerStartError. */
  async ready(node: string): Promise<void> {
    if (await this.#givesSign()) return;
    const end = this.#end;
    this.#worker.kill();
    const problem =
      end === undefined ? `did not start within ${this.#patience.startMs} ms` : "ended before it was ready";
    const told = { exitCode: null, signal: null, output: this.#worker.output.toString() };
    throw new WorkerStartError(node, problem, { ...told, ...end });
  }

  /** Whether it answers; one that does not is ended. */
  async isAlive(): Promise<boolean> {
    if (this.isGone) return false;
    // Whoever asks is about to use it, and waits for nothing else.
    this.#worker.hold(true);
    const sign = this.#givesSign();
    this.#post({ kind: "ping" });
    const isAlive = await sign;
    if (!isAlive) this.#worker.kill();
    return isAlive;
  }

  /** Runs a call. The caller gives it no other one before this has settled. */
  async execute(call: ExecutorCall): Promise<unknown> {
    this.uses++;
    this.#worker.hold(true);
    this.#worker.output.clear();
    const owed = new OwedCall(this.uses, call, (message) => this.#post(message));
    this.#owed = owed;
    const stop = () => void this.#stop(owed);
    const { signal } = call.ctx;
    try {
      // It may have been told to stop while it waited for its worker.
      signal.throwIfAborted();
      this.#post(owed.message(this.#states));
      if (this.#end !== undefined) owed.fail(this.#errorOf(owed.node, this.#end));
      signal.addEventListener("abort", stop, { once: true });
      return await owed.result;
    } catch (error) {
      this.isBroken = error instanceof NodeModuleError;
      // Of another node it says that this one was stopped because that one was late.
      if (signal.reason instanceof NodeTimeoutError && signal.reason.node === owed.node)
        await this.#withOutput(signal.reason);
      throw await this.#withOutput(error);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#owed = undefined;
      this.lastUsedAt = this.#patience.clock.now();
      this.#worker.hold(false);
    }
  }

  /** Ends it; resolves once it is gone. */
  async kill(): Promise<void> {
    this.#worker.hold(true);
    if (!this.isGone) this.#worker.kill();
    await this.ended;
  }

  #post(message: ToWorker): void {
    if (!this.isGone) this.#worker.post(message);
  }

  /** A node may say what it likes here, too: that harms nobody but its task. */
  #hear(message: FromWorker | undefined | null): void {
    if (message?.kind === "ready" || message?.kind === "pong") return this.#sign?.();
    try {
      if (message?.kind !== undefined) this.#owed?.hear(message);
    } catch (error) {
      this.#owed?.fail(error);
    }
  }

  /** Whether a sign of life comes in time. */
  async #givesSign(): Promise<boolean> {
    if (this.isGone) return false;
    const waited = new AbortController();
    const { clock, startMs } = this.#patience;
    const sign = new Promise<void>((resolve) => {
      this.#sign = resolve;
    });
    const late = clock.sleep(startMs, waited.signal).then(
      () => "late" as const,
      () => undefined,
    );
    const first = await Promise.race([sign, late]).finally(() => waited.abort());
    this.#sign = undefined;
    return first !== "late" && !this.isGone;
  }

  /** A node that was told to stop, and does not, ends with its worker. */
  async #stop(owed: OwedCall): Promise<void> {
    owed.abort();
    const settled = new AbortController();
    void owed.result.catch(() => undefined).then(() => settled.abort());
    await this.#patience.clock.sleep(this.#patience.killAfterMs, settled.signal).catch(() => undefined);
    if (!owed.isSettled) this.#worker.kill();
  }

  #errorOf(node: string, end: WorkerEnd): unknown {
    const told = { ...end, output: this.#worker.output.toString() };
    return end.isOutOfMemory ? new WorkerMemoryError(node, told) : new WorkerExitedError(node, told);
  }

  /** The last that was printed, on an error that has no such field. What was printed just before it may still be on its way. */
  async #withOutput(error: unknown): Promise<unknown> {
    await this.#worker.output.quiet();
    const output = this.#worker.output.toString();
    // That who was late has printed nothing is told, too: others that stop because of it have the same error.
    if (
      (output !== "" || error instanceof NodeTimeoutError) &&
      error instanceof Error &&
      Object.isExtensible(error) &&
      !("output" in error)
    )
      Object.defineProperty(error, "output", { value: output, configurable: true, writable: true });
    return error;
  }
}
