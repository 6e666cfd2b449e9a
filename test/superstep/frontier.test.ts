import { expect, test } from "vitest";
import {
  type Channels,
  Command,
  computeNextFrontier,
  END,
  type Frontier,
  type GraphPlan,
  lastValue,
  type Progress,
  RouteError,
  Send,
  START,
  StateGraph,
  type StateOf,
  type TaskResult,
} from "../../src/index.js";
import { readOutcome } from "../../src/superstep/command.js";
import { NO_PROGRESS } from "../../src/superstep/frontier.js";
import { askRoutes, type RouteAnswers } from "../../src/superstep/routes.js";

const channels = { value: lastValue(0) };
const state = Object.freeze({ value: 0 });
let tasks = 0;

type Returned = Command<unknown, string> | readonly Command<unknown, string>[] | undefined;

/** A task of that node that returned this. */
function ran(node: string, returned?: Returned): TaskResult {
  return { task: { id: `t.${++tasks}`, node }, outcome: readOutcome(node, returned) };
}

function next<C extends Channels>(
  plan: GraphPlan<C>,
  results: readonly TaskResult[],
  progress: Progress = NO_PROGRESS,
): Frontier {
  const answers = askRoutes(plan, results, state as unknown as StateOf<C>) as RouteAnswers;
  return computeNextFrontier({ plan, results, answers, progress });
}

function nodes<N extends string>(...names: readonly N[]): StateGraph<typeof channels, N> {
  let graph: StateGraph<typeof channels, string> = new StateGraph<typeof channels, string>(channels);
  for (const name of names) graph = graph.addNode(name, () => undefined);
  return graph as unknown as StateGraph<typeof channels, N>;
}

const goto = (...targets: readonly (string | Send)[]) => new Command({ goto: targets });
const also = (...targets: readonly (string | Send)[]) => new Command({ goto: targets, mode: "append" });

/** a has every way out: an edge, then a conditional edge, then another edge. */
const fanned = nodes("a", "b", "c", "d", "e", "f")
  .addEdge(START, "a")
  .addEdge("a", "c")
  .addConditionalEdges("a", () => ["d", "b"])
  .addEdge("a", "b")
  .addConditionalEdges("a", () => "f", ["f"])
  .addEdge("b", END)
  .compile().plan;

test("F1: edges in order of declaration, then appended targets, then conditional edges in order of declaration", () => {
  expect(next(fanned, [ran("a")]).targets).toEqual(["c", "b", "d", "f"]);
  expect(next(fanned, [ran("a", also("e", "f"))]).targets).toEqual(["c", "b", "e", "f", "d"]);
  expect(next(fanned, [ran("a", [also("e"), also("a")])]).targets).toEqual(["c", "b", "e", "a", "d", "f"]);
});

test("F1: any replace beats every append and every edge, in whatever order they stand", () => {
  expect(next(fanned, [ran("a", goto("e"))]).targets).toEqual(["e"]);
  expect(next(fanned, [ran("a", [also("f"), goto("e"), also("d")])]).targets).toEqual(["e"]);
  expect(next(fanned, [ran("a", [goto("e"), also("f")])]).targets).toEqual(["e"]);
});

test("F1: several replaces lead to the union of their targets", () => {
  expect(next(fanned, [ran("a", [goto("e", "d"), goto("d", "f"), also("c")])]).targets).toEqual(["e", "d", "f"]);
});

test("F1: an empty replace goes nowhere; a Command with only an update takes the edges", () => {
  expect(next(fanned, [ran("a", goto())])).toMatchObject({ targets: [], end: { kind: "emptyFrontier" } });
  expect(next(fanned, [ran("a", new Command({ update: { value: 1 } }))]).targets).toEqual(["c", "b", "d", "f"]);
});

test("F1: tasks are walked in frontier order; a replace of one leaves the others alone", () => {
  expect(next(fanned, [ran("b", goto("e")), ran("a")]).targets).toEqual(["e", "c", "b", "d", "f"]);
  expect(next(fanned, [ran("a", goto("e")), ran("a")]).targets).toEqual(["e", "c", "b", "d", "f"]);
});

test("F1: the conditional edges of START are evaluated on the input (P11)", () => {
  const seen: unknown[] = [];
  const { plan } = nodes("a", "b")
    .addConditionalEdges(START, (now) => {
      seen.push(now);
      return "b";
    })
    .addEdge("a", END)
    .addEdge("b", END)
    .compile();
  expect(next(plan, [{ task: { id: "input", node: START }, outcome: { updates: [], routes: [] } }]).targets).toEqual([
    "b",
  ]);
  expect(seen).toEqual([state]);
});

test("F2: a node reached by name appears once, at first mention, whoever leads there", () => {
  const { targets } = next(fanned, [ran("b", goto("d", "c", "d")), ran("a", also("d")), ran("a")]);
  expect(targets).toEqual(["d", "c", "b", "f"]);
});

test("F2: Sends are never merged, neither with each other nor with a name", () => {
  const { targets } = next(fanned, [
    ran("a", goto(new Send("d", 1), "d", new Send("d", 1))),
    ran("b", goto("d", new Send("d", 2))),
  ]);
  expect(targets).toEqual([{ node: "d", input: 1 }, "d", { node: "d", input: 1 }, { node: "d", input: 2 }]);
});

test("F3: an unknown target is a RouteError that names origin and target, never skipped (L5)", () => {
  const wrong: readonly (readonly [TaskResult, string])[] = [
    [ran("a", goto("ghost")), "ghost"],
    [ran("a", also("ghost")), "ghost"],
    [ran("a", goto("b", new Send("ghost", 1))), "ghost"],
    [ran("a", goto(START)), START],
    [ran("a", goto(new Send(END, 1))), END],
    [ran("a", goto("")), ""],
    [ran("a", goto("toString")), "toString"],
  ];
  for (const [result, target] of wrong) {
    const attempt = () => next(fanned, [ran("b"), result]);
    expect(attempt).toThrow(RouteError);
    expect(attempt).toThrow(expect.objectContaining({ code: "ROUTE_UNKNOWN_TARGET", origin: "a", target }));
  }
});

test("F3: a conditional edge may lead to its declared targets only; without any, to every node and END", () => {
  const planWith = (answer: string, targets?: readonly ("b" | typeof END)[]) =>
    nodes("a", "b")
      .addEdge(START, "a")
      .addEdge("b", END)
      .addEdge("a", "b")
      .addConditionalEdges("a", () => answer as "b", targets)
      .compile().plan;
  expect(next(planWith("b", ["b"]), [ran("a")]).targets).toEqual(["b"]);
  expect(next(planWith("a"), [ran("a")]).targets).toEqual(["b", "a"]);
  expect(next(planWith(END), [ran("a")]).progress.ended).toBe(true);
  const refused = [planWith("a", ["b"]), planWith(END, ["b"]), planWith("ghost"), planWith("ghost", ["b"])];
  for (const plan of refused)
    expect(() => next(plan, [ran("a")])).toThrow(
      expect.objectContaining({ code: "ROUTE_UNKNOWN_TARGET", origin: "a" }),
    );
});

test("F3: declared ends bind Commands and Sends of that node, and nothing else", () => {
  const { plan } = nodes("b", "c")
    .addNode("a", () => undefined, { ends: ["b"] })
    .addEdge(START, "a")
    .addEdge("a", "c")
    .addConditionalEdges("a", () => "c")
    .addEdge("b", END)
    .addEdge("c", END)
    .compile();
  expect(next(plan, [ran("a", also("b", new Send("b", 1)))]).targets).toEqual(["c", "b", { node: "b", input: 1 }]);
  for (const command of [goto("c"), also("c"), goto(new Send("c", 1)), goto(END)]) {
    expect(() => next(plan, [ran("a", command)])).toThrow(
      expect.objectContaining({ code: "ROUTE_UNKNOWN_TARGET", origin: "a" }),
    );
  }
});

const joined = nodes("a", "b", "j", "x")
  .addEdge(START, "a")
  .addEdge(START, "b")
  .addEdge(["a", "b"], "j")
  .addEdge("j", "x")
  .addEdge("x", "a")
  .addEdge("x", "b")
  .addConditionalEdges("x", () => [], [END])
  .compile().plan;

test("F4: a join fires once all its sources have run, in one superstep or over several (P21)", () => {
  expect(next(joined, [ran("a"), ran("b")])).toMatchObject({ targets: ["j"], progress: NO_PROGRESS });
  const half = next(joined, [ran("a", also("x"))]);
  expect(half.targets).toEqual(["x"]);
  expect(Object.values(half.progress.joins)).toEqual([["a"]]);
  const still = next(joined, [ran("x", goto("a", "b"))], half.progress);
  expect(still.progress.joins).toEqual(half.progress.joins);
  expect(next(joined, [ran("b")], still.progress)).toMatchObject({ targets: ["j"], progress: { joins: {} } });
});

test("F4: a join in a loop arms again, from nothing", () => {
  const first = next(joined, [ran("a"), ran("b")]);
  expect(next(joined, [ran("j")], first.progress).targets).toEqual(["x"]);
  const again = next(joined, [ran("x")], first.progress);
  expect(again.targets).toEqual(["a", "b"]);
  const half = next(joined, [ran("b", also("x"))], again.progress);
  expect(half.targets).toEqual(["x"]);
  expect(next(joined, [ran("a")], half.progress).targets).toEqual(["j"]);
});

test("F4: a source that runs twice before the join fires counts once", () => {
  const half = next(joined, [ran("a", also("x")), ran("a")]);
  expect(half.targets).toEqual(["x"]);
  expect(next(joined, [ran("a")], half.progress)).toMatchObject({ end: { kind: "stalled" } });
});

test("F4: a source that runs twice in the superstep in which the join fires does not arm it anew, in whatever order", () => {
  for (const order of [
    ["a", "b", "a"],
    ["a", "a", "b"],
    ["b", "a", "b", "a"],
  ]) {
    const { targets, progress } = next(
      joined,
      order.map((node) => ran(node)),
    );
    expect(targets).toEqual(["j"]);
    expect(progress.joins).toEqual({});
  }
});

test("F4: a task that replaced its targets does not arm a join", () => {
  const { targets, progress } = next(joined, [ran("a", goto("x")), ran("b")]);
  expect(targets).toEqual(["x"]);
  expect(Object.values(progress.joins)).toEqual([["b"]]);
});

test("F4: nothing left with a join half-armed is a stall that names the join and what it waits for (L6)", () => {
  const { plan } = nodes("a", "b", "c", "j")
    .addConditionalEdges(START, () => "a")
    .addEdge(["a", "b", "c"], "j")
    .addEdge("j", END)
    .compile();
  expect(next(plan, [ran("a")])).toMatchObject({
    targets: [],
    end: { kind: "stalled", join: "j", waitingFor: ["b", "c"] },
  });
  expect(next(plan, [ran("a"), ran("c")]).end).toEqual({ kind: "stalled", join: "j", waitingFor: ["b"] });
});

test("F4: when END was reached in this invocation, by whichever branch, it is an end and no stall", () => {
  const { plan } = nodes("a", "b", "j", "x")
    .addConditionalEdges(START, () => ["a", "x"])
    .addEdge(["a", "b"], "j")
    .addEdge("j", END)
    .addConditionalEdges("x", () => END)
    .compile();
  expect(next(plan, [ran("a"), ran("x")]).end).toEqual({ kind: "end" });
  const earlier = next(plan, [ran("x"), ran("a", goto("a"))]);
  expect(earlier).toMatchObject({ targets: ["a"], progress: { ended: true } });
  expect(next(plan, [ran("a")], earlier.progress).end).toEqual({ kind: "end" });
});

test("F5: only END left is an end, nothing left is an empty frontier", () => {
  expect(next(fanned, [ran("b")])).toMatchObject({ targets: [], end: { kind: "end" } });
  expect(next(fanned, [ran("c")])).toMatchObject({ targets: [], end: { kind: "emptyFrontier" } });
  expect(next(fanned, [ran("b"), ran("a")])).toMatchObject({ targets: ["c", "b", "d", "f"], end: undefined });
  expect(next(fanned, [ran("a", goto(END, "c"))])).toMatchObject({ targets: ["c"], end: undefined });
});

test("F6: explicit routes run whether or not anything changed: a loop without writes goes round (P3)", () => {
  const { plan } = nodes("a", "b")
    .addEdge(START, "a")
    .addEdge("a", "b")
    .addConditionalEdges("b", () => "a", ["a", END])
    .compile();
  expect(next(plan, [ran("a")]).targets).toEqual(["b"]);
  expect(next(plan, [ran("b")]).targets).toEqual(["a"]);
});

test("F6: the set of targets does not depend on the order of commands within a task", () => {
  const commands = [goto("e", "d"), also("f"), goto("b"), also("c")];
  const forwards = new Set(next(fanned, [ran("a", commands)]).targets);
  const backwards = new Set(next(fanned, [ran("a", commands.toReversed())]).targets);
  expect(backwards).toEqual(forwards);
});

const deferring = nodes("a", "b")
  .addNode("last", () => undefined, { defer: true })
  .addEdge(START, "a")
  .addEdge("a", "b")
  .addEdge("a", "last")
  .addEdge("b", "last")
  .addEdge("last", END)
  .compile().plan;

test("defer: a deferred node waits while anything else is left, across supersteps, and then runs once", () => {
  const first = next(deferring, [ran("a")]);
  expect(first).toMatchObject({ targets: ["b"], progress: { deferred: ["last"] } });
  const second = next(deferring, [ran("b")], first.progress);
  expect(second).toMatchObject({ targets: ["last"], progress: { deferred: [] }, end: undefined });
  expect(next(deferring, [ran("last")], second.progress).end).toEqual({ kind: "end" });
});

test("defer: Sends to a deferred node wait each for itself", () => {
  const first = next(deferring, [ran("a", [goto("b", "last", new Send("last", 1)), goto(new Send("last", 2))])]);
  expect(first.targets).toEqual(["b"]);
  expect(next(deferring, [ran("b")], first.progress).targets).toEqual([
    "last",
    { node: "last", input: 1 },
    { node: "last", input: 2 },
  ]);
});

test("defer: a deferred node runs also when END was reached, and before a half-armed join is called a stall", () => {
  expect(next(deferring, [ran("a", goto("last", END))])).toMatchObject({ targets: ["last"], end: undefined });
  const { plan } = nodes("a", "j")
    .addNode("late", () => undefined, { defer: true })
    .addConditionalEdges(START, () => ["a", "late"])
    .addEdge(["a", "late"], "j")
    .addEdge("j", END)
    .compile();
  const first = next(plan, [ran("a")], { joins: {}, deferred: ["late"], ended: false });
  expect(first).toMatchObject({ targets: ["late"], end: undefined });
  expect(next(plan, [ran("late")], first.progress).targets).toEqual(["j"]);
});

test("progress that nothing changed stays the same value", () => {
  expect(next(fanned, [ran("a")]).progress).toBe(NO_PROGRESS);
});
