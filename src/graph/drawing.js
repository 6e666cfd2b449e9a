import { END, START } from "./target.js";
/** Where a conditional edge without declared targets leads. No node can have this name. */
const ANYWHERE = "";
const LABELS = new Map([
    [START, "START"],
    [END, "END"],
    [ANYWHERE, "any node"],
]);
/** A Mermaid flowchart: joins are thick, conditional edges dotted. */
export function toMermaid(declaration) {
    const { places, arrows } = layout(declaration);
    const shapes = { edge: "-->", join: "==>", conditional: "-.->" };
    const nodes = [...places].map(([name, id]) => `  ${id}${mermaidShape(name)}`);
    const edges = arrows.map(({ from, to, style }) => `  ${places.get(from)} ${shapes[style]} ${places.get(to)}`);
    return ["flowchart TD", ...nodes, ...edges, ""].join("\n");
}
/** A Graphviz digraph: joins are bold, conditional edges dashed. */
export function toDot(declaration) {
    const { places, arrows } = layout(declaration);
    const styles = { edge: "", join: " [style=bold]", conditional: " [style=dashed]" };
    const nodes = [...places].map(([name, id]) => `  ${id} [label=${dotLabel(name)}${isNode(name) ? ", shape=box" : ""}];`);
    const edges = arrows.map(({ from, to, style }) => `  ${places.get(from)} -> ${places.get(to)}${styles[style]};`);
    return [`digraph ${dotLabel(declaration.name)} {`, ...nodes, ...edges, "}", ""].join("\n");
}
/** The graph as plain data, in order of declaration. */
export function toDrawing(declaration, fingerprint) {
    return {
        name: declaration.name,
        fingerprint,
        channels: Object.entries(declaration.channels).map(([name, { kind }]) => ({ name, kind })),
        nodes: declaration.nodes.map(({ name, options }) => ({
            name,
            defer: options.defer === true,
            ...(options.ends && { ends: options.ends }),
        })),
        edges: declaration.edges.map((edge) => edge.kind === "conditional"
            ? { kind: edge.kind, from: edge.from, ...(edge.targets && { targets: edge.targets }) }
            : { kind: edge.kind, from: edge.from, to: edge.to }),
    };
}
function layout(declaration) {
    const arrows = arrowsOf(declaration);
    const names = [START, ...declaration.nodes.map((node) => node.name), END];
    if (arrows.some((arrow) => arrow.to === ANYWHERE))
        names.push(ANYWHERE);
    return { places: new Map(names.map((name, index) => [name, `n${index}`])), arrows };
}
function arrowsOf(declaration) {
    const fromEdges = declaration.edges.flatMap((edge) => {
        if (edge.kind === "conditional")
            return (edge.targets ?? [ANYWHERE]).map((to) => ({ from: edge.from, to, style: "conditional" }));
        if (edge.kind === "join")
            return edge.from.map((from) => ({ from, to: edge.to, style: "join" }));
        return [{ from: edge.from, to: edge.to, style: "edge" }];
    });
    const fromEnds = declaration.nodes.flatMap((node) => (node.options.ends ?? []).map((to) => ({ from: node.name, to, style: "conditional" })));
    return [...fromEdges, ...fromEnds];
}
function isNode(name) {
    return !LABELS.has(name);
}
function mermaidShape(name) {
    const label = `"${mermaidLabel(name)}"`;
    return isNode(name) ? `[${label}]` : `([${label}])`;
}
/** Everything that Mermaid could read as markup becomes an entity. */
function mermaidLabel(name) {
    const label = LABELS.get(name) ?? name;
    return label.replace(/[^\p{L}\p{N} _.,:/-]/gu, (char) => `#${char.codePointAt(0)};`);
}
function dotLabel(name) {
    const label = LABELS.get(name) ?? name;
    return `"${label
        .replaceAll("\\", "\\\\")
        .replaceAll('"', '\\"')
        .replace(/\r\n?|\n/g, "\\n")}"`;
}
