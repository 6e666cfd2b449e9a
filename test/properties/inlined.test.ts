/** A graph that is a node does what its nodes would do in its place, at any depth, whatever asks or fails within. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AppRunner,
  append,
  type Checkpointer,
  END,
  lastValue,
  MemoryCheckpointer,
  type Message,
  merge,
  messages,
  type NodeFn,
  type RunResult,
  removeMessage,
  START,
  StateGraph,
  type StateOf,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const channels = {
  log: append<string>(),
  total: sum(),
  facts: merge<Readonly<Record<string, unknown>>>({ a: 0, deep: { a: 0 } }),
  talk: messages(),
  last: lastValue<unknown>(undefined),
};
type State = StateOf<typeof channels>;

type Habit = "plain" | "asks" | "fails once" | "forgets" | "answers late";
/** Nodes side by side, or a graph of its own in their place. */
type Part = readonly Habit[] | { readonly parts: readonly Part[] };

const habit = fc.constantFrom<Habit>("plain", "asks", "fails once", "forgets", "answers late");
const { parts } = fc.letrec<{ parts: readonly Part[]; part: Part }>((tie) => ({
  parts: fc.array(tie("part"), { minLength: 1, maxLength: 3 }),
  part: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.array(habit, { minLength: 1, maxLength: 3 }),
    fc.record({ parts: tie("parts") }),
  ),
}));

/** What a node writes depends on all that it sees, and on what it was told. */
function writes({ log, total, facts, talk }: State, name: string, told: unknown): object {
  const about = { id: `m${talk.length % 3}`, role: "user", content: `${name} ${String(told)}` } satisfies Message;
  return {
    log: [`${name}:${log.length}:${String(told)}`, total],
    total: log.length + 1,
    facts: { [name.slice(0, 2)]: total, deep: { [name]: talk.length, a: null }, ...(log.length > 3 && { a: null }) },
    talk: about,
    ...(Object.keys(facts).length > 2 && { facts: { deep: { b: total } } }),
  };
}

function nodeOf(habit: Habit, failed: Set<string>, isAlone: boolean): NodeFn<typeof channels> {
  return (state, ctx) => {
    if (habit === "fails once" && !failed.has(ctx.node)) {
      failed.add(ctx.node);
      throw new RangeError(ctx.node);
    }
    const told = habit === "asks" ? ctx.interrupt(ctx.node) : "";
    const update = { ...writes(state, ctx.node, told), ...(isAlone && { last: ctx.node }) };
    const id = state.talk[0]?.id;
    if (habit === "forgets" && isAlone && id !== undefined) return { ...update, talk: removeMessage(id) };
    return habit === "answers late" ? Promise.resolve(update) : update;
  };
}

interface Building {
  readonly failed: Set<string>;
  /** Parts of parts stand in their place. */
  readonly isInlined: boolean;
}

/** Each part after the former one. A node has the same name in either graph. */
function graphOf(parts: readonly Part[], building: Building, prefix = "n") {
  let graph = new StateGraph(channels) as unknown as StateGraph<typeof channels, string>;
  let former: readonly string[] = [START];
  for (const [name, part] of layersOf(parts, building.isInlined, prefix)) {
    const nodes =
      "parts" in part
        ? [graphOf(part.parts, building, name)]
        : part.map((one) => nodeOf(one, building.failed, part.length === 1));
    const names = nodes.map((_, place) => `${name}.${place}`);
    for (const [place, node] of nodes.entries()) graph = graph.addNode(names[place] as string, node as never);
    for (const from of former) for (const to of names) graph.addEdge(from, to);
    former = names;
  }
  for (const from of former) graph.addEdge(from, END);
  return graph.compile();
}

function layersOf(parts: readonly Part[], isInlined: boolean, prefix: string): readonly (readonly [string, Part])[] {
  return parts.flatMap((part, place) => {
    const name = `${prefix}.${place}`;
    return "parts" in part && isInlined ? layersOf(part.parts, isInlined, name) : [[name, part] as const];
  });
}

/** Runs to the end: failures are tried again, questions answered one at a time, each call by another runner. */
async function endOf(
  app: ReturnType<typeof graphOf>,
  options: { readonly checkpointer: Checkpointer; readonly durability: "step" | "exit" },
): Promise<State> {
  let result: RunResult<typeof channels> | undefined;
  for (let calls = 0; result?.outcome !== "completed"; calls++) {
    expect(calls).toBeLessThan(200);
    const runner = new AppRunner(app, options);
    const { reason } = result?.outcome === "paused" ? result : {};
    const asked = reason?.kind === "interrupt" ? reason.interrupts.at(-1) : undefined;
    const going =
      asked === undefined ? runner.invoke("s") : runner.resume("s", { [asked.id]: `to ${String(asked.payload)}` });
    result = await going.catch(() => undefined);
  }
  return result.state;
}

test.each([
  ["memory", "step", () => new MemoryCheckpointer()],
  ["memory", "exit", () => new MemoryCheckpointer()],
  ["SQLite", "step", () => new SqliteCheckpointer(":memory:")],
  ["SQLite", "exit", () => new SqliteCheckpointer(":memory:")],
] as const)(
  "a run with subgraphs ends as the run of the graph with all of them inlined, on %s under durability %s",
  async (_, durability, open) => {
    await fc.assert(
      fc.asyncProperty(parts, async (list) => {
        const options = () => ({ checkpointer: open(), durability });
        const inlined = await endOf(graphOf(list, { failed: new Set(), isInlined: true }), options());
        expect(await endOf(graphOf(list, { failed: new Set(), isInlined: false }), options())).toEqual(inlined);
      }),
      { numRuns: 40 },
    );
  },
  60_000,
);
