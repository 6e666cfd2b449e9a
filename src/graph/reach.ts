/** What can ever run: the nodes that START reaches, where a join counts once all its sources are reached. */
import type { Channels } from "../state/channel.js";
import type { Declaration, EdgeDeclaration } from "./declaration.js";
import { END, START } from "./target.js";

/** The nodes (and END, and START) that can ever be reached. */
export function reachable<C extends Channels>(declaration: Declaration<C>): ReadonlySet<string> {
  const reached = new Set<string>([START]);
  for (let size = 0; size < reached.size; ) {
    size = reached.size;
    for (const edge of declaration.edges) if (fires(edge, reached)) for (const to of targetsOf(declaration, edge)) reached.add(to);
    for (const node of declaration.nodes) if (reached.has(node.name)) for (const to of node.options.ends ?? []) reached.add(to);
  }
  return reached;
}

function fires<C extends Channels>(edge: EdgeDeclaration<C>, reached: ReadonlySet<string>): boolean {
  return edge.kind === "join" ? edge.from.every((source) => reached.has(source)) : reached.has(edge.from);
}

function targetsOf<C extends Channels>(declaration: Declaration<C>, edge: EdgeDeclaration<C>): readonly string[] {
  if (edge.kind !== "conditional") return [edge.to];
  return edge.targets ?? [...declaration.nodes.map((node) => node.name), END];
}
