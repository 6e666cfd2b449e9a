import { AppRunner, append, END, lastValue, type NodeMiddleware, START, StateGraph } from "superstep";

// An oracle that is slow, moody and paid by the question: whoever asks what was asked before gets the same answer, for nothing.
class Moody extends Error {
  readonly retryAfterMs = 5; // heeded by the retry, like a server's Retry-After
}
let asked = 0;
const paid = new Set<string>();

const oracle = new StateGraph({ question: lastValue(""), log: append<string>() })
  .addNode(
    "ask",
    async ({ question }, { progress }) => {
      if (++asked === 1) throw new Moody("not before noon");
      progress(1, 1, "smoke rises"); // a sign of life: without one for 2 s the attempt would fail
      return { log: `${question} ${question.length % 2 === 0 ? "Yes." : "No."}` };
    },
    {
      retry: { maxAttempts: 3, initialDelayMs: 1, budgetMs: 60_000 },
      idleTimeoutMs: 2_000,
      cache: { key: ({ question }) => question, ttlMs: 86_400_000, version: "delphi-1" },
    },
  )
  .addNode("pay", async (_state, { once }) => ({
    // the key is the same after a crash, so that the temple can tell a payment from a second one
    log: await once("obol", ({ idempotencyKey }) => `paid as number ${paid.add(idempotencyKey).size}`),
  }))
  .addEdge(START, "ask")
  .addEdge("ask", "pay")
  .addEdge("pay", END)
  .compile();

const noting: NodeMiddleware = async ({ node, attempt }, next) => {
  console.log(`  ${node}, attempt ${attempt}`);
  return next();
};

const runner = new AppRunner(oracle, { middleware: [noting] });
for (const pilgrim of ["Croesus", "Solon"]) {
  console.log(pilgrim);
  const stream = runner.stream(pilgrim, { question: "Shall I cross the river?" });
  const known: string[] = [];
  for await (const event of stream) if (event.type === "node.completed" && event.cached) known.push(event.task.node);
  const { state, summary } = await stream.result;
  for (const node of known) console.log(`  ${node}: known already`);
  console.log(`  ${state.log.join(" ")} (${summary.retries} retries)`);
}
console.log(`asked ${asked} times`);

// Output:
// Croesus
//   ask, attempt 1
//   ask, attempt 2
//   pay, attempt 1
//   Shall I cross the river? Yes. paid as number 1 (1 retries)
// Solon
//   pay, attempt 1
//   ask: known already
//   Shall I cross the river? Yes. paid as number 2 (0 retries)
// asked 2 times
