import { AppRunner, type ArtifactRef, END, lastValue, START, StateGraph } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";

// A telescope takes pictures that are too large for a checkpoint. They are kept once, and the state says which they are.
const expose = (night: number): Uint8Array => new Uint8Array(1_000_000).fill(night % 2);

const observatory = new StateGraph({
  night: lastValue(1),
  picture: lastValue<ArtifactRef | undefined>(undefined),
  light: lastValue(0),
  // or let a channel do it by itself: what takes more bytes is kept apart, and nobody sees a difference
  stars: lastValue<readonly string[]>([], { artifactsAbove: 10_000 }),
})
  .addNode("expose", async ({ night }, { artifacts }) => ({ picture: await artifacts.put(expose(night)) }))
  .addNode("measure", async ({ picture }, { artifacts }) => {
    if (picture === undefined) return {};
    const pixels = await artifacts.get<Uint8Array>(picture);
    return { light: pixels.reduce((sum, pixel) => sum + pixel, 0) };
  })
  .addNode("list", ({ night }) => ({ stars: Array.from({ length: 2_000 }, (_, n) => `star ${night}-${n}`) }))
  .addEdge(START, "expose")
  .addEdge("expose", "measure")
  .addEdge("measure", "list")
  .addEdge("list", END)
  .compile();

const checkpointer = new SqliteCheckpointer("nights.db", { artifacts: { folder: "pictures" } });
const runner = new AppRunner(observatory, { checkpointer });
const { state: first } = await runner.invoke("first", {});
console.log(first.picture?.digest.slice(0, 15), first.picture?.size, "bytes, light", first.light);
console.log(first.stars.length, "stars, the last of them", first.stars.at(-1));

// The same content is kept once, whoever puts it; a fork shares it.
const { state: third } = await runner.invoke("third", { night: 3 });
console.log("the same picture:", first.picture?.digest === third.picture?.digest);
await runner.fork("first", { as: "copy" });
await runner.deleteSession("first");
await runner.deleteSession("third");
const copied = (await runner.session("copy")).state;
if (copied.picture !== undefined) console.log((await runner.artifacts.get<Uint8Array>(copied.picture)).length, "bytes");

// A stream goes in and comes out in pieces; none is seen before all of them were held to the digest.
const sky = await runner.artifacts.put(new Blob([expose(1), expose(2)]).stream());
for await (const piece of runner.artifacts.open(sky)) console.log("a piece of", piece.length, "bytes");

// When nothing refers to it any more, it goes.
await runner.invoke("copy", { night: 2 });
const { artifacts } = await runner.prune({ keepLast: 1 });
console.log(artifacts > 1_000_000 ? "the first picture is gone" : "it is still there");
await runner.close();
await checkpointer.close();

// Output:
// sha256-1fb6a051 1000000 bytes, light 1000000
// 2000 stars, the last of them star 1-1999
// the same picture: true
// 1000000 bytes
// a piece of 1048576 bytes
// a piece of 951424 bytes
// the first picture is gone
