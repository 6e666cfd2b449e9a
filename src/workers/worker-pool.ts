/**
 * Warm workers and who gets which: one call in flight per worker, first come first served; a worker serves one version of one module. Of idle
 * workers the one used last is taken, and the one least recently used leaves first.
 */
import { ExecutorClosedError, NodeModuleError, WorkerStartError } from "../errors.js";
import type { ExecutorCall, NodeExecutor } from "../superstep/executor.js";
import { contentDigest } from "./content-digest.js";
import { isLoading } from "./loading.js";
import type { StartWorker, WorkerSpec } from "./started-worker.js";
import { StateTexts } from "./states.js";
import { type Patience, WarmWorker } from "./warm-worker.js";

/** What a pool has done so far. */
export interface PoolCounts {
  /** Workers that were started. */
  readonly started: number;
  /** Workers that are there. */
  readonly alive: number;
  readonly calls: number;
  /** Characters of states that were sent to workers: whole states, and changes of them. */
  readonly stateCharacters: number;
}
/** How many workers there are, and how long each is used. */
interface PoolLimits {
  readonly maxWorkers: number;
  readonly maxUses: number;
  readonly maxAgeMs: number;
  readonly idleMs: number;
}
/** What a pool starts, and how it deals with it. */
export interface PoolKind {
  readonly start: StartWorker;
  readonly spec: WorkerSpec;
  readonly limits: PoolLimits;
  readonly patience: Patience;
}

export class WorkerPool implements NodeExecutor {
  readonly #kind: PoolKind;
  readonly #all = new Set<WarmWorker>();
  /** Told to end, and not gone yet. */
  readonly #leaving = new Set<WarmWorker>();
  /** The one used last stands last. */
  readonly #idle: WarmWorker[] = [];
  readonly #queue: (() => void)[] = [];
  readonly #idleHeard: (() => void)[] = [];
  readonly #texts = new StateTexts();
  #busy = 0;
  #started = 0;
  #calls = 0;
  #runners = 0;
  #isClosed = false;
  /** A module that a worker loads has opened it. */
  #isOfLoading = false;
  #isSweeping = false;

  constructor(kind: PoolKind) {
    this.#kind = kind;
  }

  get counts(): PoolCounts {
    return {
      started: this.#started,
      alive: this.#all.size + this.#leaving.size,
      calls: this.#calls,
      stateCharacters: this.#texts.sent,
    };
  }

  open(): void {
    this.#runners++;
    this.#isOfLoading ||= isLoading();
  }

  async execute(call: ExecutorCall): Promise<unknown> {
    const { url } = call.module;
    if (this.#isOfLoading) throw startsItself(url);
    const key = `${url}#${contentDigest(url)}`;
    const turn = this.#workerOnTurn(key, call.ctx);
    call.waitsFor(turn);
    const worker = await turn;
    this.#calls++;
    try {
      return await worker.execute(call);
    } finally {
      this.#giveBack(worker);
      this.#leave();
    }
  }

  async close({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    this.#runners--;
    if (this.#runners > 0) return;
    this.#isClosed = true;
    const waited = new AbortController();
    const late = this.#kind.patience.clock.sleep(timeoutMs, waited.signal).catch(() => undefined);
    await Promise.race([this.#whenIdle(), late]);
    waited.abort();
    await Promise.all([...this.#all, ...this.#leaving].map((worker) => worker.kill()));
  }

  /** A worker, once there may be one more call. Throws the signal's reason. */
  async #workerOnTurn(key: string, { signal, node }: ExecutorCall["ctx"]): Promise<WarmWorker> {
    await this.#turn(signal);
    try {
      this.#checkOpen(node);
      return (await this.#warmWorker(key)) ?? (await this.#newWorker(key, node));
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #leave(): void {
    this.#busy--;
    this.#queue.shift()?.();
    if (this.#busy === 0) for (const heard of this.#idleHeard.splice(0)) heard();
  }

  #checkOpen(node: string): void {
    if (this.#isClosed) throw new ExecutorClosedError(node);
  }

  #whenIdle(): Promise<void> {
    return new Promise((resolve) => (this.#busy === 0 ? resolve() : void this.#idleHeard.push(resolve)));
  }

  /** Waits until there may be one more call. Throws the signal's reason. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy < this.#kind.limits.maxWorkers) {
      this.#busy++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const next = (): void => {
        signal.removeEventListener("abort", giveUp);
        this.#busy++;
        resolve();
      };
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(next), 1);
        reject(signal.reason);
      };
      this.#queue.push(next);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  async #newWorker(key: string, node: string): Promise<WarmWorker> {
    // Whoever finds room takes it at once: others wait for it, too.
    while (this.#all.size + this.#leaving.size >= this.#kind.limits.maxWorkers && this.#makesRoom())
      await Promise.race([...this.#leaving].map((one) => one.ended));
    this.#checkOpen(node);
    const worker = this.#start(key, node);
    this.#started++;
    this.#all.add(worker);
    void worker.ended.then(() => {
      this.#forget(worker);
      this.#leaving.delete(worker);
    });
    try {
      await worker.ready(node);
      return worker;
    } catch (error) {
      this.#end(worker);
      throw error;
    }
  }

  #start(key: string, node: string): WarmWorker {
    const { start, spec, patience } = this.#kind;
    try {
      return new WarmWorker({ key, texts: this.#texts }, start, spec, patience);
    } catch (cause) {
      throw new WorkerStartError(node, "could not be started", { exitCode: null, signal: null, output: "", cause });
    }
  }

  /** Whether a worker leaves: those that were told to end are there until they have. */
  #makesRoom(): boolean {
    if (this.#leaving.size === 0) this.#end(this.#idle[0]);
    return this.#leaving.size > 0;
  }

  /** An idle worker of the module that is young enough, and answers. */
  async #warmWorker(key: string): Promise<WarmWorker | undefined> {
    for (;;) {
      const worker = this.#idle.findLast((one) => one.key === key);
      if (worker === undefined) return undefined;
      this.#idle.splice(this.#idle.indexOf(worker), 1);
      if (!this.#isSpent(worker) && (await worker.isAlive())) return worker;
      this.#end(worker);
    }
  }

  #isSpent({ uses, startedAt, isBroken }: WarmWorker): boolean {
    const { limits, patience } = this.#kind;
    return isBroken || uses >= limits.maxUses || patience.clock.now() - startedAt >= limits.maxAgeMs;
  }

  #giveBack(worker: WarmWorker): void {
    if (worker.isGone) return;
    if (this.#isClosed || this.#isSpent(worker)) return this.#end(worker);
    this.#idle.push(worker);
    if (!this.#isSweeping && this.#kind.limits.idleMs < Number.POSITIVE_INFINITY) void this.#sweep();
  }

  /** Ends workers that have not been used for long, as long as any is idle. */
  async #sweep(): Promise<void> {
    const { limits, patience } = this.#kind;
    this.#isSweeping = true;
    for (let oldest = this.#idle[0]; oldest !== undefined; oldest = this.#idle[0]) {
      const left = oldest.lastUsedAt + limits.idleMs - patience.clock.now();
      if (left <= 0) this.#end(oldest);
      else await patience.clock.sleep(left).catch(() => undefined);
    }
    this.#isSweeping = false;
  }

  #end(worker: WarmWorker | undefined): void {
    if (worker === undefined) return;
    this.#forget(worker);
    if (worker.isGone) return;
    this.#leaving.add(worker);
    void worker.kill();
  }

  #forget(worker: WarmWorker): void {
    this.#all.delete(worker);
    const place = this.#idle.indexOf(worker);
    if (place >= 0) this.#idle.splice(place, 1);
  }
}

function startsItself(url: string): NodeModuleError {
  const help = "put the node in a module that only declares: a worker loads it with all that stands at its top";
  return new NodeModuleError(
    url,
    "cannot be loaded from here: a worker has started this program by loading a node",
    undefined,
    help,
  );
}
