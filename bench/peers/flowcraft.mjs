/** Flowcraft, as its documentation uses it: the fluent builder with loops, batches and wait nodes; how and why is in README.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFlow, FlowRuntime, UnsafeEvaluator } from "flowcraft";
import {
  expectSame,
  importing,
  messageOf,
  microsecondsSince,
  numbers,
  pace,
  records,
  reopening,
  sumOf,
  timed,
} from "./common.mjs";

/** @typedef {import("../harness/cell.ts").Cell} Cell */

const LARGE_STATE_STEPS = 300;
/** A run stops after 10,000 node activations, and a loop of one node takes two of them each time. */
const MOST_STEPS = 4_900;

/** It has no store; a paused session is a string that the user keeps. @type {import("../harness/cell.ts").Cells} */
export const cells = {
  "W1 memory": counting,
  "W1 memory cycle": countingInCycle,
  "W2 memory": fanningOut,
  "W3 memory": appending,
  "W5 memory": holding,
  "W6 import": () => importing(["flowcraft"]),
  "W6 open": (size) => reopening(import.meta.url, (folder) => leavePaused(folder, size)),
  "W7 memory": asking,
};

/** Guide, "Loops": a condition with an operator needs this evaluator. */
const runtime = new FlowRuntime({ evaluator: new UnsafeEvaluator() });

/** @param {any} flow */
function ready(flow) {
  const blueprint = flow.toBlueprint();
  const functionRegistry = flow.getFunctionRegistry();
  return {
    /** @param {object} state @param {object} [options] */
    run: (state, options) => runtime.run(blueprint, state, { functionRegistry, ...options }),
    /** @param {string} paused @param {object} resumeData */
    resume: (paused, resumeData) => runtime.resume(blueprint, paused, resumeData, undefined, { functionRegistry }),
  };
}

/** Guide, "Loops": a node before the loop, one in it, one behind it. @param {number} size @param {(context: any) => Promise<void>} each */
function looping(size, each) {
  return createFlow("looping")
    .node("initialize", async ({ context }) => {
      await context.set("count", 0);
      return { output: 0 };
    })
    .node("increment", async ({ context }) => {
      await each(context);
      const count = (await context.get("count")) + 1;
      await context.set("count", count);
      return { output: count };
    })
    .loop("counter", { startNodeId: "increment", endNodeId: "increment", condition: `count < ${size}` })
    .node("done", async () => ({ output: true }))
    .edge("initialize", "counter")
    .edge("counter", "done");
}

/** @param {any} result @param {number} count */
function expectCount(result, count) {
  expectSame(result.status, "completed");
  expectSame(result.context.count, count);
}

/** @param {number} size @returns {Cell} */
function counting(size) {
  const steps = Math.min(size, MOST_STEPS);
  const flow = ready(looping(steps, async () => {}));
  return { run: () => runTo(steps, flow) };
}

/** An edge from the node to itself: one activation each time, but the guide advises against it. @param {number} size @returns {Cell} */
function countingInCycle(size) {
  const steps = Math.min(size, MOST_STEPS);
  const flow = createFlow("cycle")
    .node(
      "increment",
      async ({ context }) => {
        const count = (await context.get("count")) + 1;
        await context.set("count", count);
        return { output: count, action: count < steps ? "again" : "done" };
      },
      { config: { joinStrategy: "any" } },
    )
    .edge("increment", "increment", { action: "again" });
  const made = ready(flow);
  return { run: () => runTo(steps, made) };
}

/** @param {number} steps @param {ReturnType<typeof ready>} flow */
async function runTo(steps, flow) {
  const { microseconds, result } = await timed(steps, () => flow.run({ count: 0 }));
  expectCount(result, steps);
  return { microseconds };
}

/** Guide, "Batch processing". @param {number} width @returns {Cell} */
function fanningOut(width) {
  const items = numbers(width);
  const flow = createFlow("batch")
    .node("start", async () => ({ output: items }))
    .batch("tasks", async ({ input }) => ({ output: input }), { inputKey: "start", outputKey: "results" })
    .node("join", async ({ input }) => ({ output: sumOf(input) }), { inputs: "results" })
    .edge("start", "tasks")
    .edge("tasks", "join");
  const made = ready(flow);
  return { run };

  async function run() {
    const { microseconds, result } = await timed(width, () => made.run({}, { concurrency: width }));
    expectSame(/** @type {any} */ (result.context).join, sumOf(items));
    return { microseconds };
  }
}

/** @param {number} size @returns {Cell} */
function appending(size) {
  const steps = Math.min(size, MOST_STEPS);
  let clock = pace();
  const flow = ready(
    looping(steps, async (context) => {
      clock.tick();
      const messages = await context.get("messages");
      await context.set("messages", [...messages, messageOf(messages.length)]);
    }),
  );
  return { run };

  async function run() {
    clock = pace();
    const { microseconds, result } = await timed(steps, () => flow.run({ messages: [] }));
    expectCount(result, steps);
    expectSame(/** @type {any} */ (result.context).messages.length, steps);
    return { microseconds, slowdown: clock.slowdown() };
  }
}

/** @param {number} bytes @returns {Cell} */
function holding(bytes) {
  const held = records(bytes);
  const flow = ready(looping(LARGE_STATE_STEPS, async () => {}));
  return { run };

  async function run() {
    const { microseconds, result } = await timed(LARGE_STATE_STEPS, () => flow.run({ held }));
    expectCount(result, LARGE_STATE_STEPS);
    return { microseconds };
  }
}

/** Guide, "Pausing and resuming workflows". A session each: a wait node in a loop takes three times as long. @param {number} trips @returns {Cell} */
function asking(trips) {
  const flow = ready(waiting(async ({ input }) => ({ output: input })));
  return { run };

  async function run() {
    const { microseconds, result } = await timed(trips, async () => {
      let sum = 0;
      for (let trip = 0; trip < trips; trip++) {
        const { serializedContext } = await flow.run({});
        const { context } = await flow.resume(serializedContext, { output: 1 });
        sum += context.next;
      }
      return sum;
    });
    expectSame(result, trips);
    return { microseconds };
  }
}

/** @param {(context: any) => Promise<{ output: unknown }>} next */
function waiting(next) {
  return createFlow("waiting").wait("ask").node("next", next).edge("ask", "next");
}

/** Counts, then pauses. @param {number} steps @param {() => void} hear */
function countingThenAsking(steps, hear) {
  const flow = looping(steps, async () => {})
    .wait("ask")
    .node("next", async () => {
      hear();
      return { output: true };
    })
    .edge("done", "ask")
    .edge("ask", "next");
  return ready(flow);
}

/** @param {string} folder */
function sessionFile(folder) {
  return join(folder, "session.json");
}

/** @param {string} folder @param {number} size */
async function leavePaused(folder, size) {
  const steps = Math.min(size, MOST_STEPS);
  const { status, context, serializedContext } = await countingThenAsking(steps, () => {}).run({});
  expectSame(status, "awaiting");
  expectSame(/** @type {any} */ (context).count, steps);
  writeFileSync(sessionFile(folder), serializedContext);
}

/** @param {string} folder @returns {Promise<number>} */
export function reopen(folder) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const flow = countingThenAsking(1, () => resolve(microsecondsSince(start)));
    flow.resume(readFileSync(sessionFile(folder), "utf8"), { output: true }).catch(reject);
  });
}
