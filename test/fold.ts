/** Folds what tasks return into a graph's channels, as a superstep does: read, sealed, and put through the barrier. */
import {
  applyBarrier,
  type BarrierResult,
  type Channels,
  END,
  type GraphPlan,
  START,
  StateGraph,
  type StateOf,
  type TaskResult,
  type Versions,
} from "../src/index.js";
import { seal } from "../src/state/seal.js";
import { readOutcome } from "../src/superstep/command.js";

/** A graph's channels, their state and their versions. */
export interface Standing<C extends Channels> {
  readonly plan: GraphPlan<C>;
  readonly state: StateOf<C>;
  readonly versions: Versions;
}

/** The channels with their initial values, or with these. */
export function standing<C extends Channels>(channels: C, values: Partial<StateOf<C>> = {}): Standing<C> {
  const node = () => undefined;
  const { plan } = new StateGraph(channels).addNode("a", node).addEdge(START, "a").addEdge("a", END).compile();
  const initial = Object.fromEntries([...plan.channels].map(([name, channel]) => [name, channel.initial()]));
  const state = { ...initial, ...values };
  seal(state);
  return { plan, state: state as StateOf<C>, versions: Object.freeze({}) };
}

/** What the n-th task of a superstep returned. */
export function returned(n: number, value: unknown): TaskResult {
  const node = `n${n}`;
  return { task: Object.freeze({ id: `t.${n}`, node }), outcome: readOutcome(node, value) };
}

/** One superstep: each value is what one task returned, in frontier order. The nodes are called n1, n2, … */
export function fold<C extends Channels>(
  from: Standing<C>,
  ...values: readonly unknown[]
): BarrierResult<C> & Standing<C> {
  const results = values.map((value, index) => returned(index + 1, value));
  return { plan: from.plan, ...applyBarrier({ ...from, results }) };
}

/** The value of one channel after one superstep in which each write came from a task of its own. */
export function folded(channel: Channels[string], ...writes: readonly unknown[]): unknown {
  return fold(standing({ channel }), ...writes.map((write) => ({ channel: write }))).state.channel;
}
