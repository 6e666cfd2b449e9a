/** Graphs that several processes want to drive at once; `work` is what must be done by one of them. */
import { type App, append, END, START, StateGraph } from "../../src/index.js";

const channels = { notes: append<string>() };
export type RivalChannels = typeof channels;
type Work = (sessionId: string) => Promise<string>;

/** Asks, works once it is answered, and is done. */
export function approval(work: Work): App<RivalChannels, string> {
  return new StateGraph(channels)
    .addNode("approve", async (_, ctx) => {
      const answer = ctx.interrupt<string>("go on?");
      return { notes: [answer, await work(ctx.sessionId)] };
    })
    .addNode("finish", () => ({ notes: "finished" }))
    .addEdge(START, "approve")
    .addEdge("approve", "finish")
    .addEdge("finish", END)
    .compile();
}

/** Works, and is done. */
export function labour(work: Work): App<RivalChannels, string> {
  return new StateGraph(channels)
    .addNode("work", async (_, ctx) => ({ notes: await work(ctx.sessionId) }))
    .addNode("finish", () => ({ notes: "finished" }))
    .addEdge(START, "work")
    .addEdge("work", "finish")
    .addEdge("finish", END)
    .compile();
}
