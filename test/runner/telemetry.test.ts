import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AppRunner, type Checkpoint, Command, MemoryCheckpointer, resumeWith } from "../../src/index.js";
import { SPANS } from "../../src/runner/telemetry.js";
import { HandCrank } from "../hand-crank.js";
import { thenable } from "../thenable.js";
import { abreast, chain, failureOf, looping, says, type TestNode } from "./graphs.js";
import { lateCheckpointer } from "./stores.js";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(() => provider.register());
beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
});

function spans(name?: string): readonly ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => name === undefined || span.name === name);
}

function the(name: string): ReadableSpan {
  const [span, another] = spans(name);
  if (span === undefined || another !== undefined)
    throw new TypeError(`${spans(name).length} spans are called "${name}"`);
  return span;
}

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}

interface Tree {
  readonly [name: string]: Tree;
}

/** Names under names. */
function treeUnder(parent: ReadableSpan | undefined): Tree {
  const children = spans().filter((span) => span.parentSpanContext?.spanId === parent?.spanContext().spanId);
  return Object.fromEntries(children.map((child) => [child.name, treeUnder(child)]));
}

test("spans are a tree: run → superstep → schedule → node; barrier, frontier and checkpoint beside schedule", async () => {
  await new AppRunner(chain({ a: says })).invoke("s");
  expect(treeUnder(undefined)).toEqual({
    run: { superstep: { schedule: { "node a": {} }, barrier: {}, frontier: {}, checkpoint: {} } },
  });
});

test("attributes stand as the design lists them", async () => {
  const app = abreast({ a: () => new Command({ goto: [] }), b: async () => ({ log: "b" }) });
  await new AppRunner(app).invoke("s");
  expect(the("run").attributes).toMatchObject({ "superstep.session_id": "s", "superstep.graph": "graph" });
  expect(the("superstep").attributes).toMatchObject({ step: 1 });
  expect(the("schedule").attributes).toMatchObject({ step: 1, frontier_len: 2 });
  expect(the("node a").attributes).toMatchObject({
    "superstep.node": "a",
    "superstep.task_id": expect.any(String),
    "superstep.attempt": 1,
  });
  expect(the("barrier").attributes).toMatchObject({ ran_nodes_len: 2, errors_in_partials: 0 });
  expect(the("frontier").attributes).toMatchObject({ commands_count: 1, conditional_edges_evaluated: 0 });
  expect(the("checkpoint").attributes).toMatchObject({ step: 1, bytes: 0 });
});

test("frontier counts the conditional edges that were evaluated; checkpoint says the bytes, also of a store that answers later", async () => {
  class Weighing extends MemoryCheckpointer {
    override commit(checkpoint: Checkpoint): number {
      return super.commit(checkpoint) + 123;
    }
  }
  await new AppRunner(looping(2), { checkpointer: new Weighing() }).invoke("s");
  expect(spans("frontier").map(({ attributes }) => attributes.conditional_edges_evaluated)).toEqual([1, 1]);
  expect(spans("checkpoint").map(({ attributes }) => attributes)).toEqual([
    { step: 1, bytes: 123 },
    { step: 2, bytes: 123 },
  ]);
  exporter.reset();
  const late = lateCheckpointer(new Weighing());
  await new AppRunner(chain({ a: says }), { checkpointer: late }).invoke("t");
  expect(the("checkpoint").attributes).toEqual({ step: 1, bytes: 123 });
});

test("pitfall P1: durations cover the awaited work, from the node up to the run", async () => {
  const crank = new HandCrank();
  const running = new AppRunner(chain({ a: crank.node })).invoke("s");
  const call = await crank.started();
  const before = performance.now();
  while (performance.now() - before < 20) await new Promise((resolve) => setImmediate(resolve));
  call.finish();
  await running;
  for (const name of ["node a", "schedule", "superstep", "run"]) {
    expect(milliseconds(the(name).duration)).toBeGreaterThanOrEqual(19);
  }
  for (const name of ["barrier", "frontier"]) expect(milliseconds(the(name).duration)).toBeLessThan(19);
});

test("each attempt is a span of its own, the failed ones with their error", async () => {
  const flaky: TestNode = (_, { attempt }) => {
    if (attempt < 3) throw new TypeError(`attempt ${attempt}`);
  };
  await new AppRunner(chain({ a: [flaky, { retry: { maxAttempts: 3, initialDelayMs: 0 } }] })).invoke("s");
  expect(
    spans("node a").map(({ attributes, status }) => [attributes["superstep.attempt"], status.code, status.message]),
  ).toEqual([
    [1, SpanStatusCode.ERROR, "attempt 1"],
    [2, SpanStatusCode.ERROR, "attempt 2"],
    [3, SpanStatusCode.UNSET, undefined],
  ]);
  expect(the("run").status.code).toBe(SpanStatusCode.UNSET);
});

test("a failure is an error on its node, its superstep and the run, synchronous or not", async () => {
  const broken = new TypeError("broken");
  const nodes: readonly TestNode[] = [
    () => {
      throw broken;
    },
    () => Promise.reject(broken),
  ];
  for (const node of nodes) {
    exporter.reset();
    await failureOf(new AppRunner(chain({ a: node })).invoke("s"));
    for (const name of ["node a", "superstep", "run"]) {
      expect(the(name).status.code).toBe(SpanStatusCode.ERROR);
      expect(the(name).events.map((event) => event.name)).toEqual(["exception"]);
    }
    expect(treeUnder(undefined)).toEqual({ run: { superstep: { schedule: { "node a": {} } } } });
  }
});

test("a barrier or a route that fails is an error where it failed", async () => {
  await failureOf(new AppRunner(chain({ a: () => ({ count: "x" as unknown as number }) })).invoke("s"));
  expect(the("barrier").status.code).toBe(SpanStatusCode.ERROR);
  expect(spans("frontier")).toEqual([]);
  exporter.reset();
  await failureOf(new AppRunner(chain({ a: () => new Command({ goto: "ghost" }) })).invoke("s"));
  expect(the("barrier").status.code).toBe(SpanStatusCode.UNSET);
  expect(the("frontier").status.code).toBe(SpanStatusCode.ERROR);
});

test("a pause is no error, of whatever kind", async () => {
  const runner = new AppRunner(chain({ a: (_, ctx) => ({ value: ctx.interrupt("?") }), b: says }));
  await runner.invoke("s", {}, { interruptBefore: "*" });
  await runner.resume("s", undefined, { interruptBefore: "*" });
  await runner.resume("s", "yes", { interruptAfter: "*" });
  await runner.resume("s");
  expect(spans("run")).toHaveLength(4);
  for (const { status, events } of spans()) {
    expect(status.code).toBe(SpanStatusCode.UNSET);
    expect(events).toEqual([]);
  }
});

test("a question asked after an await is no error either", async () => {
  const node: TestNode = async (_, ctx) => {
    await Promise.resolve();
    ctx.interrupt("?");
  };
  await new AppRunner(chain({ a: node })).invoke("s");
  expect(spans().map(({ status }) => status.code)).toEqual(spans().map(() => SpanStatusCode.UNSET));
});

test("a resumed run links to the trace that paused, also in another runner; one that never paused links to nothing", async () => {
  const checkpointer = new MemoryCheckpointer();
  const app = chain({ a: says, asks: (_, ctx) => ({ value: ctx.interrupt("?") }) });
  await new AppRunner(app, { checkpointer }).invoke("s", {}, { interruptAfter: ["a"] });
  const first = the("run").spanContext();
  exporter.reset();
  await new AppRunner(app, { checkpointer }).runUntilComplete("s");
  const second = the("run");
  exporter.reset();
  await new AppRunner(app, { checkpointer }).stream("s", resumeWith(1)).result;
  const third = the("run");
  expect(second.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }))).toEqual([
    { traceId: first.traceId, spanId: first.spanId },
  ]);
  expect(third.links.map((link) => link.context.spanId)).toEqual([second.spanContext().spanId]);
  expect(new Set([first.traceId, second.spanContext().traceId, third.spanContext().traceId]).size).toBe(3);
  exporter.reset();
  await new AppRunner(app, { checkpointer }).invoke("s", {}, { interruptBefore: "*" });
  expect(the("run").links).toEqual([]);
});

test("a run stands under the span of its caller, and nodes see theirs as the active one", async () => {
  const seen: (string | undefined)[] = [];
  const note = () => void seen.push(trace.getActiveSpan()?.spanContext().spanId);
  const node: TestNode = async () => {
    note();
    await new Promise((resolve) => setImmediate(resolve));
    note();
  };
  const tracer = provider.getTracer("test");
  const callerId = await tracer.startActiveSpan("caller", async (span) => {
    await new AppRunner(chain({ a: node })).invoke("s");
    span.end();
    return span.spanContext().spanId;
  });
  expect(the("run").parentSpanContext?.spanId).toBe(callerId);
  const nodeId = the("node a").spanContext().spanId;
  expect(seen).toEqual([nodeId, nodeId]);
});

test("spans of sessions that run side by side do not mix", async () => {
  const runner = new AppRunner(looping(3, async () => ({ count: 1 })));
  await Promise.all(["s", "t", "u"].map((id) => runner.invoke(id)));
  expect(spans("run")).toHaveLength(3);
  for (const run of spans("run")) {
    const supersteps = spans("superstep").filter(
      ({ parentSpanContext }) => parentSpanContext?.spanId === run.spanContext().spanId,
    );
    expect(supersteps.map(({ attributes }) => attributes.step)).toEqual([1, 2, 3]);
  }
});

test("every span that began ends, also when the call is refused, aborted or conflicts", async () => {
  let open = 0;
  const counting = new NodeTracerProvider({
    spanProcessors: [
      {
        onStart: () => void open++,
        onEnd: () => void open--,
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  trace.disable();
  counting.register();
  try {
    const runner = new AppRunner(chain({ a: (_, ctx) => ({ value: ctx.interrupt("?") }), b: says }));
    await runner.invoke("s");
    await failureOf(runner.resume("s"));
    await failureOf(runner.resume("ghost"));
    await failureOf(runner.runUntilComplete("ghost"));
    await failureOf(runner.resume("s", 1, { maxSteps: 1 }));
    await failureOf(runner.resume("s", 1));
    await failureOf(runner.runUntilComplete("s", { signal: AbortSignal.abort() }));
    await runner.runStep("s");
    await runner.runStep("s");
    const throwing = () =>
      new Proxy(
        {},
        {
          get() {
            throw new TypeError("hostile");
          },
        },
      ) as never;
    await failureOf(new AppRunner(chain({ a: throwing })).invoke("s"));
    expect(open).toBe(0);
  } finally {
    trace.disable();
    provider.register();
  }
});

test("a node may return the barest thenable whether or not somebody traces", async () => {
  const bare: TestNode = () => thenable((resolve) => resolve({ log: "thenable" })) as Promise<never>;
  expect(await new AppRunner(chain({ a: bare })).invoke("s")).toMatchObject({ state: { log: ["thenable"] } });
  expect(the("node a").ended).toBe(true);
});

test("durability exit: the one checkpoint is a span of the run", async () => {
  await new AppRunner(looping(3), { durability: "exit" }).invoke("s");
  expect(spans("checkpoint").map(({ attributes }) => attributes.step)).toEqual([3]);
});

test("the names stand in one place", async () => {
  await new AppRunner(chain({ a: chain({ b: says }) })).invoke("s");
  const { node, ...names } = SPANS;
  expect(new Set(spans().map(({ name }) => name))).toEqual(new Set([...Object.values(names), node("a"), node("b")]));
});

test("the supersteps of a subgraph stand under the span of its node, which says its path", async () => {
  await new AppRunner(chain({ a: chain({ b: chain({ c: says }) }) })).invoke("s");
  const superstep = (nodes: Tree): Tree => ({ schedule: nodes, barrier: {}, frontier: {}, checkpoint: {} });
  const within = (nodes: Tree): Tree => ({ subgraph: { superstep: superstep(nodes) } });
  const tree = within({ "node b": within({ "node c": {} }) });
  expect(treeUnder(undefined)).toEqual({ run: { superstep: superstep({ "node a": tree }) } });
  expect(spans("subgraph").map(({ attributes }) => attributes["superstep.path"])).toEqual(["a / b", "a"]);
});

test("without an SDK nothing is recorded, and runs are the same", async () => {
  trace.disable();
  try {
    const runner = new AppRunner(chain({ a: says }));
    expect(await runner.invoke("s", {}, { interruptBefore: "*" })).toMatchObject({ outcome: "paused" });
    expect(await runner.resume("s")).toMatchObject({ outcome: "completed" });
    expect(spans()).toEqual([]);
  } finally {
    provider.register();
  }
});
