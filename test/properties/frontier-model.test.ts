import fc from "fast-check";
import { expect, test } from "vitest";
import type { EdgeDeclaration } from "../../src/graph/declaration.js";
import { planOf } from "../../src/graph/plan.js";
import {
  type Channels,
  computeNextFrontier,
  END,
  type GraphPlan,
  type Progress,
  type RouteTarget,
  type TaskResult,
} from "../../src/index.js";
import { askRoutes, type RouteAnswers } from "../../src/superstep/routes.js";

/** An edge, in order of declaration. A conditional one always answers the same. */
type Edge =
  | { readonly kind: "edge"; readonly from: string; readonly to: string }
  | { readonly kind: "join"; readonly from: readonly string[]; readonly to: string }
  | {
      readonly kind: "conditional";
      readonly from: string;
      readonly answer: readonly RouteTarget[];
      readonly targets: readonly string[] | undefined;
    };
interface Graph {
  readonly nodes: readonly {
    readonly name: string;
    readonly defer: boolean;
    readonly ends: readonly string[] | undefined;
  }[];
  readonly edges: readonly Edge[];
}
interface Outcome {
  readonly targets: readonly RouteTarget[];
  readonly progress: Progress;
  readonly end: unknown;
}

// The slow, obvious twin: F1–F6 read aloud.

const nameOf = (target: RouteTarget) => (typeof target === "string" ? target : target.node);
const joinKey = (sources: readonly string[], to: string) => JSON.stringify([[...sources].sort(), to]);
const isJoin = (edge: Edge): edge is Edge & { kind: "join" } => edge.kind === "join";

interface Mention {
  readonly origin: string;
  readonly target: RouteTarget;
  readonly allowed: readonly string[] | undefined;
}

/** F4: where each join stands after these tasks, in the order given; a replace arms nothing. */
function armedAfter(graph: Graph, ran: readonly TaskResult[], former: Progress): Map<string, ReadonlySet<string>> {
  const passed = new Set(
    ran.filter(({ outcome }) => !outcome.routes.some(({ mode }) => mode === "replace")).map(({ task }) => task.node),
  );
  return new Map(
    graph.edges.filter(isJoin).map(({ from, to }) => {
      const before = former.joins[joinKey(from, to)] ?? [];
      return [joinKey(from, to), new Set(from.filter((source) => before.includes(source) || passed.has(source)))];
    }),
  );
}

/** F1: the ways out of the n-th task that ran, in their order. */
function mentionsOf(graph: Graph, ran: readonly TaskResult[], n: number, former: Progress): readonly Mention[] {
  const { task, outcome } = ran[n] as TaskResult;
  const origin = task.node;
  const ends = graph.nodes.find(({ name }) => name === origin)?.ends;
  const routed = (mode: string) =>
    outcome.routes.filter((route) => route.mode === mode).flatMap(({ targets }) => targets);
  const commanded = (mode: string) => routed(mode).map((target) => ({ origin, target, allowed: ends }));
  if (outcome.routes.some(({ mode }) => mode === "replace")) return commanded("replace");
  const isFull = (edge: Edge & { kind: "join" }, tasks: readonly TaskResult[]) =>
    armedAfter(graph, tasks, former).get(joinKey(edge.from, edge.to))?.size === edge.from.length;
  const leads = (edge: Edge) => {
    if (edge.kind === "edge") return edge.from === origin;
    return (
      isJoin(edge) && edge.from.includes(origin) && isFull(edge, ran.slice(0, n + 1)) && !isFull(edge, ran.slice(0, n))
    );
  };
  const edges = graph.edges
    .filter(leads)
    .map((edge) => ({ origin, target: (edge as { to: string }).to, allowed: undefined }));
  const asked = graph.edges.flatMap((edge) => {
    if (edge.kind !== "conditional" || edge.from !== origin) return [];
    return edge.answer.map((target) => ({ origin, target, allowed: edge.targets }));
  });
  return [...edges, ...commanded("append"), ...asked];
}

/** The next frontier, or the first mention that leads nowhere (F3). */
function twin(graph: Graph, ran: readonly TaskResult[], former: Progress): Outcome | Mention {
  const known = [...graph.nodes.map(({ name }) => name), END];
  const mentions = ran.flatMap((_, n) => mentionsOf(graph, ran, n, former));
  const exists = ({ target }: Mention) =>
    known.includes(nameOf(target)) && (typeof target === "string" || target.node !== END);
  const wrong = mentions.find(
    (mention) => !exists(mention) || mention.allowed?.includes(nameOf(mention.target)) === false,
  );
  if (wrong !== undefined) return wrong;
  const reached = [...former.deferred, ...mentions.map(({ target }) => target).filter((target) => target !== END)];
  const merged = reached.filter((target, index) => typeof target !== "string" || reached.indexOf(target) === index);
  const waits = (target: RouteTarget) => graph.nodes.some(({ name, defer }) => name === nameOf(target) && defer);
  const now = merged.filter((target) => !waits(target));
  const deferred = merged.filter(waits);
  const armed = [...armedAfter(graph, ran, former)].filter(
    ([key, sources]) => sources.size > 0 && sources.size < sourcesOf(key).length,
  );
  const joins = Object.fromEntries(armed.map(([key, sources]) => [key, [...sources]]));
  const ended = former.ended || mentions.some(({ target }) => target === END);
  const targets = now.length > 0 ? now : deferred;
  const progress = { joins, ended, deferred: now.length > 0 ? deferred : [] };
  return { targets, progress, end: targets.length > 0 ? undefined : whyEmpty(armed, ended) };
}

function whyEmpty([stalled]: readonly (readonly [string, ReadonlySet<string>])[], ended: boolean): unknown {
  if (ended) return { kind: "end" };
  if (stalled === undefined) return { kind: "emptyFrontier" };
  const [key, sources] = stalled;
  return { kind: "stalled", waitingFor: sourcesOf(key).filter((source) => !sources.has(source)) };
}

function sourcesOf(key: string): readonly string[] {
  return (JSON.parse(key) as [string[], string])[0];
}

// Random graphs, and what ran in them.

const NAMES = ["a", "b", "c", "d", "e"];
const name = fc.constantFrom(...NAMES);
const place = fc.oneof(
  { weight: 8, arbitrary: name },
  { weight: 2, arbitrary: fc.constant(END) },
  { weight: 1, arbitrary: fc.constant("ghost") },
);
const target: fc.Arbitrary<RouteTarget> = fc.oneof(
  { weight: 5, arbitrary: place },
  { weight: 1, arbitrary: fc.record({ node: name, input: fc.nat(3) }) },
);
const targets = fc.array(target, { maxLength: 3 });
const declared = fc.option(fc.uniqueArray(fc.oneof(name, fc.constant(END)), { minLength: 3 }), {
  nil: undefined,
  freq: 2,
});
const exit = fc.oneof(name, fc.constant(END));
const edge: fc.Arbitrary<Edge> = fc.oneof(
  fc.record({ kind: fc.constant("edge" as const), from: name, to: exit }),
  fc.record({
    kind: fc.constant("join" as const),
    from: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
    to: name,
  }),
  fc.record({ kind: fc.constant("conditional" as const), from: name, answer: targets, targets: declared }),
);
const graphs: fc.Arbitrary<Graph> = fc.record({
  nodes: fc.tuple(...NAMES.map((node) => fc.record({ name: fc.constant(node), defer: fc.boolean(), ends: declared }))),
  edges: fc.uniqueArray(edge, {
    maxLength: 8,
    selector: (one) => (one.kind === "join" ? joinKey(one.from, one.to) : one),
  }),
});
const route = fc.record({ mode: fc.constantFrom("append" as const, "replace" as const), targets });
const results: fc.Arbitrary<readonly TaskResult[]> = fc
  .array(
    fc.record({
      node: name,
      routes: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(route, { maxLength: 3 }) },
      ),
    }),
    { maxLength: 5 },
  )
  .map((ran) =>
    ran.map(({ node, routes }, index) => ({ task: { id: `t.${index}`, node }, outcome: { updates: [], routes } })),
  );

function planFor(graph: Graph): GraphPlan<Channels> {
  const edges = graph.edges.map((one): EdgeDeclaration<Channels> => {
    if (one.kind !== "conditional") return one;
    return {
      kind: "conditional",
      from: one.from,
      targets: one.targets,
      route: () => one.answer.map(toTarget) as never,
    };
  });
  const nodes = graph.nodes.map(({ name, defer, ends }) => ({
    name,
    node: () => undefined,
    options: { defer, ...(ends && { ends }) },
  }));
  return planOf({ name: "random", channels: {}, nodes, edges }, "fingerprint");
}

/** What a route may answer; a plain record stands for a Send here. */
function toTarget(one: RouteTarget): unknown {
  return typeof one === "string"
    ? one
    : Object.defineProperty({ ...one }, Symbol.for("superstep.send"), { value: true });
}

function ours(graph: Graph, ran: readonly TaskResult[], progress: Progress): Outcome | Mention {
  const plan = planFor(graph);
  const answers = askRoutes(plan, ran, {}) as RouteAnswers;
  try {
    return computeNextFrontier({ plan, results: ran, answers, progress });
  } catch (error) {
    const { origin, target: to } = error as { origin: string; target: string };
    return { origin, target: to, allowed: undefined };
  }
}

/** Orders that mean nothing are made equal: of a join's armed sources, and of what a stall waits for. */
function plain(outcome: Outcome | Mention): object {
  if ("origin" in outcome) return { origin: outcome.origin, target: nameOf(outcome.target) };
  const joins = Object.fromEntries(
    Object.entries(outcome.progress.joins).map(([key, sources]) => [key, [...sources].sort()]),
  );
  const { kind, waitingFor } = (outcome.end ?? {}) as { kind?: string; waitingFor?: readonly string[] };
  return {
    targets: outcome.targets,
    progress: { ...outcome.progress, joins },
    kind,
    waitingFor: waitingFor && [...waitingFor].sort(),
  };
}

const START_OF_ALL: Progress = { joins: {}, deferred: [], ended: false };

test("F1–F6: the frontier agrees with its slow, obvious twin, superstep after superstep", () => {
  fc.assert(
    fc.property(graphs, fc.array(results, { minLength: 1, maxLength: 4 }), (graph, supersteps) => {
      let progress = START_OF_ALL;
      for (const ran of supersteps) {
        const expected = twin(graph, ran, progress);
        const actual = ours(graph, ran, progress);
        expect(plain(actual)).toEqual(plain(expected));
        if ("origin" in actual) return;
        progress = actual.progress;
      }
    }),
    { numRuns: 5_000 },
  );
});

test("F6: the order of commands within a task changes no set of targets, and no progress", () => {
  const set = (outcome: Outcome | Mention) => {
    if ("origin" in outcome) return "refused";
    const { targets: all, ...rest } = plain(outcome) as { targets: readonly RouteTarget[] };
    return { ...rest, targets: all.map((one) => JSON.stringify(one)).sort() };
  };
  const noDeferred = graphs.map((graph) => ({
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, defer: false })),
  }));
  fc.assert(
    fc.property(noDeferred, results, (graph, ran) => {
      const turned = ran.map(({ task, outcome }) => ({
        task,
        outcome: { ...outcome, routes: outcome.routes.toReversed() },
      }));
      expect(set(ours(graph, turned, START_OF_ALL))).toEqual(set(ours(graph, ran, START_OF_ALL)));
    }),
    { numRuns: 2_000 },
  );
});

test("F2: every frontier names a node once at most, and keeps every Send", () => {
  fc.assert(
    fc.property(graphs, results, (graph, ran) => {
      const outcome = ours(graph, ran, START_OF_ALL);
      if ("origin" in outcome) return;
      const all = [...outcome.targets, ...outcome.progress.deferred];
      const names = all.filter((one) => typeof one === "string");
      expect(new Set(names).size).toBe(names.length);
      expect(names).not.toContain(END);
    }),
    { numRuns: 1_000 },
  );
});
