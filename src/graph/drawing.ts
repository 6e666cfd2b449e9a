/** A graph as text for people and tools: Mermaid, Graphviz DOT, JSON. Ids are n0, n1, …: no name can break a drawing. */
import type { Channels } from "../state/channel.js";
import { type Declaration, isCompiled } from "./declaration.js";
import { END, START } from "./target.js";

type Style = "edge" | "join" | "conditional";
interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly style: Style;
}
/** Where a conditional edge without declared targets leads. No node can have this name. */
const ANYWHERE = "";
const LABELS: ReadonlyMap<string, string> = new Map([
  [START, "START"],
  [END, "END"],
  [ANYWHERE, "any node"],
]);

/** A Mermaid flowchart: joins are thick, conditional edges dotted; a node that is a graph has a double frame. */
export function toMermaid<C extends Channels>(declaration: Declaration<C>): string {
  const { places, arrows } = layout(declaration);
  const shapes = { edge: "-->", join: "==>", conditional: "-.->" } as const;
  const graphs = graphsIn(declaration);
  const nodes = [...places].map(([name, id]) => `  ${id}${mermaidShape(name, graphs.has(name))}`);
  const edges = arrows.map(({ from, to, style }) => `  ${places.get(from)} ${shapes[style]} ${places.get(to)}`);
  return ["flowchart TD", ...nodes, ...edges, ""].join("\n");
}

/** A Graphviz digraph: joins are bold, conditional edges dashed; a node that is a graph has a double frame. */
export function toDot<C extends Channels>(declaration: Declaration<C>): string {
  const { places, arrows } = layout(declaration);
  const styles = { edge: "", join: " [style=bold]", conditional: " [style=dashed]" } as const;
  const graphs = graphsIn(declaration);
  const shapeOf = (name: string) => `${isNode(name) ? ", shape=box" : ""}${graphs.has(name) ? ", peripheries=2" : ""}`;
  const nodes = [...places].map(([name, id]) => `  ${id} [label=${dotLabel(name)}${shapeOf(name)}];`);
  const edges = arrows.map(({ from, to, style }) => `  ${places.get(from)} -> ${places.get(to)}${styles[style]};`);
  return [`digraph ${dotLabel(declaration.name)} {`, ...nodes, ...edges, "}", ""].join("\n");
}

/** The graph as plain data. */
export interface GraphDrawing {
  readonly name: string;
  readonly fingerprint: string;
  readonly channels: readonly { readonly name: string; readonly kind: string }[];
  readonly nodes: readonly {
    readonly name: string;
    readonly defer: boolean;
    readonly ends?: readonly string[];
    /** The graph that is this node. */
    readonly graph?: GraphDrawing;
  }[];
  readonly edges: readonly {
    readonly kind: Style;
    readonly from: string | readonly string[];
    readonly to?: string;
    readonly targets?: readonly string[];
  }[];
}

/** The graph as plain data, in order of declaration. */
export function toDrawing<C extends Channels>(declaration: Declaration<C>, fingerprint: string): GraphDrawing {
  return {
    name: declaration.name,
    fingerprint,
    channels: Object.entries(declaration.channels).map(([name, { kind }]) => ({ name, kind })),
    nodes: declaration.nodes.map(({ name, node, options }) => ({
      name,
      defer: options.defer === true,
      ...(options.ends && { ends: options.ends }),
      ...(isCompiled(node) && { graph: node.toJSON() as GraphDrawing }),
    })),
    edges: declaration.edges.map((edge) =>
      edge.kind === "conditional"
        ? { kind: edge.kind, from: edge.from, ...(edge.targets && { targets: edge.targets }) }
        : { kind: edge.kind, from: edge.from, to: edge.to },
    ),
  };
}

function layout<C extends Channels>(
  declaration: Declaration<C>,
): { places: ReadonlyMap<string, string>; arrows: readonly Arrow[] } {
  const arrows = arrowsOf(declaration);
  const names = [START, ...declaration.nodes.map((node) => node.name), END];
  if (arrows.some((arrow) => arrow.to === ANYWHERE)) names.push(ANYWHERE);
  return { places: new Map(names.map((name, index) => [name, `n${index}`])), arrows };
}

function arrowsOf<C extends Channels>(declaration: Declaration<C>): readonly Arrow[] {
  const fromEdges = declaration.edges.flatMap((edge): Arrow[] => {
    if (edge.kind === "conditional")
      return (edge.targets ?? [ANYWHERE]).map((to) => ({ from: edge.from, to, style: "conditional" }));
    if (edge.kind === "join") return edge.from.map((from) => ({ from, to: edge.to, style: "join" }));
    return [{ from: edge.from, to: edge.to, style: "edge" }];
  });
  const fromEnds = declaration.nodes.flatMap((node) =>
    (node.options.ends ?? []).map((to): Arrow => ({ from: node.name, to, style: "conditional" })),
  );
  return [...fromEdges, ...fromEnds];
}

function graphsIn<C extends Channels>({ nodes }: Declaration<C>): ReadonlySet<string> {
  return new Set(nodes.filter(({ node }) => isCompiled(node)).map(({ name }) => name));
}

function isNode(name: string): boolean {
  return !LABELS.has(name);
}

function mermaidShape(name: string, isGraph: boolean): string {
  const label = `"${mermaidLabel(name)}"`;
  if (isGraph) return `[[${label}]]`;
  return isNode(name) ? `[${label}]` : `([${label}])`;
}

/** Everything that Mermaid could read as markup becomes an entity. */
function mermaidLabel(name: string): string {
  const label = LABELS.get(name) ?? name;
  return label.replace(/[^\p{L}\p{N} _.,:/-]/gu, (char) => `#${char.codePointAt(0)};`);
}

function dotLabel(name: string): string {
  const label = LABELS.get(name) ?? name;
  return `"${label
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replace(/\r\n?|\n/g, "\\n")}"`;
}
