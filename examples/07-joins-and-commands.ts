import { AppRunner, append, Command, END, START, StateGraph, sum } from "superstep";

// A flat is done up. Inspection waits for plumbing and wiring; what it minds sends a craftsman back; sweeping is last.
const flat = new StateGraph({ diary: append<string>(), inspections: sum() })
  .addNode("strip", () => ({ diary: "stripped the walls" }))
  .addNode("plumb", () => ({ diary: "laid the pipes" }))
  .addNode("chase", () => ({ diary: "cut the slots" }))
  .addNode("wire", () => ({ diary: "pulled the wires" }))
  .addNode(
    "inspect",
    ({ inspections }) => {
      const update = { inspections: 1, diary: inspections === 0 ? "a socket is loose" : "all is well" };
      // A Command is a node's own word about control: it replaces the edges of the node …
      return new Command({ update, goto: inspections === 0 ? "mend" : "paint" });
    },
    { ends: ["mend", "paint"] },
  )
  .addNode("mend", () => ({ diary: "fixed the socket" }))
  // … or, in mode "append", goes besides them.
  .addNode("paint", () => new Command({ update: { diary: "painted" }, goto: "photograph", mode: "append" }), {
    ends: ["photograph"],
  })
  .addNode("photograph", () => ({ diary: "took photographs" }))
  .addNode("air", () => ({ diary: "opened the windows" }))
  // Reached early, run when nothing else is left.
  .addNode("sweep", () => ({ diary: "swept the floor" }), { defer: true })
  .addEdge(START, "strip")
  .addEdge("strip", "plumb")
  .addEdge("strip", "chase")
  .addEdge("strip", "sweep")
  .addEdge("chase", "wire")
  .addEdge(["plumb", "wire"], "inspect")
  .addEdge("mend", "inspect")
  .addEdge("paint", "air")
  .addEdge("sweep", END)
  .compile();

const { state } = await new AppRunner(flat).invoke("attic");
for (const line of state.diary) console.log(`- ${line}`);

// Output:
// - stripped the walls
// - laid the pipes
// - cut the slots
// - pulled the wires
// - a socket is loose
// - fixed the socket
// - all is well
// - painted
// - opened the windows
// - took photographs
// - swept the floor
