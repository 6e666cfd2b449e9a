/** Which checkpoint builds on which, in every store. */
import {
  AppRunner,
  append,
  type Checkpoint,
  type Checkpointer,
  END,
  MemoryCheckpointer,
  START,
  StateGraph,
} from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
import { expect, test } from "vitest";

const stores: readonly (readonly [string, () => Checkpointer])[] = [
  ["memory", () => new MemoryCheckpointer()],
  ["SQLite", () => new SqliteCheckpointer(":memory:")],
];

const lap = new StateGraph({ splits: append<number>() })
  .addNode("run", (_state, { step }) => ({ splits: step }))
  .addEdge(START, "run")
  .addConditionalEdges("run", ({ splits }) => (splits.length % 3 === 0 ? END : "run"), ["run", END])
  .compile();

test.each(stores)("T2: every checkpoint names the one it builds on, over invocations too (%s)", async (_name, open) => {
  const store = open();
  const committed: Checkpoint[] = [];
  const commit = store.commit.bind(store);
  store.commit = (checkpoint) => {
    committed.push(checkpoint);
    return commit(checkpoint);
  };
  const runner = new AppRunner(lap, { checkpointer: store });
  await runner.invoke("relay");
  await runner.invoke("relay", { splits: [100] });
  expect(committed.map(({ source, seq, parentSeq, step }) => [source, seq, parentSeq, step])).toEqual([
    ["input", 1, undefined, 0],
    ["step", 2, 1, 1],
    ["step", 3, 2, 2],
    ["step", 4, 3, 3],
    ["input", 5, 4, 3],
    ["step", 6, 5, 4],
    ["step", 7, 6, 5],
  ]);
  const stored = await store.load("relay");
  expect(stored?.checkpoint).toMatchObject({ seq: 7, parentSeq: 6, incarnation: committed[0]?.incarnation });
  await store.close();
});
