import { AppRunner, append, END, START, StateGraph, type TaskRef } from "superstep";

// A loaf, one superstep at a time. Each pause is a checkpoint: look around, think, go on.
const loaf = new StateGraph({ done: append<string>() })
  .addNode("mix", () => ({ done: "mixed" }))
  .addNode("prove", () => ({ done: "proved" }))
  .addNode("heat", () => ({ done: "oven is hot" }))
  .addNode("bake", () => ({ done: "baked" }))
  .addEdge(START, "mix")
  .addEdge("mix", "prove")
  .addEdge("mix", "heat")
  .addEdge(["prove", "heat"], "bake")
  .addEdge("bake", END)
  .compile();

const runner = new AppRunner(loaf);
const names = (frontier: readonly TaskRef[]) => frontier.map(({ node }) => node).join(" + ") || "nothing";

const { frontier } = await runner.createSession("sourdough");
console.log(`first: ${names(frontier)}`);

for (;;) {
  const result = await runner.runStep("sourdough", { interruptEachStep: true });
  if (result.status === "completed") break;
  const { step, state, frontier, reason } = result.paused;
  console.log(`${reason.kind} ${step}: ${state.done.at(-1)}; next: ${names(frontier)}`);
}
console.log("done");

// The same as breakpoints: stop before chosen nodes, and nowhere else.
const stopped = await runner.invoke("rye", {}, { interruptBefore: ["bake"] });
if (stopped.outcome === "paused") console.log(stopped.reason, `after ${stopped.step} supersteps`);
const { outcome, step } = await runner.resume("rye");
console.log(outcome, `after ${step} supersteps`);

// Output:
// first: mix
// afterStep 1: mixed; next: prove + heat
// afterStep 2: oven is hot; next: bake
// done
// { kind: 'beforeNode', node: 'bake' } after 2 supersteps
// completed after 3 supersteps
