/** The program of the model test as a graph of the library. What its nodes meet on their way is up to a host. */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  append,
  Command,
  END,
  ephemeral,
  lastValue,
  type NodeContext,
  Send,
  START,
  StateGraph,
  type StateOf,
  sum,
  type UpdateOf,
} from "../../src/index.js";
import {
  fanOut,
  JOIN,
  type NodeName,
  questionsOf,
  type Said,
  START_TASK,
  type State,
  say,
  sayInTrouble,
  type Task,
  type Trouble,
} from "./program.js";

const channels = { count: sum(), log: append<string>(), last: lastValue(""), hint: ephemeral<string>() };
export type ModelChannels = typeof channels;

/** Where the nodes live: a process that may be told to stop, or be gone. */
export interface Host {
  /** A task begins to run. */
  started(task: Task, ctx: NodeContext): void;
  troubleOf(node: string): Trouble | undefined;
  /** The effect of a task is done, now. */
  affected(taskId: string): void;
  /** The task knows that its effect is durable. */
  remembered(taskId: string): void;
  /** Never comes back, until it is told to stop. */
  hang(signal: AbortSignal): Promise<never>;
}

/** Every node may be late. */
export const TIMEOUT_MS = 1_000;

export function appOf(host: Host) {
  const options = { timeoutMs: TIMEOUT_MS };
  const run = (state: StateOf<ModelChannels>, ctx: NodeContext) => attempt(host, state, ctx);
  const patiently = async (state: StateOf<ModelChannels>, ctx: NodeContext) => {
    await nextTurn();
    return attempt(host, state, ctx);
  };
  return new StateGraph(channels)
    .addNode("loop", run, options)
    .addNode("work", (state, ctx) => work(host, state, ctx), options)
    .addNode("ask", run, options)
    .addNode("join", run, { ...options, ends: ["loop"] })
    .addNode("tidy", patiently, { ...options, defer: true })
    .addEdge(START, START_TASK.node as NodeName)
    .addEdge("loop", "tidy")
    .addConditionalEdges("loop", (state) => fanOut(state).map(targetOf))
    .addEdge(JOIN.sources, JOIN.to)
    .addEdge("join", END)
    .compile();
}

/** A task of the graph in the words of the program. */
export function taskOf({ node, input }: { readonly node: string; readonly input?: unknown }): Task {
  return input === undefined ? { node } : { node, input };
}

function attempt(host: Host, state: State, ctx: NodeContext) {
  const task = taskOf(ctx);
  host.started(task, ctx);
  return answer(host, state, ctx, task);
}

/** Does its effect first, and heeds its signal. */
async function work(host: Host, state: State, ctx: NodeContext) {
  const task = taskOf(ctx);
  host.started(task, ctx);
  await ctx.once("charge", () => host.affected(ctx.taskId));
  host.remembered(ctx.taskId);
  ctx.signal.throwIfAborted();
  return answer(host, state, ctx, task);
}

function answer(host: Host, state: State, ctx: NodeContext, task: Task) {
  const trouble = host.troubleOf(task.node);
  if (trouble?.kind === "hangs") return host.hang(ctx.signal);
  if (trouble?.kind === "throws") throw new TypeError("not this time");
  const answers = questionsOf(task).map((question) => ctx.interrupt(question));
  return toResult(sayInTrouble(say(task, state, answers), trouble) as Said);
}

function toResult({ write, goto }: Said) {
  const update = write as UpdateOf<ModelChannels>;
  return goto === undefined ? update : new Command({ update, goto: goto.map(targetOf) });
}

function targetOf(target: Task): NodeName | Send<NodeName> {
  const node = target.node as NodeName;
  return "input" in target ? new Send(node, target.input) : node;
}
