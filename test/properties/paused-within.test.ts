/** A run that stops wherever it can, within subgraphs too, does what one does that never stops; no stop is lost, and none comes twice. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Checkpointer,
  END,
  type InterruptOptions,
  MemoryCheckpointer,
  type NodeFn,
  type PauseReason,
  type RunResult,
  START,
  StateGraph,
  type StateOf,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { failing } from "../../src/testing.js";
import { listOf } from "../runner/graphs.js";

const channels = { log: append<string>(), total: sum() };

type Habit = "plain" | "asks" | "fails once" | "answers late";
/** Nodes side by side, each of which may be a graph: layer after layer. */
type Node = Habit | Layers;
interface Layers {
  readonly layers: readonly (readonly Node[])[];
}

const habit = fc.constantFrom<Habit>("plain", "asks", "fails once", "answers late");
const graphs = (most: number, habits: fc.Arbitrary<Habit>): fc.Arbitrary<Layers> =>
  fc.letrec<{ graph: Layers; node: Node }>((tie) => ({
    graph: fc.record({
      layers: fc.array(fc.array(tie("node"), { minLength: 1, maxLength: most }), { minLength: 1, maxLength: 3 }),
    }),
    node: fc.oneof({ depthSize: "small", maxDepth: 2 }, habits, tie("graph")),
  })).graph;

function nodeOf(habit: Habit, failed: Set<string>): NodeFn<typeof channels> {
  return ({ log }, ctx) => {
    if (habit === "fails once" && !failed.has(ctx.node)) {
      failed.add(ctx.node);
      throw new RangeError(ctx.node);
    }
    const told = habit === "asks" ? String(ctx.interrupt(ctx.node)) : "";
    const update = { log: `${ctx.node}:${log.length}:${told}`, total: log.length + 1 };
    return habit === "answers late" ? Promise.resolve(update) : update;
  };
}

function graphOf({ layers }: Layers, failed = new Set<string>(), prefix = "n") {
  let graph = new StateGraph(channels) as unknown as StateGraph<typeof channels, string>;
  let former: readonly string[] = [START];
  for (const [depth, layer] of layers.entries()) {
    const names = layer.map((_, place) => `${prefix}.${depth}.${place}`);
    for (const [place, node] of layer.entries()) {
      const name = names[place] as string;
      graph = graph.addNode(
        name,
        (typeof node === "string" ? nodeOf(node, failed) : graphOf(node, failed, name)) as never,
      );
    }
    for (const from of former) for (const to of names) graph.addEdge(from, to);
    former = names;
  }
  for (const from of former) graph.addEdge(from, END);
  return graph.compile();
}

/** The same stops for a graph and for all within it. */
function everywhere(stops: InterruptOptions, { layers }: Layers, prefix = "n"): InterruptOptions {
  const within = layers.flatMap((layer, depth) =>
    layer.flatMap((node, place) => {
      const name = `${prefix}.${depth}.${place}`;
      return typeof node === "string" ? [] : [[name, everywhere(stops, node, name)] as const];
    }),
  );
  return { ...stops, within: Object.fromEntries(within) };
}

interface Life {
  readonly state: StateOf<typeof channels>;
  readonly heard: readonly PauseReason[];
}
interface Setting {
  readonly checkpointer: Checkpointer;
  readonly durability?: "step" | "exit";
}

/** Runs to the end, each call by the next runner: failures are tried again, questions answered one at a time, pauses gone on from. */
async function lifeOf(next: () => AppRunner<typeof channels, string>, options: InterruptOptions): Promise<Life> {
  const heard: PauseReason[] = [];
  let result: RunResult<typeof channels> | undefined;
  let runner = next();
  for (let calls = 0; result?.outcome !== "completed"; calls++) {
    expect(calls).toBeLessThan(500);
    const { reason } = result?.outcome === "paused" ? result : {};
    const asked = reason?.kind === "interrupt" ? reason.interrupts.at(-1) : undefined;
    const going =
      asked === undefined
        ? runner.createSession("s", undefined, { ifExists: "resume" }).then(() => runner.runUntilComplete("s", options))
        : runner.resume("s", { [asked.id]: `to ${String(asked.payload)}` }, options);
    result = await going.catch(() => undefined);
    // Whoever got an error may look how the session stands.
    const status = result?.status ?? (await runner.session("s").catch(() => undefined))?.status;
    if (status?.kind === "paused") heard.push(status.reason);
    runner = next();
  }
  return { state: result.state, heard };
}

/** What each superstep of each graph has written. */
async function writtenBy(app: ReturnType<typeof graphOf>, setting: Setting): Promise<readonly unknown[]> {
  const runner = new AppRunner(app, setting);
  const ids = (await listOf(runner.subgraphs("s"))).map(({ session }) => session.sessionId);
  const histories = await Promise.all(["s", ...ids].map((id) => listOf(runner.history(id))));
  return histories.map((history) =>
    history.map(({ step, versions, changes }) => [step, versions, changes.map(({ node, patch }) => [node, patch])]),
  );
}

const STOPS: readonly InterruptOptions[] = [
  { interruptEachStep: true },
  { interruptBefore: "*" },
  { interruptAfter: "*" },
  { interruptBefore: "*", interruptAfter: "*", interruptEachStep: true },
];

test.each([
  ["memory", "step", () => new MemoryCheckpointer()],
  ["memory", "exit", () => new MemoryCheckpointer()],
  ["SQLite", "step", () => new SqliteCheckpointer(":memory:")],
] as const)(
  "P2: a run that pauses at every boundary within ends in the state and the history of one that never pauses, on %s under durability %s",
  async (_, durability, open) => {
    await fc.assert(
      fc.asyncProperty(graphs(3, habit), fc.constantFrom(...STOPS), async (graph, stops) => {
        const setting = (): Setting => ({ checkpointer: open(), durability });
        const [one, other] = [setting(), setting()];
        const [app, again] = [graphOf(graph), graphOf(graph)];
        const through = await lifeOf(() => new AppRunner(app, one), {});
        const paused = await lifeOf(() => new AppRunner(again, other), everywhere(stops, graph));
        expect(paused.state).toEqual(through.state);
        if (durability === "step")
          expect(await writtenBy(graphOf(graph), other)).toEqual(await writtenBy(graphOf(graph), one));
      }),
      { numRuns: 40 },
    );
  },
  60_000,
);

/** Where the graphs within a graph without siblings are to stop: the path of each, and how many supersteps it has behind it. */
function boundariesOf(kind: string, { layers }: Layers, path: readonly string[] = [], prefix = "n"): readonly string[] {
  return layers.flatMap((layer, depth) => {
    const [node] = layer as readonly [Node];
    const name = `${prefix}.${depth}.0`;
    const inner = typeof node === "string" ? [] : boundariesOf(kind, node, [...path, name], name);
    const place = (step: number) => (path.length === 0 ? [] : [`${path.join("/")} ${step}`]);
    if (kind === "beforeNode") return [...place(depth), ...inner];
    return depth === layers.length - 1 ? inner : [...inner, ...place(depth + 1)];
  });
}

test.each([
  ["afterStep", { interruptEachStep: true }],
  ["afterNode", { interruptAfter: "*" }],
  ["beforeNode", { interruptBefore: "*" }],
] as const)(
  "P2: whatever call of the store fails, each boundary within is told of as %s; once, when none does",
  async (kind, stops) => {
    const ordered = graphs(1, fc.constantFrom<Habit>("plain", "answers late", "asks"));
    await fc.assert(
      fc.asyncProperty(ordered, fc.nat(60), fc.boolean(), async (graph, nth, isAfter) => {
        const checkpointer = failing(new MemoryCheckpointer(), nth, { after: isAfter });
        // A lease that could not be given back is nobody else's: one runner, then.
        const runner = new AppRunner(graphOf(graph), { checkpointer });
        const { state, heard } = await lifeOf(() => runner, everywhere(stops, graph));
        const undisturbed = new AppRunner(graphOf(graph));
        const through = await lifeOf(() => undisturbed, {});
        expect(state).toEqual(through.state);
        const told = heard.flatMap((reason) =>
          reason.kind === kind && reason.path !== undefined ? [`${reason.path.join("/")} ${String(reason.step)}`] : [],
        );
        const isWhole = nth === 0 || checkpointer.calls < nth;
        expect(isWhole ? told : [...new Set(told)]).toEqual(boundariesOf(kind, graph));
      }),
      { numRuns: 60 },
    );
  },
  60_000,
);
