/** What is kept of a superstep that still waits (S6, C2, C5): whoever finishes before others, and never whoever finishes last. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { AppRunner, MemoryCheckpointer } from "../../src/index.js";
import { type CrankedCall, HandCrank } from "../hand-crank.js";
import { abreast, says, type TestNode } from "../runner/graphs.js";
import { lateCheckpointer, NotingCheckpointer } from "../runner/stores.js";

/** Tasks that end at once, and others that end in so many turns of the event loop, some in each. */
const plan = fc.record({
  atOnce: fc.nat(3),
  groups: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
  /** Whether the first of them end in the turn in which all tasks are started. */
  isHasty: fc.boolean(),
  isLate: fc.boolean(),
  order: fc.array(fc.nat(20), { minLength: 12, maxLength: 12 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

async function turns(count = 6): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The waiting tasks' calls in the order in which they end, turn by turn. */
async function callsOf(crank: HandCrank, { groups, order }: Plan): Promise<readonly (readonly CrankedCall[])[]> {
  const count = groups.reduce((sum, size) => sum + size, 0);
  const calls: CrankedCall[] = [];
  for (let n = 0; n < count; n++) calls.splice((order[n] ?? 0) % (n + 1), 0, await crank.started());
  return groups.map((size) => calls.splice(0, size));
}

/** Names of the tasks: those that end at once stand before the others, or after them. */
function namesOf({ atOnce, groups, isLate }: Plan): {
  readonly all: readonly string[];
  readonly ready: readonly string[];
} {
  const count = groups.reduce((sum, size) => sum + size, 0);
  const all = Array.from({ length: count + atOnce }, (_, n) => `n${n}`);
  return { all, ready: all.slice(isLate ? count : 0).slice(0, atOnce) };
}

function opened(one: Plan, nodeOf: (name: string, isReady: boolean) => TestNode) {
  const { all, ready } = namesOf(one);
  const nodes = all.map((name) => [name, nodeOf(name, ready.includes(name))] as const);
  const store = new NotingCheckpointer(one.isLate ? lateCheckpointer() : new MemoryCheckpointer());
  return { all, ready, store, app: abreast(Object.fromEntries(nodes)) };
}

/** Nodes kept beside the head so far, write by write. */
function keptIn({ annotations }: NotingCheckpointer): readonly (readonly string[])[] {
  return annotations.map(({ records }) => records.map(({ taskId }) => `n${taskId.split(".").at(-1)}`).sort());
}

function finishAll(calls: readonly CrankedCall[]): void {
  for (const { ctx, finish } of calls) finish({ log: ctx.node });
}

function nodesOf(calls: readonly CrankedCall[]): readonly string[] {
  return calls.map(({ ctx }) => ctx.node);
}

test("S6, C1: whoever finishes while others run is kept in that turn; those of the last turn go with their superstep", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (one) => {
      const crank = new HandCrank();
      const { all, ready, store, app } = opened(one, (_, isReady) => (isReady ? says : crank.node));
      const running = new AppRunner(app, { checkpointer: store }).invoke("s");
      const groups = await callsOf(crank, one);
      const expected: (readonly string[])[] = [];
      if (!one.isHasty) await turns();
      if (!one.isHasty && ready.length > 0) expected.push([...ready].sort());
      for (const [place, calls] of groups.entries()) {
        finishAll(calls);
        if (place === groups.length - 1) break;
        await turns();
        const isFirst = place === 0 && one.isHasty;
        expected.push([...(isFirst ? ready : []), ...nodesOf(calls)].sort());
        expect(keptIn(store)).toEqual(expected);
      }
      expect((await running).state.log).toEqual(all);
      expect(keptIn(store)).toEqual(expected);
      expect(store.count("commit")).toBe(2);
    }),
    { numRuns: 150 },
  );
});

test("C2, C5: after a crash nothing runs again that was told as completed or was kept, and the end is the same", async () => {
  await fc.assert(
    fc.asyncProperty(plan, fc.nat(3), async (one, crash) => {
      const crank = new HandCrank();
      let ranAgain: string[] | undefined;
      const { all, ready, store, app } = opened(one, (name, isReady) => (state, ctx) => {
        ranAgain?.push(name);
        return isReady || ranAgain !== undefined ? says(state, ctx) : crank.node(state, ctx);
      });
      const told: string[] = [];
      const stream = new AppRunner(app, { checkpointer: store, lease: { ttlMs: 0 } }).stream("s");
      const reading = (async () => {
        for await (const event of stream) if (event.type === "node.completed") told.push(event.task.node);
      })();
      const losing = Promise.allSettled([stream.result, reading]);
      const groups = await callsOf(crank, one);
      await turns();
      const done = groups.slice(0, Math.min(crash, groups.length - 1));
      for (const calls of done) {
        finishAll(calls);
        await turns();
      }
      const safe = [...ready, ...done.flatMap(nodesOf)].sort();
      expect([...told].sort()).toEqual(safe);
      ranAgain = [];
      const result = await new AppRunner(app, { checkpointer: store }).runUntilComplete("s");
      expect(result.state.log).toEqual(all);
      expect([...ranAgain, ...safe].sort()).toEqual([...all].sort());
      for (const calls of groups.slice(done.length)) finishAll(calls);
      const [lost] = await losing;
      expect(lost).toMatchObject({ status: "rejected", reason: { code: "CHECKPOINT_CONFLICT" } });
      expect([...told].sort()).toEqual(safe);
      expect((await new AppRunner(app, { checkpointer: store }).session("s")).state.log).toEqual(all);
    }),
    { numRuns: 100 },
  );
});
