/** A graph that says a message per superstep, and stops before the last node when it is told to. */
import { append, END, START, StateGraph } from "superstep";

/** All of them different, as messages are. */
export function messageOf(place: number): string {
  return `${place} `.padEnd(200, "m");
}

export function pausingGraph(steps: number, go: () => void) {
  return new StateGraph({ messages: append<string>() })
    .addNode("speak", async ({ messages }) => ({ messages: messageOf(messages.length) }))
    .addNode("go", go)
    .addEdge(START, "speak")
    .addConditionalEdges("speak", ({ messages }) => (messages.length < steps ? "speak" : "go"), ["speak", "go"])
    .addEdge("go", END)
    .compile();
}
