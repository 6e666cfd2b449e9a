import { AppRunner, append, END, type PauseReason, START, StateGraph } from "superstep";

/** A graph that stands by itself. */
const loaf = new StateGraph({ done: append<string>() }, { name: "loaf" })
  .addNode("mix", () => ({ done: "mixed" }))
  .addNode("prove", () => ({ done: "proved" }))
  .addNode("bake", () => ({ done: "baked" }))
  .addEdge(START, "mix")
  .addEdge("mix", "prove")
  .addEdge("prove", "bake")
  .addEdge("bake", END)
  .compile();

/** The same graph as a node: one superstep of breakfast is all of its supersteps. */
const breakfast = new StateGraph({ done: append<string>() }, { name: "breakfast" })
  .addNode("loaf", loaf)
  .addNode("coffee", () => ({ done: "brewed" }))
  .addEdge(START, "loaf")
  .addEdge(START, "coffee")
  .addEdge("loaf", END)
  .addEdge("coffee", END)
  .compile();

const runner = new AppRunner(breakfast);
const say = (reason: PauseReason) => {
  if ("path" in reason) console.log(`${reason.kind} ${reason.step}, within ${reason.path?.join(" / ")}`);
};

// One superstep within at a time; the coffee is made once.
await runner.createSession("sunday");
for (;;) {
  const result = await runner.runStep("sunday", { within: { loaf: { interruptEachStep: true } } });
  if (result.status === "completed") break;
  say(result.paused.reason);
}

// As far as a node within; then to the end.
await runner.createSession("monday");
const ready = await runner.runUntil("monday", { node: "bake", within: ["loaf"] });
if (ready.outcome === "paused") say(ready.reason);
for await (const { path, session } of runner.subgraphs("monday"))
  console.log(`${path.join(" / ")}: ${session.state.done}`);
console.log((await runner.resume("monday")).state.done.join(", "));

// Output:
// afterStep 1, within loaf
// afterStep 2, within loaf
// until 2, within loaf
// loaf: mixed,proved
// mixed, proved, baked, brewed
