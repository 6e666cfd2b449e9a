/** A graph that says a message per superstep, and stops before the last node when it is told to. */
import { append, END, START, StateGraph } from "superstep";

export const MESSAGE = "m".repeat(200);

export function pausingGraph(steps: number, go: () => void) {
  return new StateGraph({ messages: append<string>() })
    .addNode("speak", async () => ({ messages: MESSAGE }))
    .addNode("go", go)
    .addEdge(START, "speak")
    .addConditionalEdges("speak", ({ messages }) => (messages.length < steps ? "speak" : "go"), ["speak", "go"])
    .addEdge("go", END)
    .compile();
}
