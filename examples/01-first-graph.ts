import { AppRunner, append, END, START, StateGraph, sum } from "superstep";

// A gardener looks, waters and weeds at once, and looks again until the bed has had enough.
const garden = new StateGraph({ litres: sum(), diary: append<string>() }, { name: "garden" })
  .addNode("look", ({ litres }) => ({ diary: litres === 0 ? "the soil is dry" : "the soil is damp" }))
  .addNode("water", () => ({ litres: 4, diary: "gave 4 litres" }))
  .addNode("weed", () => ({ diary: "pulled some nettles" }))
  .addEdge(START, "look")
  .addEdge("look", "water")
  .addEdge("look", "weed")
  .addConditionalEdges("water", ({ litres }) => (litres < 8 ? "look" : END), ["look", END])
  .compile();

const runner = new AppRunner(garden);
const { state, step } = await runner.invoke("monday");

console.log(`${state.litres} litres after ${step} supersteps`);
for (const line of state.diary) console.log(`- ${line}`);
