/** Retries beside a small model: whatever fails and whenever the process dies, attempts, end and journal are what the policy says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AppRunner, type Checkpointer, type Clock, type NodeContext, type TaskRecord } from "../../src/index.js";
import { intercept, TestClock } from "../../src/testing.js";
import { abreast, type TestNode } from "../runner/graphs.js";
import { everyStore } from "../runner/stores.js";

/** One node: on which attempts it fails, and how often it may be tried. */
interface Flaky {
  readonly failsOn: readonly boolean[];
  readonly maxAttempts: number;
  readonly isAsync: boolean;
}
interface Death {
  /** Calls of the store that the process lives to make. */
  readonly calls: number;
  /** Whether the last one is done, without anybody hearing of it. */
  readonly isDone: boolean;
}
interface Begun {
  readonly life: number;
  readonly attempt: number;
  readonly at: number;
}

const DELAY = 1_000;
const never = () => new Promise<never>(() => undefined);

const flaky: fc.Arbitrary<Flaky> = fc.record({
  failsOn: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  isAsync: fc.boolean(),
});
const death: fc.Arbitrary<Death> = fc.record({ calls: fc.integer({ min: 1, max: 9 }), isDone: fc.boolean() });

/** The attempt that succeeds; undefined when there is none among those allowed. */
function successOf({ failsOn, maxAttempts }: Flaky): number | undefined {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) if (failsOn[attempt - 1] !== true) return attempt;
  return undefined;
}

/** A process: its store and its clock answer until it dies; what it was doing then never goes on. */
function lifeOn(store: Checkpointer, base: TestClock, { calls, isDone }: Death) {
  let left = calls;
  let die = (): void => undefined;
  const died = new Promise<"died">((resolve) => {
    die = () => resolve("died");
  });
  const checkpointer = intercept(store, ({ proceed }) => {
    if (left-- > 1) return proceed();
    if (left === 0 && isDone) void Promise.resolve(proceed()).catch(() => undefined);
    die();
    return never();
  });
  const clock: Clock = {
    now: () => base.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        base.sleep(ms, signal).then(
          () => left > 0 && resolve(),
          (reason: unknown) => left > 0 && reject(reason as Error),
        );
      }),
  };
  return { checkpointer, clock, died };
}

class World {
  readonly base = new TestClock();
  readonly begun = new Map<string, Begun[]>();
  #life = 0;

  constructor(
    readonly store: Checkpointer,
    readonly nodes: Readonly<Record<string, Flaky>>,
  ) {}

  /** How one life ended. */
  async live(death: Death): Promise<string> {
    this.#life++;
    const { checkpointer, clock, died } = lifeOn(this.store, this.base, death);
    // each life takes the session over from the one before it
    const lease = { ttlMs: 1_000, clock: { now: () => this.#life * 10_000, sleep: never } };
    const runner = new AppRunner(this.#app(), { checkpointer, clock, lease });
    const running = runner.invoke("s").then(
      () => "completed",
      (error: unknown) => (error as { readonly code: string }).code,
    );
    const end = Promise.race([running, died]);
    let isOver = false;
    void end.then(() => {
      isOver = true;
    });
    while (!isOver) await this.base.advance(DELAY / 4);
    return end;
  }

  /** What is durable by now, though nobody may have heard of it. */
  async endInStore(): Promise<string> {
    const kind = (await this.store.load("s"))?.note.status.kind;
    if (kind === "completed") return kind;
    return kind === "failed" ? "NODE_FAILED" : "died";
  }

  async records(): Promise<readonly TaskRecord[]> {
    return (await this.store.load("s"))?.records ?? [];
  }

  #app() {
    const entries = Object.entries(this.nodes).map(([name, plan]) => {
      const retry = { maxAttempts: plan.maxAttempts, initialDelayMs: DELAY, backoff: 1, jitter: false };
      return [name, [this.#nodeOf(name, plan), { retry }]] as const;
    });
    return abreast(Object.fromEntries(entries));
  }

  #nodeOf(name: string, { failsOn, isAsync }: Flaky): TestNode {
    const run = (_: unknown, { attempt }: NodeContext) => {
      const list = this.begun.get(name) ?? [];
      this.begun.set(name, [...list, { life: this.#life, attempt, at: this.base.now() }]);
      if (failsOn[attempt - 1] === true) throw new TypeError(`${name} ${attempt}`);
      return { log: `${name} ${attempt}` };
    };
    return isAsync ? async (state, ctx) => run(state, ctx) : run;
  }
}

/** Attempts count on from life to life; one comes again only when its life ended, and none before its delay is over. */
function checkAttempts(begun: readonly Begun[], { maxAttempts }: Flaky): void {
  for (const [place, { life, attempt, at }] of begun.entries()) {
    expect(attempt).toBeLessThanOrEqual(maxAttempts);
    const former = begun[place - 1];
    if (former === undefined) {
      expect(attempt).toBe(1);
      continue;
    }
    expect([former.attempt, former.attempt + 1]).toContain(attempt);
    if (attempt === former.attempt) expect(life).toBeGreaterThan(former.life);
    else expect(at).toBeGreaterThanOrEqual(former.at + DELAY);
  }
}

/** What a new life begins with is what the journal says; a node whose result is kept does not begin. */
function checkJournal(
  records: readonly TaskRecord[],
  names: readonly string[],
  begun: (name: string) => readonly Begun[],
): void {
  for (const [place, name] of names.entries()) {
    const own = records.filter(({ taskId }) => taskId.endsWith(`.${place}`));
    const [first] = begun(name);
    if (own.some(({ kind }) => kind === "result")) expect(first).toBeUndefined();
    const journal = own.find((record) => record.kind === "attempt");
    if (first !== undefined) expect(first.attempt).toBe((journal?.attempt ?? 0) + 1);
  }
}

test("C5: attempts, end and journal agree with a model, wherever the process dies", async () => {
  const two = fc.record({ a: flaky, b: flaky });
  await fc.assert(
    fc.asyncProperty(two, fc.array(death, { maxLength: 5 }), fc.nat(2), async (nodes, deaths, kind) => {
      const [, open] = everyStore[kind] as (typeof everyStore)[number];
      const world = new World(open(), nodes);
      const names = Object.keys(nodes);
      let end = "died";
      for (const next of [...deaths, { calls: Number.POSITIVE_INFINITY, isDone: true }]) {
        if (end !== "died") break;
        const records = await world.records();
        const before = new Map(names.map((name) => [name, world.begun.get(name)?.length ?? 0]));
        end = await world.live(next);
        if (end === "died") end = await world.endInStore();
        checkJournal(records, names, (name) => (world.begun.get(name) ?? []).slice(before.get(name)));
      }
      const successes = Object.entries(nodes).map(([name, plan]) => [name, successOf(plan)] as const);
      const isCompleted = successes.every(([, attempt]) => attempt !== undefined);
      expect(end).toBe(isCompleted ? "completed" : "NODE_FAILED");
      for (const [name, plan] of Object.entries(nodes)) checkAttempts(world.begun.get(name) ?? [], plan);
      const stored = await world.store.load("s");
      if (isCompleted) expect(stored?.checkpoint.state.log).toEqual(successes.map(([name, n]) => `${name} ${n}`));
      expect(stored?.records.filter((record) => record.kind === "attempt" && record.attempt > 0)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
