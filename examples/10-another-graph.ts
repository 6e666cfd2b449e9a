import { AppRunner, END, lastValue, MemoryCheckpointer, START, StateGraph } from "superstep";

// An order waits for its approval over the weekend. On Monday the shop runs another version of the graph.
const checkpointer = new MemoryCheckpointer();
const friday = new StateGraph({ price: lastValue(0), note: lastValue("") })
  .addNode("quote", () => ({ price: 1999 }))
  .addNode("approve", (_state, { interrupt }) => ({ note: interrupt<string>("Is 19.99 fine?") }))
  .addEdge(START, "quote")
  .addEdge("quote", "approve")
  .addEdge("approve", END)
  .compile();
await new AppRunner(friday, { checkpointer }).invoke("order 7");

// Prices have a currency now, and approving is called signing.
const monday = new StateGraph({ price: lastValue({ cents: 0, currency: "EUR" }), note: lastValue("") })
  .addNode("sign", (_state, { interrupt }) => ({ note: interrupt<string>("Is it fine?") }))
  .addEdge(START, "sign")
  .addEdge("sign", END)
  .compile();

await new AppRunner(monday, { checkpointer }).resume("order 7", "yes").catch((error: Error) => {
  console.log(`${error.name}: ${error.message}`);
});

// Nothing was run. Say how the old session becomes a new one, and the answer to the old question still counts.
const runner = new AppRunner(monday, {
  checkpointer,
  migrate: ({ state, frontier }) => ({
    state: { ...state, price: { cents: Number(state.price), currency: "EUR" } },
    frontier: frontier.map((task) => ({ ...task, node: "sign" })),
  }),
});
const { outcome, state } = await runner.resume("order 7", "yes");
console.log(outcome, state);

// Output:
// GraphMismatchError: session "order 7" needs node "approve", which the graph does not have
// completed { price: { cents: 1999, currency: 'EUR' }, note: 'yes' }
