/** A checked graph, arranged for running: everything that can be decided before the first superstep is decided here. */
import type { AnyChannel, Channels } from "../state/channel.js";
import {
  type CompiledGraph,
  type Declaration,
  type EdgeDeclaration,
  edgesByOrigin,
  isCompiled,
  type RouteFn,
} from "./declaration.js";
import { isMap, type Tolerance, toleranceOf } from "./map.js";
import type { NodeContext, NodeFn, NodeOptions } from "./node.js";
import { END, START } from "./target.js";

/** An edge that waits until all of its sources have run (F4). */
interface JoinPlan {
  /** Stable across processes: names the join in a checkpoint. */
  readonly id: string;
  readonly sources: readonly string[];
  readonly to: string;
}
/** A static way out of a node, in order of declaration. */
type ExitPlan = { readonly kind: "edge"; readonly to: string } | { readonly kind: "join"; readonly join: JoinPlan };
/** A way out that is decided at run time. */
export interface RoutePlan<C extends Channels> {
  readonly origin: string;
  readonly route: RouteFn<C>;
  /** Undefined: any node, or END. */
  readonly targets: ReadonlySet<string> | undefined;
}
/** What leads out of START or of a node. */
export interface OriginPlan<C extends Channels> {
  readonly exits: readonly ExitPlan[];
  readonly routes: readonly RoutePlan<C>[];
  /** Where its Commands may go; undefined: any node, or END. */
  readonly ends: ReadonlySet<string> | undefined;
}
/** A node, and what leads out of it. */
export interface NodePlan<C extends Channels> extends OriginPlan<C> {
  readonly name: string;
  readonly run: NodeFn<C>;
  readonly options: NodeOptions<C>;
  /** Whether it sends itself its tasks: of these, its options are. */
  readonly isMap: boolean;
  /** What its fan-out bears, if it bears failures. */
  readonly tolerance: Tolerance | undefined;
  /** The graph that is this node, if one is. */
  readonly sub: SubgraphPlan | undefined;
}
/** A graph that is a node of another. */
export interface SubgraphPlan {
  readonly node: string;
  readonly plan: GraphPlan<Channels>;
  /** Channels of the graph around it, by the names that both have. */
  readonly shared: ReadonlyMap<string, AnyChannel>;
  readonly input: NodeOptions<Channels>["input"];
  readonly output: NodeOptions<Channels>["output"];
}
/** What a node that is a graph asks of its context: to run that graph. */
export interface Descending {
  descend(sub: SubgraphPlan): Promise<unknown>;
}
/** A checked graph, arranged for running. */
export interface GraphPlan<C extends Channels> {
  readonly name: string;
  readonly channels: ReadonlyMap<string, AnyChannel>;
  readonly ephemeral: readonly string[];
  readonly nodes: ReadonlyMap<string, NodePlan<C>>;
  readonly start: OriginPlan<C>;
  readonly joins: ReadonlyMap<string, JoinPlan>;
  readonly fingerprint: string;
  /** Whether a node of it is a graph. */
  readonly hasSubgraphs: boolean;
  /** Whether some node has a cache. */
  readonly hasCache: boolean;
  /** Channels whose values are kept apart from checkpoints when they take more bytes than that; undefined when there are none. */
  readonly apartAbove: ReadonlyMap<string, number> | undefined;
}

/** Bytes of a value from which a channel that says no number keeps it apart. */
const APART = 65_536;

/** Arranges a valid declaration for running. */
export function planOf<C extends Channels>(declaration: Declaration<C>, fingerprint: string): GraphPlan<C> {
  const joins = new Map<string, JoinPlan>();
  for (const edge of declaration.edges) {
    if (edge.kind !== "join") continue;
    const id = joinId(edge.from, edge.to);
    joins.set(id, { id, sources: edge.from, to: edge.to });
  }
  const ways = { leaving: edgesByOrigin(declaration.edges), joins };
  const channels = new Map(Object.entries(declaration.channels));
  return {
    name: declaration.name,
    channels,
    ephemeral: [...channels].filter(([, channel]) => channel.ephemeral === true).map(([name]) => name),
    nodes: new Map(declaration.nodes.map((node) => [node.name, nodePlan(declaration, ways, node)])),
    start: originPlan(ways, START),
    joins,
    fingerprint,
    hasSubgraphs: declaration.nodes.some(({ node }) => isCompiled(node)),
    apartAbove: apartAboveOf(channels),
    hasCache: declaration.nodes.some(({ options }) => options.cache !== undefined),
  };
}

/** What leads out of where. */
interface Ways<C extends Channels> {
  readonly leaving: ReturnType<typeof edgesByOrigin<C>>;
  readonly joins: ReadonlyMap<string, JoinPlan>;
}

function apartAboveOf(channels: ReadonlyMap<string, AnyChannel>): ReadonlyMap<string, number> | undefined {
  const limits = [...channels].flatMap(([name, { artifactsAbove = false, ephemeral = false }]) =>
    artifactsAbove === false || ephemeral ? [] : [[name, artifactsAbove === true ? APART : artifactsAbove] as const],
  );
  return limits.length === 0 ? undefined : new Map(limits);
}

function nodePlan<C extends Channels>(
  declaration: Declaration<C>,
  ways: Ways<C>,
  node: Declaration<C>["nodes"][number],
): NodePlan<C> {
  const { name, options } = node;
  const sub = isCompiled(node.node) ? subgraphPlan(declaration, node, node.node) : undefined;
  const run = sub === undefined ? (node.node as NodeFn<C>) : entering<C>(sub);
  const ends = isMap(run) ? options.ends && [...options.ends, name] : options.ends;
  const tolerance = toleranceOf(run);
  return { ...originPlan(ways, name, ends), name, run, options, sub, isMap: isMap(run), tolerance };
}

function subgraphPlan<C extends Channels>(
  { channels }: Declaration<C>,
  { name, options }: Declaration<C>["nodes"][number],
  compiled: CompiledGraph,
): SubgraphPlan {
  const plan = compiled.plan as GraphPlan<Channels>;
  const { input, output } = options as NodeOptions<Channels>;
  const shared = new Map(Object.entries(channels).filter(([channel]) => plan.channels.has(channel)));
  return { node: name, plan, shared, input, output };
}

/** The node that a graph is to the graph around it. */
function entering<C extends Channels>(sub: SubgraphPlan): NodeFn<C> {
  return (_, ctx) => (ctx as NodeContext & Descending).descend(sub) as ReturnType<NodeFn<C>>;
}

function originPlan<C extends Channels>(
  { leaving, joins }: Ways<C>,
  origin: string,
  ends?: readonly string[],
): OriginPlan<C> {
  const edges = leaving.get(origin) ?? [];
  return {
    exits: edges.flatMap((edge) => exitOf(edge, joins) ?? []),
    routes: edges.flatMap((edge) => {
      if (edge.kind !== "conditional") return [];
      return [{ origin, route: edge.route, targets: edge.targets && new Set(edge.targets) }];
    }),
    ends: ends && new Set(ends),
  };
}

function exitOf<C extends Channels>(
  edge: EdgeDeclaration<C>,
  joins: ReadonlyMap<string, JoinPlan>,
): ExitPlan | undefined {
  if (edge.kind === "edge") return { kind: "edge", to: edge.to };
  const join = edge.kind === "join" ? joins.get(joinId(edge.from, edge.to)) : undefined;
  return join && { kind: "join", join };
}

/** The names that a message may offer as targets. */
export function targetNames<C extends Channels>(plan: GraphPlan<C>): readonly string[] {
  return [...plan.nodes.keys(), END];
}

function joinId(sources: readonly string[], to: string): string {
  return JSON.stringify([[...sources].sort(), to]);
}
