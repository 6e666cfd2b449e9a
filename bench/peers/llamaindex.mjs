/** LlamaIndex workflow-core, as its documentation uses it: events, handlers, the state middleware; how and why is in README.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWorkflow, workflowEvent } from "@llamaindex/workflow-core";
import { createStatefulMiddleware } from "@llamaindex/workflow-core/middleware/state";
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

/** It has no store; a snapshot is a value that the user keeps. @type {import("../harness/cell.ts").Cells} */
export const cells = {
  "W1 memory": counting,
  "W2 memory": fanningOut,
  "W3 memory": appending,
  "W5 memory": holding,
  "W6 import": () => importing(["@llamaindex/workflow-core", "@llamaindex/workflow-core/middleware/state"]),
  "W6 open": (size) => reopening(import.meta.url, (folder) => leavePaused(folder, size)),
  "W7 memory": asking,
};

const step = workflowEvent();
const task = workflowEvent();
const taskDone = workflowEvent();
const question = workflowEvent();
const answer = workflowEvent();
const stop = workflowEvent();

/** Documentation, "State". @param {(input: any) => object} init @returns {any} */
function stateful(init) {
  return createStatefulMiddleware(init).withState(createWorkflow());
}

/** The event that ends it. `stream.on` is the fastest of the documented ways to hear of one. @param {any} context @param {any} first @param {any} last */
async function send(context, first, last) {
  const heard = new Promise((resolve) => context.stream.on(last, resolve));
  context.sendEvent(first);
  return (await heard).data;
}

/** @param {number} size @returns {Cell} */
function counting(size) {
  const workflow = createWorkflow();
  workflow.handle([step], async (_context, { data }) => (data < size ? step.with(data + 1) : stop.with(data)));
  return { run };

  async function run() {
    const { microseconds, result } = await timed(size, () => send(workflow.createContext(), step.with(1), stop));
    expectSame(result, size);
    return { microseconds };
  }
}

/** With the results gathered in the state: twice as fast as with a stream of them. @param {number} width @returns {Cell} */
function fanningOut(width) {
  const items = numbers(width);
  const workflow = stateful(() => ({ results: [] }));
  workflow.handle([step], async ({ sendEvent }) => {
    for (const item of items) sendEvent(task.with(item));
  });
  workflow.handle([task], async (_context, { data }) => taskDone.with(data));
  workflow.handle([taskDone], async ({ state }, { data }) => {
    state.results.push(data);
    return state.results.length === width ? stop.with(sumOf(state.results)) : undefined;
  });
  return { run };

  async function run() {
    const { microseconds, result } = await timed(width, () => send(workflow.createContext(), step.with(), stop));
    expectSame(result, sumOf(items));
    return { microseconds };
  }
}

/** @param {number} size @returns {Cell} */
function appending(size) {
  let clock = pace();
  const workflow = stateful(() => ({ messages: [] }));
  workflow.handle([step], async ({ state }) => {
    clock.tick();
    state.messages.push(messageOf(state.messages.length));
    return state.messages.length < size ? step.with() : stop.with(state.messages.length);
  });
  return { run };

  async function run() {
    clock = pace();
    const { microseconds, result } = await timed(size, () => send(workflow.createContext(), step.with(), stop));
    expectSame(result, size);
    return { microseconds, slowdown: clock.slowdown() };
  }
}

/** @param {number} bytes @returns {Cell} */
function holding(bytes) {
  const held = records(bytes);
  const workflow = stateful((input) => input);
  workflow.handle([step], async ({ state }) => {
    state.count += 1;
    return state.count < LARGE_STATE_STEPS ? step.with() : stop.with(state.held.length);
  });
  return { run };

  async function run() {
    const context = workflow.createContext({ held, count: 0 });
    const { microseconds, result } = await timed(LARGE_STATE_STEPS, () => send(context, step.with(), stop));
    expectSame(result, held.length);
    expectSame(context.state.count, LARGE_STATE_STEPS);
    return { microseconds };
  }
}

/** Documentation, "Human-in-the-loop workflows": snapshot at the question, resume from it with the answer. @param {number} trips @returns {Cell} */
function asking(trips) {
  const workflow = stateful(() => ({ count: 0 }));
  workflow.handle([step], async () => question.with());
  workflow.handle([answer], async ({ state }, { data }) => {
    state.count += data;
    return state.count < trips ? question.with() : stop.with(state.count);
  });
  return { run };

  async function run() {
    const { microseconds, result } = await timed(trips, async () => {
      let context = workflow.createContext();
      await send(context, step.with(), question);
      for (let trip = 1; trip < trips; trip++) {
        context = workflow.resume(await context.snapshot());
        await send(context, answer.with(1), question);
      }
      return send(workflow.resume(await context.snapshot()), answer.with(1), stop);
    });
    expectSame(result, trips);
    return { microseconds };
  }
}

/** Counts, then pauses. @param {number} steps @param {() => void} hear */
function countingThenAsking(steps, hear) {
  const workflow = stateful(() => ({ count: 0 }));
  workflow.handle([step], async ({ state }) => {
    state.count += 1;
    return state.count < steps ? step.with() : question.with(state.count);
  });
  workflow.handle([answer], async () => hear());
  return workflow;
}

/** @param {string} folder */
function snapshotFile(folder) {
  return join(folder, "snapshot.json");
}

/** @param {string} folder @param {number} steps */
async function leavePaused(folder, steps) {
  const context = countingThenAsking(steps, () => {}).createContext();
  expectSame(await send(context, step.with(), question), steps);
  writeFileSync(snapshotFile(folder), JSON.stringify(await context.snapshot()));
}

/** @param {string} folder @returns {Promise<number>} */
export function reopen(folder) {
  const start = performance.now();
  return new Promise((resolve) => {
    const workflow = countingThenAsking(0, () => resolve(microsecondsSince(start)));
    workflow.resume(JSON.parse(readFileSync(snapshotFile(folder), "utf8"))).sendEvent(answer.with());
  });
}
