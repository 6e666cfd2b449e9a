/** Small graphs that several tests run. */
import { append, END, lastValue, START, StateGraph, sum } from "../../src/index.js";
export const channels = { log: append(), count: sum(), value: lastValue(undefined) };
/** Writes its name to the log. */
export const says = (_, { node }) => ({ log: node });
/** START → a → b → … → END. */
export function chain(nodes) {
    const names = Object.keys(nodes);
    const graph = added(nodes);
    const [first, ...others] = names;
    if (first !== undefined)
        graph.addEdge(START, first);
    for (const [index, name] of others.entries())
        graph.addEdge(names[index], name);
    return graph.addEdge(names.at(-1), END).compile();
}
/** All nodes side by side in the first superstep. */
export function abreast(nodes) {
    const graph = added(nodes);
    for (const name of Object.keys(nodes))
        graph.addEdge(START, name).addEdge(name, END);
    return graph.compile();
}
function added(nodes) {
    let graph = new StateGraph(channels);
    for (const [name, told] of Object.entries(nodes)) {
        const [run, options] = typeof told === "function" ? [told, {}] : told;
        graph = graph.addNode(name, run, options);
    }
    return graph;
}
/** A loop that goes round until `count` is what it says. */
export function looping(rounds, node = () => ({ count: 1 })) {
    return new StateGraph(channels)
        .addNode("loop", node)
        .addEdge(START, "loop")
        .addConditionalEdges("loop", ({ count }) => (count < rounds ? "loop" : END), ["loop", END])
        .compile();
}
/** What the work throws, synchronously or later; a test that expects a failure fails without one. */
export async function failureOf(work) {
    try {
        await (typeof work === "function" ? work() : work);
    }
    catch (error) {
        return error;
    }
    throw new TypeError("it did not fail");
}
/** All that is listed, page by page. */
export async function listOf(items) {
    const list = [];
    for await (const item of items)
        list.push(item);
    return list;
}
