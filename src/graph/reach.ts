/** What can ever run: the nodes that START reaches, where a join counts once all its sources are reached. */
import type { Channels } from "../state/channel.js";
import { type Declaration, type EdgeDeclaration, edgesByOrigin } from "./declaration.js";
import { END, START } from "./target.js";

/** The nodes (and END, and START) that can ever be reached. */
export function reachable<C extends Channels>(declaration: Declaration<C>): ReadonlySet<string> {
  const leaving = edgesByOrigin(declaration.edges);
  const ends = new Map(declaration.nodes.map(({ name, options }) => [name, listOf(options.ends)]));
  const reached = new Set<string>([START]);
  // What is added on the way is come by, too.
  for (const name of reached) {
    const edges = leaving.get(name)?.filter((edge) => fires(edge, reached)) ?? [];
    for (const to of edges.flatMap((edge) => targetsOf(declaration, edge))) reached.add(to);
    for (const to of ends.get(name) ?? []) reached.add(to);
  }
  return reached;
}

/** What is no list has an issue of its own. */
function listOf(ends: readonly string[] | undefined): readonly string[] {
  return Array.isArray(ends) ? (ends as readonly string[]) : [];
}

function fires<C extends Channels>(edge: EdgeDeclaration<C>, reached: ReadonlySet<string>): boolean {
  return edge.kind === "join" ? edge.from.every((source) => reached.has(source)) : reached.has(edge.from);
}

function targetsOf<C extends Channels>(declaration: Declaration<C>, edge: EdgeDeclaration<C>): readonly string[] {
  if (edge.kind !== "conditional") return [edge.to];
  return edge.targets ?? [...declaration.nodes.map((node) => node.name), END];
}
