/** Sets the stage for one superstep: a graph of the given nodes side by side, and what `scheduleStep` needs to run them. */
import {
  type Channels,
  END,
  lastValue,
  type NodeFn,
  type NodeOptions,
  type ScheduledStep,
  type ScheduleInput,
  START,
  StateGraph,
  scheduleStep,
  type TaskRef,
} from "../../src/index.js";
import { TestClock } from "../../src/testing.js";

const channels = { value: lastValue<unknown>(0) };
type StageChannels = typeof channels;
export type StageNode =
  | NodeFn<StageChannels>
  | { readonly run: NodeFn<StageChannels>; readonly options: NodeOptions<StageChannels> };
export type StageInput = ScheduleInput<StageChannels>;

/** Input for a superstep of all these nodes, in their order; `overrides` replaces parts of it. */
export function stage(nodes: Readonly<Record<string, StageNode>>, overrides: Partial<StageInput> = {}): StageInput {
  const clock = new TestClock();
  return {
    plan: planOf(nodes),
    tasks: Object.keys(nodes).map((node, index) => ({ id: `t.${index}`, node })),
    state: Object.freeze({ value: 0 }),
    environment: { sessionId: "s", step: 1, clock, stopwatch: () => clock.now(), random: () => 0.5 },
    maxConcurrency: 64,
    onFailure: "drain",
    ...overrides,
  };
}

function planOf(nodes: Readonly<Record<string, StageNode>>): StageInput["plan"] {
  let graph = new StateGraph<StageChannels, string>(channels) as StateGraph<StageChannels, string>;
  for (const [name, node] of Object.entries(nodes)) {
    const { run, options } = typeof node === "function" ? { run: node, options: {} } : node;
    graph = graph.addNode(name, run, options).addEdge(START, name).addEdge(name, END);
  }
  return graph.compile().plan;
}

/** How each task ended, in order: `"a finished"`. */
export function endings({ settled }: ScheduledStep): readonly string[] {
  return settled.map(({ task, kind }) => `${task.node} ${kind}`);
}

/** Runs a superstep whose nodes are all synchronous. */
export function runNow<C extends Channels>(input: ScheduleInput<C>): ScheduledStep {
  const scheduled = scheduleStep(input);
  if ("then" in scheduled) throw new TypeError("a superstep of synchronous nodes gave a promise");
  return scheduled;
}

export function sent(node: string, input: unknown, id: string): TaskRef {
  return { id, node, input };
}
