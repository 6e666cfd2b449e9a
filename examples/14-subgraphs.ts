import { AppRunner, append, END, lastValue, Send, START, StateGraph } from "superstep";

/** A graph that stands by itself: it drafts, asks, and files. */
const review = new StateGraph({ topic: lastValue(""), text: lastValue(""), log: append<string>() }, { name: "review" })
  .addNode("draft", ({ topic }) => ({ text: `About ${topic}`, log: `${topic}: drafted` }))
  .addNode("ask", ({ topic, text }, { interrupt }) => ({ log: `${topic}: ${interrupt<string>(`${text}?`)}` }))
  .addEdge(START, "draft")
  .addEdge("draft", "ask")
  .addEdge("ask", END)
  .compile();

/** The same graph as a node of another, once for each topic. Both have a channel `log`: what comes to it within, comes to it here. */
const paper = new StateGraph({ topics: append<string>(), log: append<string>() }, { name: "paper" })
  .addNode("plan", () => ({ topics: ["bees", "tides"] }))
  .addNode("review", review)
  .addNode("print", ({ log }) => ({ log: `printed after ${log.length} entries` }))
  .addEdge(START, "plan")
  .addConditionalEdges("plan", ({ topics }) => topics.map((topic) => new Send("review", { topic })), ["review"])
  .addEdge("review", "print")
  .addEdge("print", END)
  .compile();

const runner = new AppRunner(paper);
const paused = await runner.invoke("monday");
if (paused.outcome !== "paused" || paused.reason.kind !== "interrupt") throw new TypeError("nobody asks");

const { interrupts } = paused.reason;
for (const { path = [], node, payload } of interrupts)
  console.log(`${[...path, node].join(" / ")}: ${String(payload)}`);

for await (const { path, session } of runner.subgraphs("monday"))
  console.log(`${path.join(" / ")} stands at step ${session.step}, ${session.status.kind}`);

// Each answer finds its way to the graph that asked; the other one still waits.
const [bees, tides] = interrupts.map(({ id }) => id);
console.log((await runner.resume("monday", { [String(tides)]: "fine" })).outcome);
const { state } = await runner.resume("monday", { [String(bees)]: "shorter" });
console.log(state.log.join("\n"));

// Output:
// review / ask: About bees?
// review / ask: About tides?
// review stands at step 1, paused
// review stands at step 1, paused
// paused
// bees: drafted
// bees: shorter
// tides: drafted
// tides: fine
// printed after 4 entries
