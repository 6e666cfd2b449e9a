/** What can ever run: the nodes that START reaches, where a join counts once all its sources are reached. */
import type { Channels } from "../state/channel.js";
import type { Declaration, EdgeDeclaration } from "./declaration.js";
import { END, START } from "./target.js";

/** The nodes (and END, and START) that can ever be reached. */
export function reachable<C extends Channels>(declaration: Declaration<C>): ReadonlySet<string> {
  const reached = new Set<string>([START]);
  for (let size = 0; size < reached.size; ) {
    size = reached.size;
    for (const to of oneFurther(declaration, reached)) reached.add(to);
  }
  return reached;
}

/** Where one more edge leads from what is reached. */
function oneFurther<C extends Channels>(declaration: Declaration<C>, reached: ReadonlySet<string>): readonly string[] {
  const byEdges = declaration.edges
    .filter((edge) => fires(edge, reached))
    .flatMap((edge) => targetsOf(declaration, edge));
  const byEnds = declaration.nodes.filter(({ name }) => reached.has(name)).flatMap(({ options }) => options.ends ?? []);
  return [...byEdges, ...byEnds];
}

function fires<C extends Channels>(edge: EdgeDeclaration<C>, reached: ReadonlySet<string>): boolean {
  return edge.kind === "join" ? edge.from.every((source) => reached.has(source)) : reached.has(edge.from);
}

function targetsOf<C extends Channels>(declaration: Declaration<C>, edge: EdgeDeclaration<C>): readonly string[] {
  if (edge.kind !== "conditional") return [edge.to];
  return edge.targets ?? [...declaration.nodes.map((node) => node.name), END];
}
