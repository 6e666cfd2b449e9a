import { AppRunner, END, lastValue, START, StateGraph } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";

const trip = new StateGraph({ goal: lastValue("") })
  .addNode("ask", (_state, { interrupt }) => ({ goal: interrupt<string>("Where shall we go?") }))
  .addEdge(START, "ask")
  .addEdge("ask", END)
  .compile();
const runner = new AppRunner(trip, { checkpointer: new SqliteCheckpointer("trip.db") });

const asked = await runner.invoke("summer");
if (asked.status.kind === "paused") console.log("paused:", asked.status.reason.kind);
// The process may end here, or be killed. A later one, with the same graph and file, goes on:
const { outcome, state } = await runner.resume("summer", "Ghent");
console.log(`${outcome}: ${state.goal}`);

// Output:
// paused: interrupt
// completed: Ghent
