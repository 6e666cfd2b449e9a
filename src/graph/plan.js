import { END, START } from "./target.js";
/** Arranges a valid declaration for running. */
export function planOf(declaration, fingerprint) {
    const joins = new Map();
    for (const edge of declaration.edges) {
        if (edge.kind !== "join")
            continue;
        const id = joinId(edge.from, edge.to);
        joins.set(id, { id, sources: edge.from, to: edge.to });
    }
    const channels = new Map(Object.entries(declaration.channels));
    return {
        name: declaration.name,
        channels,
        ephemeral: [...channels].filter(([, channel]) => channel.ephemeral === true).map(([name]) => name),
        nodes: new Map(declaration.nodes.map((node) => [node.name, nodePlan(declaration, joins, node)])),
        start: originPlan(declaration, joins, START),
        joins,
        fingerprint,
    };
}
function nodePlan(declaration, joins, node) {
    return {
        ...originPlan(declaration, joins, node.name, node.options.ends),
        name: node.name,
        run: node.run,
        options: node.options,
    };
}
function originPlan(declaration, joins, origin, ends) {
    return {
        exits: declaration.edges.flatMap((edge) => exitOf(edge, joins, origin) ?? []),
        routes: declaration.edges.flatMap((edge) => {
            if (edge.kind !== "conditional" || edge.from !== origin)
                return [];
            return [{ origin, route: edge.route, targets: edge.targets && new Set(edge.targets) }];
        }),
        ends: ends && new Set(ends),
    };
}
function exitOf(edge, joins, origin) {
    if (edge.kind === "edge")
        return edge.from === origin ? { kind: "edge", to: edge.to } : undefined;
    const join = edge.kind === "join" && edge.from.includes(origin) ? joins.get(joinId(edge.from, edge.to)) : undefined;
    return join && { kind: "join", join };
}
/** The names that a message may offer as targets. */
export function targetNames(plan) {
    return [...plan.nodes.keys(), END];
}
function joinId(sources, to) {
    return JSON.stringify([[...sources].sort(), to]);
}
