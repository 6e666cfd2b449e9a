import { AppRunner, append, END, START, StateGraph, sum } from "superstep";

// A gardener looks at the bed, waters and weeds it side by side, and looks again until it has had enough.
const garden = new StateGraph({ litres: sum(), diary: append<string>() }, { name: "garden" })
  .addNode("look", ({ litres }) => ({ diary: litres === 0 ? "the soil is dry" : "the soil is damp" }))
  .addNode("water", () => ({ litres: 4, diary: "gave 4 litres" }))
  .addNode("weed", () => ({ diary: "pulled some nettles" }))
  .addEdge(START, "look")
  .addEdge("look", "water")
  .addEdge("look", "weed")
  .addConditionalEdges("water", ({ litres }) => (litres < 8 ? "look" : END), ["look", END])
  .compile();

const { state, step } = await new AppRunner(garden).invoke("monday");

console.log(`${state.litres} litres in ${step} supersteps`);
for (const line of state.diary) console.log(`- ${line}`);

// Output:
// 8 litres in 4 supersteps
// - the soil is dry
// - gave 4 litres
// - pulled some nettles
// - the soil is damp
// - gave 4 litres
// - pulled some nettles
