import { expect, test } from "vitest";
import { END, lastValue, RouteError, type RouteFn, Send, START, StateGraph, type TaskResult } from "../../src/index.js";
import { askRoutes } from "../../src/superstep/routes.js";

const channels = { value: lastValue(0) };
type Route = RouteFn<typeof channels, "a" | "b">;
const state = Object.freeze({ value: 7 });

function planWith(fromA: readonly Route[], fromB: readonly Route[] = []) {
  const graph = new StateGraph(channels)
    .addNode("a", () => undefined)
    .addNode("b", () => undefined)
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge("a", END);
  for (const route of fromA) graph.addConditionalEdges("a", route);
  for (const route of fromB) graph.addConditionalEdges("b", route);
  return graph.compile().plan;
}

function ran(node: string, mode?: "replace" | "append"): TaskResult {
  return {
    task: { id: `t.${node}`, node },
    outcome: { updates: [], routes: mode === undefined ? [] : [{ mode, targets: [] }] },
  };
}

/** Calls it, waits for it, and gives what was thrown either way. */
async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("F1: conditional edges are asked on the new state, and answer in order of declaration", () => {
  const seen: unknown[] = [];
  const first: Route = (now) => {
    seen.push(now);
    return "b";
  };
  const second: Route = () => ["a", new Send("b", 1)];
  const answers = askRoutes(planWith([first, second]), [ran("a")], state);
  expect(answers).toEqual(new Map([["a", [["b"], ["a", { node: "b", input: 1 }]]]]));
  expect(seen[0]).toBe(state);
});

test("S8: synchronous routes give no promise; nobody to ask, neither", () => {
  expect(askRoutes(planWith([() => "b"]), [ran("a")], state)).toBeInstanceOf(Map);
  expect(askRoutes(planWith([]), [ran("a"), ran("b")], state)).toEqual(new Map());
});

test("a route may be asynchronous, beside others that are not", async () => {
  const answers = askRoutes(
    planWith([() => "b", async () => "a" as const], [() => Promise.resolve([END])]),
    [ran("a"), ran("b")],
    state,
  );
  expect(answers).toBeInstanceOf(Promise);
  expect(await answers).toEqual(
    new Map([
      ["a", [["b"], ["a"]]],
      ["b", [[END]]],
    ]),
  );
});

test("an origin is asked once, however many of its tasks ran", () => {
  let asked = 0;
  const route: Route = () => {
    asked++;
    return "b";
  };
  void askRoutes(planWith([route]), [ran("a"), ran("a"), ran("b")], state);
  expect(asked).toBe(1);
});

test("F1: a node that replaced its targets is not asked; one that appended is", () => {
  let asked = 0;
  const route: Route = () => {
    asked++;
    return "b";
  };
  const plan = planWith([route]);
  expect(askRoutes(plan, [ran("a", "replace")], state)).toEqual(new Map());
  expect(asked).toBe(0);
  void askRoutes(plan, [ran("a", "append")], state);
  void askRoutes(plan, [ran("a", "replace"), ran("a")], state);
  expect(asked).toBe(2);
});

test("a route that throws, rejects or answers with no target is a ROUTE_FAILED that names its origin", async () => {
  const broken = new TypeError("broken");
  const routes: readonly (readonly [Route, unknown])[] = [
    [
      () => {
        throw broken;
      },
      broken,
    ],
    [() => Promise.reject(broken), broken],
    [() => undefined as unknown as "a", expect.any(TypeError)],
    [() => Promise.resolve(null as unknown as "a"), expect.any(TypeError)],
    [() => ["a", 3 as unknown as "a"], expect.any(TypeError)],
    [
      () => {
        throw undefined;
      },
      undefined,
    ],
  ];
  for (const [route, cause] of routes) {
    const error = await failureOf(() => askRoutes(planWith([route]), [ran("a")], state));
    expect(error).toBeInstanceOf(RouteError);
    expect(error).toMatchObject({ code: "ROUTE_FAILED", origin: "a", cause });
  }
});

test("T3: a Send whose input cannot be stored is a SerializationError, whether the route is asynchronous or not", async () => {
  const send = () => new Send("b" as const, { f: () => undefined });
  for (const route of [send, async () => send()]) {
    const error = await failureOf(() => askRoutes(planWith([route]), [ran("a")], state));
    expect(error).toMatchObject({ code: "NOT_SERIALIZABLE", path: "input.f" });
  }
});

test("S7: a route that rejects beside one that throws leaves no unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const rejects: Route = () => Promise.reject(new TypeError("late"));
    const throws: Route = () => {
      throw new TypeError("early");
    };
    const error = await failureOf(() => askRoutes(planWith([rejects], [throws]), [ran("a"), ran("b")], state));
    expect(error).toMatchObject({ code: "ROUTE_FAILED", origin: "b" });
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});
