import { AppRunner, append, ConfigMismatchError, END, runContext, START, StateGraph } from "superstep";

// Two things that a call hands to its nodes: who asks, which nobody stores, and what the work depends on, which must not change half-way.
interface User {
  readonly name: string;
}
const user = runContext<User>("user");

const app = new StateGraph({ letters: append<string>() })
  .addNode("draft", (_state, ctx) => ({ letters: `${ctx.config.tone} words from ${user.of(ctx).name}` }))
  .addNode("send", (_state, ctx) => ({ letters: `sent for ${user.of(ctx).name}` }))
  .addEdge(START, "draft")
  .addEdge("draft", "send")
  .addEdge("send", END)
  .compile();

const runner = new AppRunner(app, { freeConfig: ["threads"] });
const ada = { context: [user({ name: "Ada" })] };
await runner.invoke("letter", {}, { ...ada, config: { tone: "kind", threads: 1 }, interruptAfter: ["draft"] });

try {
  await runner.runUntilComplete("letter", { ...ada, config: { tone: "stern", threads: 1 } });
} catch (error) {
  if (error instanceof ConfigMismatchError) console.log(error.message);
}

// Somebody else may go on, with as many threads as there are.
const bo = { context: [user({ name: "Bo" })] };
const { state } = await runner.runUntilComplete("letter", { ...bo, config: { tone: "kind", threads: 8 } });
console.log(state.letters);

// Output:
// session "letter" runs with another configuration: tone
// [ 'kind words from Ada', 'sent for Bo' ]
