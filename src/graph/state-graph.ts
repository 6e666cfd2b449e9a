/** The builder: nodes over typed channels, edges between them. Nothing is checked until `compile()`, which checks everything. */
import { checkNames, InvalidOptionError, type OptionNames, shown } from "../errors.js";
import type { Channels } from "../state/channel.js";
import { type App, compile } from "./app.js";
import type { CompiledGraph, EdgeDeclaration, NodeDeclaration, RouteFn } from "./declaration.js";
import type { NodeFn, NodeOptions } from "./node.js";
import type { END, START } from "./target.js";

/** What a graph is called: in drawings, spans and the cache. */
export interface GraphOptions {
  /** Default "graph". */
  readonly name?: string;
}

const GRAPH_OPTIONS = { name: true } satisfies OptionNames<GraphOptions>;

/** A graph under construction. Node names are part of its type: a misspelt edge does not compile. */
export class StateGraph<C extends Channels, N extends string = never> {
  readonly #name: string;
  readonly #channels: C;
  readonly #nodes: NodeDeclaration<C>[] = [];
  readonly #edges: EdgeDeclaration<C>[] = [];

  /** Throws InvalidOptionError. */
  constructor(channels: C, options: GraphOptions = {}) {
    checkNames(options, GRAPH_OPTIONS);
    if (options.name !== undefined && (typeof options.name !== "string" || options.name === ""))
      throw new InvalidOptionError("name", `of a graph is ${shown(options.name)}`, "give a string that is not empty");
    this.#channels = { ...channels };
    this.#name = options.name ?? "graph";
  }

  /** A function, or a whole graph (`docs/subgraphs.md`): its supersteps are one task of this graph's. */
  addNode<K extends string, S extends Channels = Channels>(
    name: FreeName<K, N>,
    // biome-ignore lint/suspicious/noExplicitAny: whatever its nodes are called
    node: NodeFn<C> | App<S, any>,
    options: NodeOptions<C, S> = {},
  ): StateGraph<C, N | K> {
    const own = ownOptions(options as NodeOptions<C>);
    this.#nodes.push({ name, node: node as NodeFn<C> | CompiledGraph, options: own });
    return this as unknown as StateGraph<C, N | K>;
  }

  /** A list on the left is a join: the target waits until every one of them has run. */
  addEdge(from: N | typeof START | readonly N[], to: NoInfer<N> | typeof END): this {
    this.#edges.push(typeof from === "string" ? { kind: "edge", from, to } : { kind: "join", from: [...from], to });
    return this;
  }

  /**
   * The route is asked after the barrier, on the new state. Declare its targets and they are drawn, checked and counted as reachable.
   * Every task of `from` that ran leaves by it: names merge, Sends do not, so after a fan-out to `from` let another node send (F1, F2).
   */
  addConditionalEdges(from: N | typeof START, route: RouteFn<C, N>, targets?: readonly (N | typeof END)[]): this {
    this.#edges.push({ kind: "conditional", from, route: route as RouteFn<C>, targets: targets && [...targets] });
    return this;
  }

  /** Checks the whole graph and throws one GraphValidationError that lists every issue. */
  compile(): App<C, N> {
    return compile({ name: this.#name, channels: this.#channels, nodes: [...this.#nodes], edges: [...this.#edges] });
  }
}

/** A name that is free; else what is wrong, for the compiler to say. Where names are not known, any will do. */
type FreeName<K extends string, N extends string> = string extends N
  ? K
  : K extends N
    ? `node ${K} is there already`
    : K extends typeof START | typeof END
      ? `${K} is reserved`
      : K;

/** The builder's own: what the caller changes afterwards changes no graph. What is none of their kind stays, for `compile` to find. */
function ownOptions<C extends Channels>(options: NodeOptions<C>): NodeOptions<C> {
  if (!isObject(options))
    throw new InvalidOptionError("options", "of a node are no record", "pass { retry: { maxAttempts: 3 } }");
  const { ends, retry, cache } = options;
  return {
    ...options,
    ...(Array.isArray(ends) && { ends: [...(ends as readonly string[])] }),
    ...(isObject(retry) && { retry: { ...retry } }),
    ...(isObject(cache) && { cache: { ...cache } }),
  };
}

function isObject<T>(value: T): value is T & object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
