/** Spans that a run makes: without anybody who records, one to find that out; with somebody, exactly the documented ones. */
import { context, INVALID_SPAN_CONTEXT, type Span, type Tracer, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterEach, expect, test } from "vitest";
import { AppRunner, MemoryCheckpointer } from "../../src/index.js";
import { counts, countsLater, type LoopNode, loopOf, NO_LIMIT } from "./loop.js";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

afterEach(() => {
  trace.disable();
  context.disable();
});

function runLoop(rounds: number, node: LoopNode): Promise<unknown> {
  return new AppRunner(loopOf(rounds, node), { checkpointer: new MemoryCheckpointer() }).invoke("s", {}, NO_LIMIT);
}

test.each([
  ["synchronous", counts],
  ["asynchronous", countsLater],
])("without an SDK a run of %s nodes asks for one span, however many supersteps it has", async (_, node) => {
  const names: string[] = [];
  const startSpan = (name: string): Span => {
    names.push(name);
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as unknown as Tracer });
  for (const rounds of [1, 100]) {
    names.length = 0;
    await runLoop(rounds, node);
    expect(names).toEqual(["run"]);
  }
});

test.each([
  ["synchronous", counts],
  ["asynchronous", countsLater],
])("with an SDK a run of %s nodes makes one span of each kind a superstep, and no more", async (_, node) => {
  provider.register();
  exporter.reset();
  await runLoop(5, node);
  const made: Record<string, number> = {};
  for (const { name } of exporter.getFinishedSpans()) made[name] = (made[name] ?? 0) + 1;
  expect(made).toEqual({ run: 1, superstep: 5, schedule: 5, "node loop": 5, barrier: 5, frontier: 5, checkpoint: 5 });
});
