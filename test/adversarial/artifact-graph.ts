/** A graph that puts artifacts in every way, and hands them on in every way, and reads what it was handed. */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  type ArtifactRef,
  append,
  Command,
  END,
  lastValue,
  type NodeContext,
  Send,
  START,
  StateGraph,
} from "../../src/index.js";

const MEGABYTE = 2 ** 20;

const channels = {
  refs: append<ArtifactRef>(),
  long: lastValue<readonly string[]>([], { artifactsAbove: 1_000 }),
  round: lastValue(0),
};
type Nodes = Pick<NodeContext, "artifacts">;

/** In every other place, a stream. */
async function put({ artifacts }: Nodes): Promise<ArtifactRef> {
  if ((randomBytes(1)[0] as number) > 20) return artifacts.put(randomBytes(2_000));
  return artifacts.put(Readable.from([randomBytes(MEGABYTE), randomBytes(10)]));
}

async function readAll({ artifacts }: Nodes, refs: readonly ArtifactRef[]): Promise<void> {
  for (const ref of refs) {
    const content = await artifacts.get<unknown>(ref);
    const inner = (content as { readonly inner?: ArtifactRef }).inner;
    if (inner !== undefined) await artifacts.get(inner);
  }
}

const within = new StateGraph(channels)
  .addNode("first", async (_, ctx) => ({ refs: await put(ctx) }))
  .addNode("second", async ({ refs }, ctx) => {
    await readAll(ctx, refs);
    return { refs: await ctx.artifacts.put({ inner: refs.at(-1) }) };
  })
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", END)
  .compile();

export const puttingGraph = new StateGraph(channels)
  .addNode(
    "fans",
    async ({ refs }, ctx) => {
      await readAll(ctx, refs);
      const sent = await put(ctx);
      return new Command({ goto: [new Send("takes", sent), new Send("takes", sent), "within", "keeps"] });
    },
    { ends: ["takes", "within", "keeps"] },
  )
  .addNode("takes", async (_, ctx) => {
    const ref = ctx.input as ArtifactRef;
    await readAll(ctx, [ref]);
    return { refs: await ctx.once("put", () => put(ctx)) };
  })
  .addNode("within", within)
  .addNode("keeps", async () => ({ long: Array.from({ length: 30 }, () => randomBytes(40).toString("hex")) }))
  .addNode("joins", async ({ refs, round }, ctx) => {
    await readAll(ctx, refs);
    return { round: round + 1 };
  })
  .addEdge(START, "fans")
  .addEdge("takes", "joins")
  .addEdge("within", "joins")
  .addEdge("keeps", "joins")
  .addConditionalEdges("joins", ({ round }) => (round < 3 ? "fans" : END), ["fans", END])
  .compile();
