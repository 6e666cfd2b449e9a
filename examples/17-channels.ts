import {
  AppRunner,
  append,
  END,
  ephemeral,
  lastValue,
  merge,
  messages,
  reducer,
  removeMessage,
  START,
  StateGraph,
  sum,
} from "superstep";
import { z } from "zod";

// A lost-property office: two finders in one superstep, and what every kind of channel makes of it.
const channels = {
  desk: lastValue("closed", { schema: z.enum(["closed", "open"]) }),
  shelf: lastValue<string[]>([]), // the type is said, since `[]` alone says nothing
  log: append<string>(),
  owners: merge<{ umbrella?: string; glove?: string }>({ glove: "Bo" }),
  count: sum(),
  best: reducer<{ name: string; value: number }, { name: string; value: number }>(
    { name: "nothing", value: 0 },
    (best, found) => {
      if (found.value > best.value) Object.assign(best, found); // a draft: change it in place, or return the next value
    },
  ),
  bell: ephemeral<string>(),
  talk: messages(),
};

const found = (name: string, value: number) => ({ log: `${name} found`, count: 1, best: { name, value } });
const graph = new StateGraph(channels)
  .addNode("umbrella", () => ({ ...found("umbrella", 9), owners: { umbrella: "Ada" }, bell: "ding" }))
  .addNode("glove", () => ({
    ...found("glove", 4),
    owners: { glove: null },
    talk: { id: "q", role: "user", content: "Mine?" },
  }))
  .addNode("close", ({ bell }) => ({ log: [`heard ${bell}`, "closed"], shelf: ["umbrella"], talk: removeMessage("q") }))
  .addEdge(START, "umbrella")
  .addEdge(START, "glove")
  .addEdge(["umbrella", "glove"], "close")
  .addEdge("close", END);

console.log((await new AppRunner(graph.compile()).invoke("monday", { desk: "open" })).state);

// Output:
// {
//   desk: 'open',
//   shelf: [ 'umbrella' ],
//   log: [ 'umbrella found', 'glove found', 'heard ding', 'closed' ],
//   owners: { umbrella: 'Ada' },
//   count: 2,
//   best: { name: 'umbrella', value: 9 },
//   bell: undefined,
//   talk: []
// }
