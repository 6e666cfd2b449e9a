/** 16 hexadecimal digits. */
export function fingerprintOf(declaration) {
    const channels = Object.entries(declaration.channels).map(describeChannel).sort();
    const nodes = declaration.nodes
        .map(({ name, options }) => line("node", name, options.defer === true, sorted(options.ends)))
        .sort();
    const routes = declaration.edges.filter((edge) => edge.kind === "conditional").map(describeEdge);
    const exits = new Set(declaration.edges.filter((edge) => edge.kind !== "conditional").map(describeEdge));
    const edges = [...exits, ...routes].sort();
    return hash([...channels, ...nodes, ...edges].join("\n"));
}
function describeChannel([name, channel]) {
    return line("channel", name, channel.kind, channel.label ?? "");
}
function describeEdge(edge) {
    if (edge.kind === "conditional")
        return line("conditional", edge.from, sorted(edge.targets));
    return edge.kind === "join" ? line("join", sorted(edge.from), edge.to) : line("edge", edge.from, edge.to);
}
function sorted(names) {
    return names === undefined ? null : [...new Set(names)].sort();
}
function line(...parts) {
    return JSON.stringify(parts);
}
/** Two FNV-1a hashes with different offsets, over UTF-16 units. Not for secrets: it tells graphs apart. */
function hash(text) {
    let first = 0x811c9dc5;
    let second = 0x9747b28c;
    for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        first = Math.imul(first ^ unit, 0x01000193);
        second = Math.imul(second ^ unit, 0x85ebca6b) ^ (second >>> 13);
    }
    return [first, second].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
