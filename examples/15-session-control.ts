import { AppRunner, append, END, START, StateGraph, sum } from "superstep";

// A baker kneads until the dough is firm. Somebody looks in now and then, and in the evening the shop closes.
const bakery = new StateGraph({ firmness: sum(), diary: append<string>() })
  .addNode("mix", () => ({ diary: "mixed flour and water" }))
  .addNode("knead", ({ firmness }, { emit }) => {
    emit(`firmness ${firmness + 1}`);
    return { firmness: 1 };
  })
  .addNode("bake", () => ({ diary: "baked" }))
  .addEdge(START, "mix")
  .addEdge("mix", "knead")
  .addConditionalEdges("knead", ({ firmness }) => (firmness < 6 ? "knead" : "bake"), ["knead", "bake"])
  .addEdge("bake", END)
  .compile();
const runner = new AppRunner(bakery, { predicates: { isEven: ({ step }) => step % 2 === 0 } });
await runner.createSession("rye");

// As far as a node, once.
const { step } = await runner.runUntil("rye", { node: "knead" });
console.log(`before kneading: step ${step}`);

// Conditions that stay with the session.
await runner.setBreakpoints("rye", [
  { kind: "value", channel: "firmness", op: "atLeast", value: 3 },
  { kind: "routed", to: "bake" },
]);
const hit = await runner.runUntilComplete("rye");
if (hit.outcome === "paused" && hit.reason.kind === "breakpoint")
  console.log("breakpoint:", hit.reason.breakpoint.kind);

// A reader that lost its connection goes on behind the last event that it had.
const stream = runner.stream("rye");
let last = 0;
for await (const event of stream.events()) {
  last = event.seq;
  if (event.type === "node.emitted") break;
}
for await (const event of stream.events({ after: last })) {
  if (event.type === "node.emitted") console.log(event.data);
}
console.log((await stream.result).outcome, "before baking");

// The end of the day: what runs finishes its superstep.
await runner.drain({ reason: "the shop closes", timeoutMs: 30_000 });
const refused = await runner.runUntilComplete("rye").catch((error) => error.code);
runner.undrain();
console.log(refused, (await runner.runUntilComplete("rye")).state.diary);

// Output:
// before kneading: step 1
// breakpoint: value
// firmness 5
// firmness 6
// paused before baking
// RUNNER_DRAINING [ 'mixed flour and water', 'baked' ]
