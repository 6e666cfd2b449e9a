import { AppRunner, append, END, lastValue, START, StateGraph } from "superstep";

// A cook tastes and seasons. One evening went wrong: look back, find the step, and take another way from there.
const soup = new StateGraph({ pinches: lastValue(0), notes: append<string>() })
  .addNode("taste", ({ pinches }) => ({ notes: pinches < 3 ? "bland" : pinches === 3 ? "good" : "salty" }))
  .addNode("season", ({ pinches }) => ({ pinches: pinches === 2 ? 12 : pinches + 1 }))
  .addEdge(START, "taste")
  .addConditionalEdges("taste", ({ notes }) => (notes.at(-1) === "bland" ? "season" : END), ["season", END])
  .addEdge("season", "taste")
  .compile();

const runner = new AppRunner(soup);
const evening = await runner.invoke("tuesday");
console.log(`tuesday: ${evening.state.notes.at(-1)}, after ${evening.step} supersteps`);

// Newest first. Who wrote what is told without reading any state.
for await (const { step, changes } of runner.history("tuesday", { limit: 4 })) {
  for (const { node, channel, patch } of changes) console.log(`  ${step}: ${node} wrote ${channel}`, patch[0]?.value);
}

const before = await runner.at("tuesday", 5);
console.log(`at step 5: ${before.state.pinches} pinches, next is ${before.frontier[0]?.node}`);

// A session of its own from there, as if "season" had been more careful. It shares what is stored with tuesday.
await runner.fork("tuesday", { step: 5, as: "tuesday, again", update: { pinches: 3 }, asNode: "season" });
const again = await runner.runUntilComplete("tuesday, again");
console.log(`tuesday, again: ${again.state.notes.at(-1)}, after ${again.step} supersteps`);

// Or mend the session itself, and let it go on from there.
await runner.updateState("tuesday", { pinches: 3, notes: "added water" }, { asNode: "season" });
const mended = await runner.runUntilComplete("tuesday");
console.log(`tuesday: ${mended.state.notes.slice(-3).join(", ")}`);

// Old checkpoints cost room. The fork keeps what it needs.
const { checkpoints } = await runner.prune({ sessionId: "tuesday", keepLast: 2 });
console.log(`${checkpoints} checkpoints pruned; the fork still has ${(await runner.at("tuesday, again", 0)).source}`);

// Output:
// tuesday: salty, after 7 supersteps
//   7: taste wrote notes salty
//   6: season wrote pinches 12
//   5: taste wrote notes bland
//   4: season wrote pinches 2
// at step 5: 2 pinches, next is season
// tuesday, again: good, after 6 supersteps
// tuesday: salty, added water, good
// 2 checkpoints pruned; the fork still has input
