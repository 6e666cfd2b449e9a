import { END, START } from "./target.js";
/** The nodes (and END, and START) that can ever be reached. */
export function reachable(declaration) {
    const reached = new Set([START]);
    for (let size = 0; size < reached.size;) {
        size = reached.size;
        for (const to of oneFurther(declaration, reached))
            reached.add(to);
    }
    return reached;
}
/** Where one more edge leads from what is reached. */
function oneFurther(declaration, reached) {
    const byEdges = declaration.edges
        .filter((edge) => fires(edge, reached))
        .flatMap((edge) => targetsOf(declaration, edge));
    const byEnds = declaration.nodes.filter(({ name }) => reached.has(name)).flatMap(({ options }) => options.ends ?? []);
    return [...byEdges, ...byEnds];
}
function fires(edge, reached) {
    return edge.kind === "join" ? edge.from.every((source) => reached.has(source)) : reached.has(edge.from);
}
function targetsOf(declaration, edge) {
    if (edge.kind !== "conditional")
        return [edge.to];
    return edge.targets ?? [...declaration.nodes.map((node) => node.name), END];
}
