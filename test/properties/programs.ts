/** Random programs: graphs with edges, joins, conditional edges, Commands, Sends and deferred nodes, which all end when their fuel is used up. */
import fc from "fast-check";
import {
  AppRunner,
  type AppRunnerOptions,
  append,
  Command,
  END,
  lastValue,
  type NodeContext,
  type RunOptions,
  type RunResult,
  reducer,
  Send,
  START,
  StateGraph,
  type StateOf,
  SuperstepError,
  sum,
  type Target,
} from "../../src/index.js";
import { NotingCheckpointer } from "../runner/stores.js";

type Place = number | "end" | { readonly send: number; readonly input: number };
interface CommandSpec {
  readonly mode: "replace" | "append";
  readonly goto: readonly Place[];
}
interface NodeSpec {
  readonly edges: readonly Place[];
  /** What a conditional edge answers, by the number of tasks so far; none when empty. */
  readonly answers: readonly (readonly Place[])[];
  /** What the node commands, by the number of tasks so far. */
  readonly commands: readonly (readonly CommandSpec[])[];
  readonly defer: boolean;
  /** Whether the node asks before it does anything. */
  readonly asks: boolean;
}
export interface Program {
  readonly nodes: readonly NodeSpec[];
  readonly starts: readonly number[];
  readonly joins: readonly { readonly from: readonly number[]; readonly to: number }[];
  /** Tasks after which every node goes nowhere. */
  readonly fuel: number;
}

const MOST_NODES = 5;

/** A program of up to five nodes. */
export const programs: fc.Arbitrary<Program> = fc.integer({ min: 1, max: MOST_NODES }).chain((size) => {
  const node = fc.integer({ min: 0, max: size - 1 });
  const place: fc.Arbitrary<Place> = fc.oneof(
    { weight: 6, arbitrary: node },
    { weight: 1, arbitrary: fc.constant("end" as const) },
    { weight: 2, arbitrary: fc.record({ send: node, input: fc.nat(9) }) },
  );
  const command = fc.record({
    mode: fc.constantFrom("replace" as const, "append" as const),
    goto: fc.array(place, { maxLength: 3 }),
  });
  const spec: fc.Arbitrary<NodeSpec> = fc.record({
    edges: fc.array(node, { maxLength: 2 }),
    answers: fc.array(fc.array(place, { maxLength: 2 }), { maxLength: 3 }),
    commands: fc.array(fc.array(command, { maxLength: 2 }), { maxLength: 3 }),
    defer: fc.boolean(),
    asks: fc.boolean(),
  });
  return fc.record({
    nodes: fc.array(spec, { minLength: size, maxLength: size }),
    starts: fc.uniqueArray(node, { minLength: 1 }),
    joins: fc.array(fc.record({ from: fc.uniqueArray(node, { minLength: 1 }), to: node }), { maxLength: 2 }),
    fuel: fc.integer({ min: 1, max: 10 }),
  });
});

function countNode(draft: Record<string, number>, node: string): void {
  draft[node] = (draft[node] ?? 0) + 1;
}

const channels = {
  log: append<string>(),
  count: sum(),
  byNode: reducer<Record<string, number>, string>({}, countNode, { label: "counts" }),
  last: lastValue<string>(""),
};
type ProgramState = StateOf<typeof channels>;

/** How the nodes of a program behave, whatever they say. */
export interface Manner {
  /** Waits before a node does its work; undefined: the node is synchronous. */
  readonly wait?: (node: string) => Promise<void>;
  /** Waits before a conditional edge answers; undefined: it answers at once. */
  readonly waitToRoute?: () => Promise<void>;
  readonly asks?: boolean;
  /** Whether a node fails now, instead of doing its work. */
  readonly fails?: () => boolean;
}

function targetOf(place: Place): Target<string> {
  if (place === "end") return END;
  return typeof place === "number" ? `n${place}` : new Send(`n${place.send}`, place.input);
}

function work(program: Program, spec: NodeSpec, state: ProgramState, ctx: NodeContext) {
  const update = { log: `${ctx.step} ${ctx.node} ${state.count} ${String(ctx.input)}`, count: 1, byNode: ctx.node };
  if (state.count >= program.fuel) return new Command({ update, goto: [] });
  const commands = spec.commands[state.count % spec.commands.length] ?? [];
  return [
    new Command({ update }),
    ...commands.map(({ mode, goto }) => new Command({ mode, goto: goto.map(targetOf) })),
  ];
}

/** The program as a graph; START leads to its starts. */
export function appOf(program: Program, { wait, waitToRoute, asks = false, fails = () => false }: Manner = {}) {
  let graph: StateGraph<typeof channels, string> = new StateGraph<typeof channels, string>(channels);
  for (const [index, spec] of program.nodes.entries()) {
    const node = (state: ProgramState, ctx: NodeContext) => {
      if (asks && spec.asks && ctx.interrupt<number>(ctx.node) !== 7) return;
      const attempt = () => {
        if (fails()) throw new TypeError("not this time");
        return work(program, spec, state, ctx);
      };
      return wait === undefined ? attempt() : wait(ctx.node).then(attempt);
    };
    graph = graph.addNode(`n${index}`, node, { defer: spec.defer });
  }
  graph.addConditionalEdges(START, () => program.starts.map((start) => `n${start}`));
  for (const [index, { edges, answers }] of program.nodes.entries()) {
    for (const edge of edges) graph.addEdge(`n${index}`, targetOf(edge) as string);
    const answer = ({ count }: ProgramState) => (answers[count % answers.length] ?? []).map(targetOf);
    const late = waitToRoute && ((state: ProgramState) => waitToRoute().then(() => answer(state)));
    if (answers.length > 0) graph.addConditionalEdges(`n${index}`, late ?? answer);
  }
  for (const { from, to } of program.joins)
    graph.addEdge(
      from.map((source) => `n${source}`),
      `n${to}`,
    );
  return graph.compile();
}

/** All that can be told of a session: where it ended, and every checkpoint on the way. */
export interface Story {
  readonly end: object;
  readonly history: readonly object[];
}
export type ProgramRunner = AppRunner<typeof channels, string>;
export type ProgramResult = RunResult<typeof channels>;

/** Goes on with session "s" of the program until it completes or fails; `drive` makes one call. The store is one in memory unless another is given. */
export async function play(
  app: ReturnType<typeof appOf>,
  drive: (runner: ProgramRunner) => Promise<void>,
  options: AppRunnerOptions = {},
): Promise<Story> {
  const store = new NotingCheckpointer(options.checkpointer);
  const runner = new AppRunner(app, { random: () => 0.5, ...options, checkpointer: store });
  await runner.createSession("s");
  let error: unknown;
  await drive(runner).catch((thrown: unknown) => {
    error = thrown;
  });
  const { status, ...view } = await runner.session("s");
  const failure = SuperstepError.is(error) ? { code: error.code, message: error.message } : error;
  const history = store.commits.map(({ note: _, createdAt: __, ...checkpoint }) => checkpoint);
  return { end: { ...view, status: status.kind === "failed" ? "failed" : status, failure }, history };
}

/** One call, to the end. */
export async function straight(runner: ProgramRunner, options: RunOptions = {}): Promise<void> {
  await runner.runUntilComplete("s", options);
}
