import { compile } from "./app.js";
/** A graph under construction. Node names are part of its type: a misspelt edge does not compile. */
export class StateGraph {
    #name;
    #channels;
    #nodes = [];
    #edges = [];
    constructor(channels, options = {}) {
        this.#channels = { ...channels };
        this.#name = options.name ?? "graph";
    }
    addNode(name, node, options = {}) {
        this.#nodes.push({ name, run: node, options: { ...options, ...(options.ends && { ends: [...options.ends] }) } });
        return this;
    }
    /** A list on the left is a join: the target waits until every one of them has run. */
    addEdge(from, to) {
        this.#edges.push(typeof from === "string" ? { kind: "edge", from, to } : { kind: "join", from: [...from], to });
        return this;
    }
    /**
     * The route is asked after the barrier, on the new state. Declare its targets and they are drawn, checked and counted as reachable.
     * Every task of `from` that ran leaves by it: names merge, Sends do not, so after a fan-out to `from` let another node send (F1, F2).
     */
    addConditionalEdges(from, route, targets) {
        this.#edges.push({ kind: "conditional", from, route: route, targets: targets && [...targets] });
        return this;
    }
    /** Checks the whole graph and throws one GraphValidationError that lists every issue. */
    compile() {
        return compile({ name: this.#name, channels: this.#channels, nodes: [...this.#nodes], edges: [...this.#edges] });
    }
}
