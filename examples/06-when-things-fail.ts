import { setTimeout as wait } from "node:timers/promises";
import { AppRunner, append, END, lastValue, NodeError, NodeTimeoutError, START, StateGraph } from "superstep";

// A harbour master asks three services that fail in three ways.
let calls = 0;
let isRadioOn = false;

const harbour = new StateGraph({ log: append<string>(), wind: lastValue("unknown") })
  .addNode(
    "ferry", // fails twice, then works: tried again, after growing pauses
    (_state, { attempt }) => {
      if (attempt < 3) throw new TypeError(`line busy (try ${attempt})`);
      return { log: `ferry at nine, on try ${attempt}` };
    },
    { retry: { maxAttempts: 3, initialDelayMs: 5, retryOn: (error) => error instanceof TypeError } },
  )
  .addNode(
    "tides", // never answers: given up after 20 ms, and the almanac is used instead
    async (_state, { signal }) => ({ log: await wait(60_000, "tide tables", { signal }) }),
    {
      timeoutMs: 20,
      onError: (error) => ({ log: error instanceof NodeTimeoutError ? "tides from the almanac" : "no tides" }),
    },
  )
  .addNode("wind", () => {
    calls++;
    if (!isRadioOn) throw new TypeError("the radio is off");
    return { wind: "north-west 5" };
  })
  .addNode("publish", ({ wind }) => ({ log: `wind ${wind}` }))
  .addEdge(START, "ferry")
  .addEdge(START, "tides")
  .addEdge(START, "wind")
  .addEdge(["ferry", "tides", "wind"], "publish")
  .addEdge("publish", END)
  .compile();

const runner = new AppRunner(harbour);
try {
  await runner.invoke("today");
} catch (error) {
  if (!(error instanceof NodeError)) throw error;
  console.log(`${error.code}: ${error.message}`);
  console.log(`kept: ${error.at?.finished.map(({ node }) => node).join(", ")}`);
}

isRadioOn = true; // mended: only the task that failed runs again
const { state, step, summary } = await runner.runUntilComplete("today");
console.log(`${step} supersteps, ${summary.tasks} tasks in this call, wind asked ${calls} times`);
for (const line of state.log) console.log(`- ${line}`);

// Output:
// NODE_FAILED: node "wind" failed on attempt 1: the radio is off
// kept: ferry, tides
// 2 supersteps, 2 tasks in this call, wind asked 2 times
// - ferry at nine, on try 3
// - tides from the almanac
// - wind north-west 5
