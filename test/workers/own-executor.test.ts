/** An executor of a user's own: whatever it answers, each task has one end, and nothing runs where it was not to. */
import { expect, test, vi } from "vitest";
import { AppRunner, append, END, type ItemPolicy, lastValue, map, START, StateGraph } from "../../src/index.js";
import { type ExecutorCall, type NodeExecutor, nodeModule } from "../../src/workers.js";

const here = vi.fn(() => ({ n: "here" }));
const node = nodeModule(import.meta.url, "node", here);

function answering(execute: (call: ExecutorCall) => unknown): { readonly pool: NodeExecutor } {
  return { pool: { execute: execute as NodeExecutor["execute"] } };
}

const graph = new StateGraph({ n: lastValue<unknown>(0) })
  .addNode("node", node, { executor: "pool" })
  .addEdge(START, "node")
  .addEdge("node", END)
  .compile();

function gathering(policy: ItemPolicy) {
  const items = () => [1, 2];
  return new StateGraph({ came: append<unknown>() })
    .addNode("node", map(items, nodeModule(import.meta.url, "node"), { into: "came", policy }), { executor: "pool" })
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile();
}

test("what it answers at once, or not at all, does not make the node run here", async () => {
  for (const answer of [undefined, { n: 1 }]) {
    const runner = new AppRunner(graph, { executors: answering(() => answer) });
    expect((await runner.invoke("s", {})).state.n).toBe(answer?.n ?? 0);
  }
  expect(here).not.toHaveBeenCalled();
});

test("what is no outcome, or throws, is the node's failure", async () => {
  const throwing = () => {
    throw new RangeError("at once");
  };
  const runs = [() => null, () => 5, async () => () => 1, throwing, () => Promise.reject(new RangeError("late"))];
  for (const execute of runs) {
    const runner = new AppRunner(graph, { executors: answering(execute) });
    await expect(runner.invoke("s", {})).rejects.toMatchObject({ code: "NODE_FAILED" });
  }
});

test.each(["throw", "collect", "skip"] as const)(
  "items that came to nothing are failures, not results, with policy %s",
  async (policy) => {
    const runner = new AppRunner(gathering(policy), { executors: answering(() => undefined) });
    const error: unknown = await runner.invoke("s", {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "NODE_FAILED", cause: { code: "NODE_RESULT_INVALID" } });
  },
);

test("a state that is an item of itself is an item", async () => {
  const returns: string[] = [];
  const self = new StateGraph({ came: append<unknown>() })
    .addNode(
      "node",
      map((state) => [state], nodeModule(import.meta.url, "node"), { into: "came" }),
      { executor: "pool" },
    )
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile();
  const runner = new AppRunner(self, { executors: answering((call) => returns.push(call.returns)) });
  await runner.invoke("s", {});
  expect(returns).toEqual(["value"]);
});

test("one that fails to close hinders neither the others nor the store, and is told", async () => {
  const closed: string[] = [];
  const executors: Record<string, NodeExecutor> = {
    failing: {
      execute: async () => ({}),
      close: () => {
        throw new RangeError("stuck");
      },
    },
    pool: { execute: async () => ({}), close: async () => void closed.push("pool") },
  };
  const runner = new AppRunner(graph, { executors });
  await expect(runner.close()).rejects.toThrow("stuck");
  await expect(runner.close()).rejects.toThrow("stuck");
  expect(closed).toEqual(["pool"]);
});
