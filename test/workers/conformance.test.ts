/** Where a node runs makes no difference: inline, in a thread or in a process, the same states, histories and errors. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { recordOf } from "../../src/errors.js";
import {
  AppRunner,
  append,
  END,
  type ErrorRecord,
  MemoryCheckpointer,
  type NodeError,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import type { NodeExecutor } from "../../src/workers.js";
import { processes, threads } from "../../src/workers.js";
import { nodeNamed, openPool } from "./pools.js";

const pools = { worker: openPool(threads), process: openPool(processes) };
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close({ timeoutMs: 1_000 }))));

const act = nodeNamed("act");
const habit = fc.constantFrom(
  ...["plain", "asks", "retried", "remembers", "sends", "ends", "nothing", "fails", "throws", "returns", "bare"],
);
/** Layers of nodes side by side, each leading to all of the next one. */
const layers = fc.array(fc.array(habit, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

function graphOf(habits: readonly (readonly string[])[], executor: string) {
  const options = { executor, retry: { maxAttempts: 2, initialDelayMs: 0, retryOn: isPlanned } };
  const graph = new StateGraph({ log: append<unknown>(), total: sum() }).addNode("leaf", act, { executor });
  const names = habits.map((layer, depth) => layer.map((one, place) => `${one} ${depth}.${place}`));
  for (const name of names.flat()) graph.addNode(name, act, { ...options, ends: ["leaf", END] });
  names.forEach((layer, depth) => {
    for (const from of depth === 0 ? [START] : (names[depth - 1] ?? []))
      for (const to of layer) graph.addEdge(from as never, to as never);
  });
  for (const name of names.at(-1) ?? []) graph.addEdge(name as never, END);
  return graph.compile();
}

function isPlanned(error: unknown): boolean {
  return recordOf(error).message === "not yet";
}

async function runOf(habits: readonly (readonly string[])[], executor: string): Promise<unknown> {
  const executors: Readonly<Record<string, NodeExecutor>> = pools;
  const runner = new AppRunner(graphOf(habits, executor), { checkpointer: new MemoryCheckpointer(), executors });
  const seen: unknown[] = [];
  const options = { config: { tone: "dry" } };
  try {
    let came = await runner.invoke("s", { log: ["begun"] }, options);
    while (came.outcome === "paused" && came.reason.kind === "interrupt") {
      const { interrupts } = came.reason;
      seen.push(interrupts.map(({ node, payload }) => [node, payload]));
      came = await runner.resume(
        "s",
        Object.fromEntries(interrupts.map(({ id, node }) => [id, { to: node }])),
        options,
      );
    }
    seen.push(came.outcome, came.state);
  } catch (error) {
    const { failures = [] } = error as NodeError;
    seen.push(...[error, ...failures.map((failure) => failure.error)].map((one) => withoutStack(recordOf(one))));
  }
  for await (const { step, state, frontier, source } of runner.history("s"))
    seen.push({ step, state, source, frontier: frontier.map(({ node, input }) => ({ node, input })) });
  await runner.close();
  return seen;
}

/** Without what names one run: the stack, and where it stood. */
function withoutStack({ stack, at, cause, ...record }: ErrorRecord): unknown {
  return {
    ...record,
    at: at && { node: at.node, step: at.step, attempt: at.attempt },
    cause: cause && withoutStack(cause),
  };
}

test("graphs end the same inline, in threads and in processes", async () => {
  await fc.assert(
    fc.asyncProperty(layers, async (habits) => {
      const inline = await runOf(habits, "inline");
      expect(await runOf(habits, "worker")).toEqual(inline);
      expect(await runOf(habits, "process")).toEqual(inline);
    }),
    { numRuns: 60 },
  );
});
