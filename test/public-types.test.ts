/** What callers may write down, and what the compiler stops them from. The marked lines must not compile; `npm run check:types` looks at them too. */
import { fileURLToPath } from "node:url";
import { expect, expectTypeOf, test } from "vitest";
import {
  AppRunner,
  append,
  type ConfigOptions,
  type DrainSignal,
  END,
  type FailurePolicy,
  type ItemResult,
  lastValue,
  map,
  START,
  StateGraph,
  type StateOf,
  sum,
} from "../src/index.js";
import { nodeModule } from "../src/workers.js";
import { problems } from "./compiler.js";

const channels = {
  name: lastValue(""),
  log: append<string>(),
  sizes: append<number>(),
  mixed: append<number | string>(),
  results: append<ItemResult<number>>(),
  total: sum(),
};
const graph = () => new StateGraph(channels);
const app = () =>
  graph()
    .addNode("a", () => ({}))
    .addEdge(START, "a")
    .addEdge("a", END)
    .compile();

/** Compiled, and never run. */
const neverRun = [
  function whatMayBeUndefined(isKnown: boolean, limit: number | undefined) {
    graph().addNode("a", () => ({ name: isKnown ? "x" : undefined }), {
      timeoutMs: limit,
      onError: isKnown ? () => ({}) : undefined,
      retry: isKnown ? { maxAttempts: 2, maxDelayMs: limit } : undefined,
    });
    const runner = new AppRunner(app(), { maxConcurrency: limit, hooks: undefined, random: undefined });
    void runner.invoke("s", { name: undefined }, { maxSteps: limit, signal: undefined, entry: undefined });
    void runner.fork("s", { as: "t", step: limit, update: undefined, asNode: undefined });
    return lastValue("", { schema: undefined, label: undefined });
  },
  function map_() {
    graph().addNode(
      "a",
      map(
        ({ log }) => log,
        (line) => line.length,
        { into: "sizes" },
      ),
    );
    graph().addNode(
      "a",
      map(
        ({ log }) => log,
        (line) => line.length,
        { into: "mixed" },
      ),
    );
    graph().addNode(
      "a",
      map(
        ({ log }) => log,
        async (line) => line.length,
        { into: "results", policy: "collect", quorum: 0.5 },
      ),
    );
    graph().addNode(
      "a",
      map(
        ({ log }) => log,
        (line) => line.length,
        { into: "sizes", policy: "skip", quorum: 1 },
      ),
    );
    graph().addNode(
      "a",
      map(
        ({ log }) => log,
        (line) => line.length,
        { write: (total, line) => ({ total, log: line }) },
      ),
    );
    const apart = map(
      (state: { readonly log: readonly string[]; readonly sizes: readonly number[] }) => state.log,
      (line) => line.length,
      {
        into: "sizes",
      },
    );
    graph().addNode("a", apart);
    const lines = ({ log }: StateOf<typeof channels>) => log;
    const size = (line: string) => line.length;
    // @ts-expect-error: results of another type than the list's
    graph().addNode("a", map(lines, size, { into: "log" }));
    // @ts-expect-error: collected results into a list of bare ones
    graph().addNode("a", map(lines, size, { into: "sizes", policy: "collect" }));
    // @ts-expect-error: bare results into a list of collected ones
    graph().addNode("a", map(lines, size, { into: "results" }));
    // @ts-expect-error: a channel that is no list
    graph().addNode("a", map(lines, size, { into: "total" }));
    // @ts-expect-error: a channel that is not there
    graph().addNode("a", map(lines, size, { into: "sises" }));
    // @ts-expect-error: a write to a channel that is not there
    graph().addNode("a", map(lines, size, { write: (total) => ({ totla: total }) }));
    // @ts-expect-error: results go nowhere
    graph().addNode("a", map(lines, size, {}));
    // @ts-expect-error: results go to two places
    graph().addNode("a", map(lines, size, { into: "sizes", write: () => ({ total: 1 }) }));
    // @ts-expect-error: a quorum where failures are thrown
    graph().addNode("a", map(lines, size, { into: "sizes", quorum: 1 }));
    const worksOut = map<StateOf<typeof channels>, string, number, "throw", "sizes">;
    graph().addNode("a", worksOut(lines, size, { into: "sizes" }));
  },
  function nodesOfModules(url: URL) {
    const untyped = nodeModule(url, "a");
    const total = nodeModule<(state: { readonly name: string }) => { total: number }>(url, "total");
    const size = nodeModule<(line: string) => number>(url, "size");
    graph()
      .addNode("a", untyped, { executor: "pool" })
      .addNode("b", total, { executor: "pool" })
      .addNode(
        "c",
        map(({ log }) => log, nodeModule(url, "size"), { into: "sizes" }),
      )
      .addNode(
        "d",
        map(({ log }) => log, size, { into: "results", policy: "collect" }),
      )
      .addNode(
        "e",
        // @ts-expect-error: results of another type than the list's
        map(({ log }) => log, size, { into: "log" }),
      )
      .addNode(
        "f",
        // @ts-expect-error: items of another type than the function's
        map(({ sizes }) => sizes, size, { into: "sizes" }),
      );
    // @ts-expect-error: writes what the channel does not take
    graph().addNode("g", nodeModule<() => { total: string }>(url, "g"));
  },
  async function stops() {
    const runner = new AppRunner(app(), { predicates: { enough: ({ state }) => state.log.length > 3 } });
    await runner.runUntil("s", { node: "a" });
    await runner.runUntil("s", { when: ({ state }) => state.total > 3 });
    await runner.setBreakpoints("s", [
      { kind: "written", channel: "log" },
      { kind: "value", channel: "total", op: "above", value: 3 },
      { kind: "routed", to: END },
      { kind: "predicate", name: "enough" },
    ]);
    await runner.setBreakpoints("t", await runner.breakpoints("s"));
    // @ts-expect-error: two targets
    await runner.runUntil("s", { node: "a", step: 3 });
    // @ts-expect-error: a misspelt node
    await runner.runUntil("s", { node: "aa" });
    // @ts-expect-error: a misspelt channel
    await runner.setBreakpoints("s", [{ kind: "written", channel: "lgo" }]);
    // @ts-expect-error: a misspelt node
    await runner.setBreakpoints("s", [{ kind: "routed", to: "aa" }]);
    // @ts-expect-error: a predicate that looks for a channel that is not there
    return new AppRunner(app(), { predicates: { enough: ({ state }) => state.lgo } });
  },
  function hooks() {
    const runner = new AppRunner(app(), { hooks: [{ onComplete: ({ state }) => void state.log.join() }] });
    runner.addHooks({ onPause: ({ state }) => void state.total.toFixed() });
    // @ts-expect-error: a hook that looks for a channel that is not there
    runner.addHooks({ onPause: ({ state }) => void state.totla });
  },
];

test("what should compile does: values that may be undefined, typed predicates, hooks and breakpoints; what should not does not", () => {
  expect(neverRun).toHaveLength(5);
  expect(problems(fileURLToPath(import.meta.url))).toEqual([]);
}, 60_000);

test("types that public options are made of have names", () => {
  expectTypeOf<FailurePolicy>().toEqualTypeOf<"drain" | "abort">();
  expectTypeOf<DrainSignal>().toExtend<string>();
  expectTypeOf<ConfigOptions["allowConfigChange"]>().toEqualTypeOf<boolean | undefined>();
});
