/** A session that has to wait for nothing goes as one that waits wherever one can: for nodes, routes, hooks and the store (S8). */
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent, RunHooks } from "../../src/index.js";
import { lateCheckpointer } from "../runner/stores.js";
import { appOf, type Program, type ProgramRunner, play, programs, type Story } from "./programs.js";

/** What waits, and how many turns of the event loop each time. */
const waits = fc.record({
  nodes: fc.boolean(),
  routes: fc.boolean(),
  hooks: fc.boolean(),
  store: fc.boolean(),
  turns: fc.array(fc.nat(2), { minLength: 1, maxLength: 9 }),
});
type Waits = typeof waits extends fc.Arbitrary<infer W> ? W : never;
const NOTHING: Waits = { nodes: false, routes: false, hooks: false, store: false, turns: [0] };

interface Heard {
  readonly story: Story;
  readonly events: readonly RunEvent[];
  /** What the hooks were told. */
  readonly hooked: readonly string[];
}

async function heard(program: Program, { nodes, routes, hooks, store, turns }: Waits): Promise<Heard> {
  let waited = 0;
  const wait = async () => {
    for (let n = turns[waited++ % turns.length] ?? 0; n > 0; n--) await nextTurn();
  };
  const hooked: string[] = [];
  const hook = (what: string) => {
    hooked.push(what);
    return hooks ? wait() : undefined;
  };
  const told: RunHooks = {
    beforeStep: ({ step, frontier }) => hook(`before ${step}: ${frontier.map(({ node }) => node).join()}`),
    afterStep: ({ step, completed }) => hook(`after ${step}${completed ? ", the last" : ""}`),
  };
  const events: RunEvent[] = [];
  const drive = async (runner: ProgramRunner) => {
    const stream = runner.stream("s");
    const reading = (async () => {
      for await (const event of stream) events.push(event);
    })();
    await Promise.allSettled([reading]);
    await stream.result;
  };
  const app = appOf(program, { ...(nodes && { wait }), ...(routes && { waitToRoute: wait }) });
  const story = await play(app, drive, { hooks: [told], ...(store && { checkpointer: lateCheckpointer() }) });
  return { story, events, hooked };
}

/** What is told of each task, and of the run apart from tasks; without times. */
function ordersOf(events: readonly RunEvent[]): Readonly<Record<string, readonly string[]>> {
  const orders: Record<string, string[]> = {};
  for (const event of events) {
    const about = "task" in event ? event.task.id : "run";
    orders[about] ??= [];
    orders[about].push(`${event.step} ${event.type} ${detailOf(event)}`);
  }
  return orders;
}

function detailOf(event: RunEvent): string {
  if (event.type === "step.started") return event.frontier.map(({ id }) => id).join();
  if (event.type !== "step.completed") return "";
  const { durationMs: _, ...report } = event.report;
  return JSON.stringify(report);
}

/** Every task is told as completed within its superstep (C2). */
function expectWithinSteps(events: readonly RunEvent[]): void {
  const open = new Set<number>();
  for (const { type, step } of events) {
    if (type === "step.started") open.add(step);
    if (type === "node.started" || type === "node.completed") expect(open).toContain(step);
    if (type === "step.completed") open.delete(step);
  }
}

test("S8, C2: a session that waits for nothing has the states, deltas, history and events of one that waits for nodes, routes, hooks and its store", async () => {
  await fc.assert(
    fc.asyncProperty(programs, waits, async (program, some) => {
      const expected = await heard(program, NOTHING);
      const actual = await heard(program, some);
      expect(actual.story).toEqual(expected.story);
      expect(actual.hooked).toEqual(expected.hooked);
      expect(ordersOf(actual.events)).toEqual(ordersOf(expected.events));
      for (const { events } of [actual, expected]) expectWithinSteps(events);
    }),
    { numRuns: 150 },
  );
});
