/**
 * The graph that is simulated: three rounds of jobs and questions side by side, which a join gathers. Every task writes one line to the
 * log, by which it can be told which try of it was committed.
 */
import { append, END, type NodeContext, Send, START, StateGraph, type StateOf, sum } from "../../src/index.js";

const channels = { log: append<string>(), count: sum() };
export type SimulatedChannels = typeof channels;
type State = StateOf<SimulatedChannels>;

/** What the nodes do besides. */
export interface Doing {
  /** A try begins; gives its line for the log. It may throw. */
  begin(ctx: NodeContext): string;
  /** The effect of a task. */
  affect(ctx: NodeContext): Promise<void>;
  /** The effect is done, for good. */
  affected(ctx: NodeContext): void;
  /** Takes its time, and heeds the signal. */
  labour(ctx: NodeContext): Promise<void>;
  /** The n-th question of a task was answered. */
  answered(ctx: NodeContext, place: number, answer: unknown): void;
}

const ROUNDS = 3;
const JOB = { timeoutMs: 500, retry: { maxAttempts: 2, initialDelayMs: 50 } };

export function appOf(doing: Doing) {
  const plain = (_: State, ctx: NodeContext) => ({ log: doing.begin(ctx) });
  return new StateGraph(channels)
    .addNode("fan", (_, ctx) => ({ log: doing.begin(ctx), count: 1 }))
    .addNode("job", (_, ctx) => job(doing, ctx), JOB)
    .addNode("ask", (state, ctx) => ask(doing, state, ctx))
    .addNode("gather", plain)
    .addNode("tidy", plain, { defer: true })
    .addEdge(START, "fan")
    .addEdge("fan", "tidy")
    .addConditionalEdges("fan", ({ count }) => {
      const jobs = Array.from({ length: 1 + (count % 3) }, (_, index) => new Send("job", index));
      return [...jobs, new Send("ask", "first"), ...(count % 2 === 0 ? [new Send("ask", "second")] : [])];
    })
    .addEdge(["job", "ask"], "gather")
    .addConditionalEdges("gather", ({ count }) => (count % ROUNDS === 0 ? END : "fan"), ["fan", END])
    .compile();
}

async function job(doing: Doing, ctx: NodeContext) {
  const log = doing.begin(ctx);
  await ctx.once("effect", () => doing.affect(ctx));
  doing.affected(ctx);
  await doing.labour(ctx);
  return { log };
}

/** Two questions in every other round, and none in the rest. */
function ask(doing: Doing, { count }: State, ctx: NodeContext) {
  const log = doing.begin(ctx);
  for (let place = 0; place < (count % 2) + (ctx.input === "second" ? 1 : 0); place++)
    doing.answered(ctx, place, ctx.interrupt(`question ${place}`));
  return { log };
}
