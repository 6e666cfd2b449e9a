/** Pools under any order of calls, aborts, deaths, delays and the close: workers are played by the test, which says when each of them is heard. */
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TestClock } from "../../src/testing.js";
import type { CallMessage, FromWorker, ToWorker } from "../../src/workers/messages.js";
import { OutputTail } from "../../src/workers/output-tail.js";
import type { StartWorker, WorkerListener } from "../../src/workers/started-worker.js";
import { WorkerPool } from "../../src/workers/worker-pool.js";
import type { ExecutorCall } from "../../src/workers.js";

const modules = ["nodes.ts", "pools.ts"].map((file) => pathToFileURL(`${import.meta.dirname}/${file}`).href);
const host = pathToFileURL(`${import.meta.dirname}/nodes.ts`);

/** What the workers of one pool do, and when. */
class Stage {
  readonly waiting: (() => void)[] = [];
  /** The ones that are there, and how many calls each has begun and not ended. */
  readonly alive = new Map<object, number>();
  mostAlive = 0;
  mostCalls = 0;
  /** Whether what workers are told comes to nothing. */
  isMute = false;

  readonly start: StartWorker = (_, listener) => {
    const worker = {};
    this.alive.set(worker, 0);
    this.mostAlive = Math.max(this.mostAlive, this.alive.size);
    this.#later(worker, () => listener.heard({ kind: "ready" }));
    return {
      output: new OutputTail(),
      hold: () => undefined,
      post: (message) => this.#told(worker, listener, message),
      kill: () => void this.waiting.push(() => this.#dies(worker, listener)),
    };
  };

  #told(worker: object, listener: WorkerListener, message: ToWorker): void {
    if (message.kind === "ping") this.#later(worker, () => listener.heard({ kind: "pong" }));
    if (message.kind === "call") this.#called(worker, listener, message);
  }

  #called(worker: object, listener: WorkerListener, { id, module }: CallMessage): void {
    const calls = (this.alive.get(worker) ?? 0) + 1;
    this.alive.set(worker, calls);
    this.mostCalls = Math.max(this.mostCalls, calls);
    this.#later(worker, () => {
      if (module.name === "dies") return this.#dies(worker, listener);
      this.alive.set(worker, calls - 1);
      listener.heard({ kind: "settled", id, settled: { ok: true, text: "[1]" }, refused: false } satisfies FromWorker);
    });
  }

  #later(worker: object, speak: () => void): void {
    if (!this.isMute) this.waiting.push(() => void (this.alive.has(worker) && speak()));
  }

  #dies(worker: object, listener: WorkerListener): void {
    if (this.alive.delete(worker)) listener.ended({ exitCode: 1, signal: null, isOutOfMemory: false });
  }
}

function callOf(url: string, name: string, signal: AbortSignal): ExecutorCall {
  const ids = { sessionId: "s", node: "node", step: 1, taskId: "t", attempt: 1 };
  const ctx = { ...ids, input: undefined, config: {}, signal, now: () => 0, random: () => 0 };
  const rest = { args: [1], state: {}, answers: [], returns: "value", waitsFor: () => undefined } as const;
  return { module: { url, name }, ctx: ctx as never, ...rest };
}

const turn = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("call" as const),
      module: fc.nat(1),
      dies: fc.boolean(),
      isMute: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("hear" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(50, 5_000, 50_000) }) },
);
const limits = fc.record({
  maxWorkers: fc.integer({ min: 1, max: 3 }),
  maxUses: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
  maxAgeMs: fc.constantFrom(100, Number.POSITIVE_INFINITY),
  idleMs: fc.constantFrom(0, 1_000),
});

test("each call ends once, no worker has two, there are never too many workers, and none after the close", async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(turn, { maxLength: 40 }), async (kind, turns) => {
      const [stage, clock] = [new Stage(), new TestClock()];
      const spec = { host, env: undefined, execArgv: undefined, memoryMb: undefined, print: false };
      const patience = { clock, startMs: 10_000, killAfterMs: 100 };
      const pool = new WorkerPool({ start: stage.start, spec, limits: kind, patience });
      pool.open();
      const calls: { readonly abort: AbortController; ends: number }[] = [];
      const begin = (module: string, name: string): void => {
        const call = { abort: new AbortController(), ends: 0 };
        calls.push(call);
        const ended = () => void call.ends++;
        pool.execute(callOf(module, name, call.abort.signal)).then(ended, ended);
      };
      const hear = (which: number): void => stage.waiting.splice(which % (stage.waiting.length || 1), 1)[0]?.();
      for (const one of turns) {
        if (one.kind === "call") begin(modules[one.module] as string, one.dies ? "dies" : "lives");
        if (one.kind === "hear") hear(one.which);
        if (one.kind === "abort") calls[one.which % (calls.length || 1)]?.abort.abort(new RangeError("enough"));
        if (one.kind === "wait") await clock.advance(one.ms);
        stage.isMute = one.kind === "call" && one.isMute;
        await settle();
        expect(pool.counts.alive).toBeGreaterThanOrEqual(stage.alive.size);
      }
      stage.isMute = false;
      let isClosed = false;
      void pool.close({ timeoutMs: 10 }).then(() => {
        isClosed = true;
      });
      for (let round = 0; round < 200 && !(isClosed && calls.every(({ ends }) => ends > 0)); round++) {
        await clock.advance(1_000);
        while (stage.waiting.length > 0) hear(round);
        await settle();
      }
      expect(isClosed).toBe(true);
      expect(calls.map(({ ends }) => ends)).toEqual(calls.map(() => 1));
      expect(stage.mostCalls).toBeLessThanOrEqual(1);
      expect(stage.mostAlive).toBeLessThanOrEqual(kind.maxWorkers);
      expect([pool.counts.alive, stage.alive.size]).toEqual([0, 0]);
    }),
    { numRuns: 300 },
  );
});

/** Lets everything happen that waits for nobody. */
async function settle(): Promise<void> {
  for (let round = 0; round < 12; round++) await new Promise((resolve) => setImmediate(resolve));
}
