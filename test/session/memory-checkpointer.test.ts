/** What only the store in memory does: it keeps checkpoints by reference, so that a line, its forks and its past cost what changed. */
import { MemoryCheckpointer } from "superstep";
import { firstOf, forkOf, nextOf } from "superstep/testing";
import { expect, test } from "vitest";

const first = firstOf("s", { state: { list: ["a"], doc: { deep: [1] } } });
const second = nextOf(first, "list", [{ op: "append", path: [], items: ["b"] }]);

test("B7: a checkpoint is given back itself, and shares with its parent what did not change", () => {
  const store = new MemoryCheckpointer();
  store.commit(first);
  store.commit(second);
  expect(store.load("s")?.checkpoint).toBe(second);
  const [head, former] = store.history("s", { limit: 9 });
  expect(head).toBe(second);
  expect(former).toBe(first);
  expect(head?.state.doc).toBe(former?.state.doc);
});

test("B7: a fork shares its origin's past, also when the origin is deleted", () => {
  const store = new MemoryCheckpointer();
  store.commit(first);
  store.commit(second);
  store.commit(forkOf(second, "f"), { origin: "s" });
  store.delete("s");
  const [, origin, before] = store.history("f", { limit: 9 });
  expect(origin?.state).toBe(second.state);
  expect(before?.deltas).toBe(first.deltas);
  expect(store.at("f", { step: 0 })?.state).toBe(first.state);
});

test("a commit and a prune weigh nothing: nothing is encoded", () => {
  const store = new MemoryCheckpointer();
  expect([store.commit(first), store.commit(second)]).toEqual([0, 0]);
  expect(store.prune({ keepLast: 1 })).toEqual({ checkpoints: 1, bytes: 0 });
});

test("the answers of one call are not changed by the next", () => {
  const store = new MemoryCheckpointer();
  store.commit(first);
  const records = [{ kind: "once", taskId: "t", key: "k", value: 1 }] as const;
  store.annotate({ sessionId: "s", incarnation: "made", seq: 1, at: 2_000, records });
  const loaded = store.load("s");
  const history = store.history("s", { limit: 9 });
  store.commit(second);
  store.prune({ keepLast: 1 });
  expect(loaded).toMatchObject({ checkpoint: first, records });
  expect(history).toEqual([first]);
});

test("closing a store in memory keeps what it has", () => {
  const store = new MemoryCheckpointer();
  store.commit(first);
  store.close();
  expect(store.load("s")?.checkpoint).toBe(first);
});
