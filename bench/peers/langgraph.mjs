/** LangGraph.js, as its documentation uses it: a StateGraph of Annotations; how and why is in README.md. */
import { join } from "node:path";
import {
  Annotation,
  Command,
  DeltaChannel,
  END,
  interrupt,
  MemorySaver,
  Send,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import {
  bytesIn,
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
/** What is run, whatever the store. @typedef {{ graph: any, steps: number, run(app: any, options: object): Promise<Outcome> }} Work */

// Documentation, "LangSmith tracing": off, also where the environment has it on.
process.env.LANGSMITH_TRACING = "false";
process.env.LANGCHAIN_TRACING_V2 = "false";

/** Fewer where the whole state is written each time. */
const STEPS = { session: 10, inMemory: 300, inSqlite: 20 };

/** @type {import("../harness/cell.ts").Cells} */
export const cells = {
  "W1 memory": (size) => unsaved(counting(size)),
  "W1 memory conditional edges": (size) => unsaved(countingByEdges(size)),
  "W1 SQLite": (size) => inSqlite(counting(size)),
  "W1 SQLite durability sync": (size) => inSqlite(counting(size), { durability: "sync" }),
  "W1 SQLite durability exit": (size) => inSqlite(counting(size), { durability: "exit" }),
  "W2 memory": (size) => unsaved(fanningOut(size)),
  "W2 SQLite": (size) => inSqlite(fanningOut(size)),
  "W3 memory": (size) => unsaved(appending(size, wholeList)),
  "W3 SQLite": (size) => inSqlite(appending(size, wholeList)),
  "W3 SQLite delta": (size) => inSqlite(appending(size, () => deltaList(1_000))),
  "W3 SQLite delta default": (size) => inSqlite(appending(size, () => deltaList())),
  "W4 SQLite": (size) => inSqlite(manySessions(size)),
  "W5 memory": (size) => unsaved(holding(size, STEPS.inMemory)),
  "W5 SQLite": (size) => inSqlite(holding(size, STEPS.inSqlite)),
  "W6 import": () => importing(["@langchain/langgraph", "@langchain/langgraph-checkpoint-sqlite"]),
  "W6 open": (size) => reopening(import.meta.url, (folder) => leavePaused(folder, size)),
  "W7 memory": (size) => inMemory(asking(size)),
  "W7 SQLite": (size) => inSqlite(asking(size)),
  "W7 SQLite durability exit": (size) => inSqlite(asking(size), { durability: "exit" }),
};

/** Without a checkpointer: the fastest that it can be, and all that is needed where nothing pauses. @param {Work} work @returns {Cell} */
function unsaved({ graph, run }) {
  const app = graph.compile();
  return { run: () => run(app, {}) };
}

/** @param {Work} work @returns {Cell} */
function inMemory({ graph, run }) {
  return { run: () => run(graph.compile({ checkpointer: new MemorySaver() }), {}) };
}

/** @param {Work} work @param {object} [options] of a call @returns {Cell} */
function inSqlite({ graph, steps, run }, options = {}) {
  return { run: () => inFolder((folder) => runInSqlite(folder)) };

  /** @param {string} folder */
  async function runInSqlite(folder) {
    const saver = openSaver(folder);
    const outcome = await run(graph.compile({ checkpointer: saver }), options).finally(() => saver.db.close());
    return { ...outcome, bytes: bytesIn(folder) / steps };
  }
}

/** @param {string} folder */
function openSaver(folder) {
  return SqliteSaver.fromConnString(join(folder, "checkpoints.db"));
}

/** The limit has to be above the number of supersteps. @param {object} options @param {string} [id] */
function session(options, id = "1") {
  return { recursionLimit: 1_000_000, configurable: { thread_id: id }, ...options };
}

/** A node `step` that is its own successor for as long as it says so. @param {any} state @param {(state: any) => any} step @returns {any} */
function looping(state, step) {
  return new StateGraph(state).addNode("step", step, { ends: ["step", END] }).addEdge(START, "step");
}

/** @param {object} update @param {boolean} isLast @param {string} [next] */
function goOn(update, isLast, next = "step") {
  return new Command({ update, goto: isLast ? END : next });
}

/** @param {number} size @returns {Work} */
function counting(size) {
  const graph = looping(Annotation.Root({ count: Annotation() }), ({ count }) => {
    return goOn({ count: count + 1 }, count + 1 === size);
  });
  return { graph, steps: size, run: (app, options) => countTo(size, app, options) };
}

/** @param {number} size @returns {Work} */
function countingByEdges(size) {
  const graph = new StateGraph(Annotation.Root({ count: Annotation() }))
    .addNode("step", ({ count }) => ({ count: count + 1 }))
    .addEdge(START, "step")
    .addConditionalEdges("step", ({ count }) => (count < size ? "step" : END), ["step", END]);
  return { graph, steps: size, run: (app, options) => countTo(size, app, options) };
}

/** @param {number} size @param {any} app @param {object} options */
async function countTo(size, app, options) {
  const { microseconds, result } = await timed(size, () => app.invoke({ count: 0 }, session(options)));
  expectSame(result.count, size);
  return { microseconds };
}

/** @param {number} width @returns {Work} */
function fanningOut(width) {
  const state = Annotation.Root({ items: Annotation(), results: wholeList(), sum: Annotation() });
  const graph = new StateGraph(state)
    .addNode("task", ({ item }) => ({ results: [item] }))
    .addNode("join", ({ results }) => ({ sum: sumOf(results) }))
    .addConditionalEdges(START, ({ items }) => items.map((/** @type {number} */ item) => new Send("task", { item })), [
      "task",
    ])
    .addEdge("task", "join")
    .addEdge("join", END);
  const items = numbers(width);
  return { graph, steps: width, run };

  /** @param {any} app @param {object} options */
  async function run(app, options) {
    const { microseconds, result } = await timed(width, () => app.invoke({ items }, session(options)));
    expectSame(result.sum, sumOf(items));
    return { microseconds };
  }
}

/** Is written as a whole in each checkpoint. */
function wholeList() {
  return Annotation({
    reducer: (/** @type {any[]} */ list, /** @type {any[]} */ more) => list.concat(more),
    default: () => [],
  });
}

/** Beta: only what was appended is written, and now and then the whole list. @param {number} [snapshotFrequency] */
function deltaList(snapshotFrequency) {
  const reducer = (/** @type {any[]} */ list, /** @type {any[][]} */ writes) => list.concat(...writes);
  return new DeltaChannel(reducer, { initialValueFactory: () => [], ...(snapshotFrequency && { snapshotFrequency }) });
}

/** @param {number} size @param {() => any} list @returns {Work} */
function appending(size, list) {
  let clock = pace();
  const graph = looping(Annotation.Root({ messages: /** @type {any} */ (list) }), ({ messages }) => {
    clock.tick();
    return goOn({ messages: [messageOf(messages.length)] }, messages.length + 1 === size);
  });
  return { graph, steps: size, run };

  /** @param {any} app @param {object} options */
  async function run(app, options) {
    clock = pace();
    const { microseconds, result } = await timed(size, () => app.invoke({ messages: [] }, session(options)));
    expectSame(result.messages.length, size);
    return { microseconds, slowdown: clock.slowdown() };
  }
}

/** @param {number} size @returns {Work} */
function manySessions(size) {
  const { graph } = counting(STEPS.session);
  const steps = size * STEPS.session;
  return { graph, steps, run };

  /** @param {any} app @param {object} options */
  async function run(app, options) {
    const ids = Array.from({ length: size }, (_, id) => `${id}`);
    const all = () => Promise.all(ids.map((id) => app.invoke({ count: 0 }, session(options, id))));
    const { microseconds, result } = await timed(steps, all);
    expectSame(sumOf(result.map(({ count }) => count)), steps);
    return { microseconds };
  }
}

/** From the first node on, so that taking the input in is not part of it. @param {number} bytes @param {number} steps @returns {Work} */
function holding(bytes, steps) {
  const held = records(bytes);
  let start = 0;
  const graph = looping(Annotation.Root({ held: Annotation(), count: Annotation() }), ({ count }) => {
    if (count === 0) start = performance.now();
    return goOn({ count: count + 1 }, count + 1 === steps);
  });
  return { graph, steps, run };

  /** @param {any} app @param {object} options */
  async function run(app, options) {
    const result = await app.invoke({ held, count: 0 }, session(options));
    const microseconds = microsecondsSince(start) / steps;
    expectSame(result.count, steps);
    expectSame(result.held.length, held.length);
    return { microseconds };
  }
}

/** @param {number} trips @returns {Work} */
function asking(trips) {
  const graph = looping(Annotation.Root({ count: Annotation() }), ({ count }) => {
    const more = interrupt("how many more?");
    return goOn({ count: count + more }, count + more === trips);
  });
  return { graph, steps: trips, run };

  /** @param {any} app @param {object} options */
  async function run(app, options) {
    const { microseconds, result } = await timed(trips, async () => {
      let state = await app.invoke({ count: 0 }, session(options));
      for (let trip = 0; trip < trips; trip++) state = await app.invoke(new Command({ resume: 1 }), session(options));
      return state;
    });
    expectSame(result.count, trips);
    return { microseconds };
  }
}

/** Counts, then pauses. @param {number} steps @param {(answer: unknown) => void} hear @returns {any} */
function countingThenAsking(steps, hear) {
  return new StateGraph(Annotation.Root({ count: Annotation() }))
    .addNode("step", ({ count }) => goOn({ count: count + 1 }, false, count + 1 < steps ? "step" : "ask"), {
      ends: ["step", "ask"],
    })
    .addNode("ask", () => {
      hear(interrupt("go on?"));
      return {};
    })
    .addEdge(START, "step");
}

/** @param {string} folder @param {number} steps */
async function leavePaused(folder, steps) {
  const saver = openSaver(folder);
  const app = countingThenAsking(steps, () => {}).compile({ checkpointer: saver });
  const { count } = await app.invoke({ count: 0 }, session({}));
  saver.db.close();
  expectSame(count, steps);
}

/** @param {string} folder @returns {Promise<number>} */
export function reopen(folder) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const graph = countingThenAsking(0, () => resolve(microsecondsSince(start)));
    const app = graph.compile({ checkpointer: openSaver(folder) });
    app.invoke(new Command({ resume: true }), session({})).catch(reject);
  });
}
