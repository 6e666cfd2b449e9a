/** Mastra workflows, as its documentation uses them: a looping step, state, suspend and resume, libSQL; how and why is in README.md. */
import { join } from "node:path";
import { Mastra } from "@mastra/core";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { LibSQLStore } from "@mastra/libsql";
import Database from "better-sqlite3";
import { z } from "zod";
import {
  expectSame,
  importing,
  inFolder,
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
/** @typedef {import("../harness/cell.ts").Outcome} Outcome */
/** What is run, whatever the store. @typedef {{ workflow(options: object): any, steps: number, run(workflow: any): Promise<Outcome> }} Work */

process.env.MASTRA_TELEMETRY_DISABLED = "true";

const STEPS = { session: 10, inMemory: 300, inSqlite: 20 };

/** Reference, "Workflow class": when a snapshot is written. The default is before each step and at the end. */
const NEVER = { shouldPersistSnapshot: () => false };
const AT_THE_END = { shouldPersistSnapshot: (/** @type {any} */ { workflowStatus }) => workflowStatus !== "running" };

const SIZE = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";

/** A workflow has to have schemas; what they say is not looked at here. */
const SCHEMAS = { inputSchema: z.any(), outputSchema: z.any(), stateSchema: z.any(), resumeSchema: z.any() };

/** @type {import("../harness/cell.ts").Cells} */
export const cells = {
  "W1 memory": (size) => inMemory(counting(size), NEVER),
  "W1 SQLite": (size) => inSqlite(counting(size)),
  "W1 SQLite durability exit": (size) => inSqlite(counting(size), AT_THE_END),
  "W2 memory": (size) => inMemory(fanningOut(size), NEVER),
  "W2 SQLite": (size) => inSqlite(fanningOut(size)),
  "W3 memory": (size) => inMemory(appending(size), NEVER),
  "W3 SQLite": (size) => inSqlite(appending(size)),
  "W4 SQLite": (size) => inSqlite(manySessions(size)),
  "W5 memory": (size) => inMemory(holding(size, STEPS.inMemory), NEVER),
  "W5 SQLite": (size) => inSqlite(holding(size, STEPS.inSqlite)),
  "W6 import": () => importing(["@mastra/core", "@mastra/core/workflows", "@mastra/libsql", "zod"]),
  "W6 open": (size) => reopening(import.meta.url, (folder) => leavePaused(folder, size)),
  "W7 memory": (size) => inMemory(asking(size)),
  "W7 SQLite": (size) => inSqlite(asking(size)),
  "W7 SQLite durability exit": (size) => inSqlite(asking(size), AT_THE_END),
};

/** Without storage a Mastra keeps snapshots in memory. @param {Work} work @param {object} [options] @returns {Cell} */
function inMemory({ workflow, run }, options) {
  return { run: () => withMastra(workflow(options ?? {}), undefined, run) };
}

/** @param {Work} work @param {object} [options] @returns {Promise<Cell>} */
async function inSqlite({ workflow, steps, run }, options) {
  const empty = await inFolder(async (folder) => {
    await (await openStorage(folder)).close();
    return bytesIn(folder);
  });
  return { run: () => inFolder((folder) => runInSqlite(folder)) };

  /** @param {string} folder */
  async function runInSqlite(folder) {
    const storage = await openStorage(folder);
    const outcome = await withMastra(workflow(options ?? {}), storage, run);
    return { ...outcome, bytes: (bytesIn(folder) - empty) / steps };
  }
}

/** Of a closed database, with what is in its log: closing a libSQL store does not empty that. @param {string} folder */
function bytesIn(folder) {
  const database = new Database(databaseFile(folder));
  const [{ bytes }] = /** @type {any} */ (database.prepare(SIZE).all());
  database.close();
  return bytes;
}

/** Its tables are there before the clock starts: some thirty of them, most for other parts of Mastra. @param {string} folder */
async function openStorage(folder) {
  const storage = newStorage(folder);
  await storage.init();
  return storage;
}

/** @param {string} folder */
function newStorage(folder) {
  return new LibSQLStore({ id: "bench", url: `file:${databaseFile(folder)}` });
}

/** @param {string} folder */
function databaseFile(folder) {
  return join(folder, "mastra.db");
}

/** @param {any} workflow @param {LibSQLStore | undefined} storage @param {(workflow: any) => Promise<any>} use */
async function withMastra(workflow, storage, use) {
  const mastra = newMastra(workflow, storage);
  try {
    return await use(mastra.getWorkflow("bench"));
  } finally {
    await mastra.shutdown();
    await storage?.close();
  }
}

/** @param {any} workflow @param {LibSQLStore | undefined} storage */
function newMastra(workflow, storage) {
  return new Mastra({ workflows: { bench: workflow }, logger: false, ...(storage && { storage }) });
}

/** Reference, "Workflow class", validateInputs: no peer here checks its values while it runs. @param {object} options */
function open(options) {
  return createWorkflow({ id: "bench", ...SCHEMAS, options: { validateInputs: false, ...options } });
}

/** @param {string} id @param {(context: any) => Promise<any>} execute @returns {any} */
function step(id, execute) {
  return createStep({ id, ...SCHEMAS, execute });
}

/** Documentation, "Control flow". @param {any} each @param {number} size @returns {(options: object) => any} */
function until(each, size) {
  return (options) =>
    open(options)
      .dountil(each, async ({ inputData }) => inputData.count >= size)
      .commit();
}

/** @param {any} workflow @param {object} input */
async function start(workflow, input) {
  return ended(await (await workflow.createRun()).start(input));
}

/** @param {any} outcome */
function ended(outcome) {
  expectSame(outcome.status, "success");
  return outcome.result;
}

/** @param {any} context */
async function countOne({ inputData }) {
  return { count: inputData.count + 1 };
}

/** @param {number} size @returns {Work} */
function counting(size) {
  return { workflow: until(step("step", countOne), size), steps: size, run };

  /** @param {any} workflow */
  async function run(workflow) {
    const { microseconds, result } = await timed(size, () => start(workflow, { inputData: { count: 0 } }));
    expectSame(result.count, size);
    return { microseconds };
  }
}

/** Documentation, "Control flow": foreach, then a step that has all results. @param {number} width @returns {Work} */
function fanningOut(width) {
  const items = numbers(width);
  const task = step("task", async ({ inputData }) => inputData);
  const gather = step("join", async ({ inputData }) => sumOf(inputData));
  const workflow = (options = {}) => open(options).foreach(task, { concurrency: width }).then(gather).commit();
  return { workflow, steps: width, run };

  /** @param {any} made */
  async function run(made) {
    const { microseconds, result } = await timed(width, () => start(made, { inputData: items }));
    expectSame(result, sumOf(items));
    return { microseconds };
  }
}

/** Documentation, "Workflow state". @param {number} size @returns {Work} */
function appending(size) {
  let clock = pace();
  let length = 0;
  const append = step("append", async ({ inputData, state, setState }) => {
    clock.tick();
    const messages = [...state.messages, messageOf(state.messages.length)];
    await setState({ messages });
    length = messages.length;
    return { count: inputData.count + 1 };
  });
  return { workflow: until(append, size), steps: size, run };

  /** @param {any} workflow */
  async function run(workflow) {
    clock = pace();
    const input = { inputData: { count: 0 }, initialState: { messages: [] } };
    const { microseconds } = await timed(size, () => start(workflow, input));
    expectSame(length, size);
    return { microseconds, slowdown: clock.slowdown() };
  }
}

/** @param {number} size @returns {Work} */
function manySessions(size) {
  const { workflow } = counting(STEPS.session);
  const steps = size * STEPS.session;
  return { workflow, steps, run };

  /** @param {any} made */
  async function run(made) {
    const all = () => Promise.all(Array.from({ length: size }, () => start(made, { inputData: { count: 0 } })));
    const { microseconds, result } = await timed(steps, all);
    expectSame(sumOf(result.map(({ count }) => count)), steps);
    return { microseconds };
  }
}

/** From the first step on, so that taking the input in is not part of it. @param {number} bytes @param {number} steps @returns {Work} */
function holding(bytes, steps) {
  const held = records(bytes);
  let began = 0;
  let seen = 0;
  const look = step("look", async ({ inputData, state }) => {
    if (inputData.count === 0) began = performance.now();
    seen = state.held.length;
    return { count: inputData.count + 1 };
  });
  return { workflow: until(look, steps), steps, run };

  /** @param {any} workflow */
  async function run(workflow) {
    const { count } = await start(workflow, { inputData: { count: 0 }, initialState: { held } });
    const microseconds = microsecondsSince(began) / steps;
    expectSame(count, steps);
    expectSame(seen, held.length);
    return { microseconds };
  }
}

/** Documentation, "Suspend and resume". @param {any} context */
async function ask({ inputData, resumeData, suspend }) {
  return resumeData ? { count: inputData.count + resumeData.more } : suspend({});
}

/** @param {number} trips @returns {Work} */
function asking(trips) {
  return { workflow: until(step("ask", ask), trips), steps: trips, run };

  /** @param {any} workflow */
  async function run(workflow) {
    const { microseconds, result } = await timed(trips, async () => {
      const session = await workflow.createRun();
      let outcome = await session.start({ inputData: { count: 0 } });
      for (let trip = 0; trip < trips; trip++) outcome = await session.resume({ step: "ask", resumeData: { more: 1 } });
      return ended(outcome);
    });
    expectSame(result.count, trips);
    return { microseconds };
  }
}

/** Counts, then pauses. @param {number} steps @param {() => void} hear */
function countingThenAsking(steps, hear) {
  const last = step("ask", async (context) => {
    if (context.resumeData) hear();
    return ask(context);
  });
  return open({})
    .dountil(step("step", countOne), async ({ inputData }) => inputData.count >= steps)
    .then(last)
    .commit();
}

/** @param {string} folder @param {number} steps */
async function leavePaused(folder, steps) {
  const paused = countingThenAsking(steps, () => {});
  await withMastra(paused, await openStorage(folder), async (workflow) => {
    const run = await workflow.createRun({ runId: "1" });
    const outcome = await run.start({ inputData: { count: 0 } });
    expectSame(outcome.status, "suspended");
    expectSame(outcome.steps.step.output.count, steps);
  });
}

/** @param {string} folder @returns {Promise<number>} */
export function reopen(folder) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const workflow = countingThenAsking(0, () => resolve(microsecondsSince(start)));
    resume(newMastra(workflow, newStorage(folder))).catch(reject);
  });
}

/** @param {Mastra} mastra */
async function resume(mastra) {
  const run = await mastra.getWorkflow("bench").createRun({ runId: "1" });
  await run.resume({ step: "ask", resumeData: { more: 1 } });
}
