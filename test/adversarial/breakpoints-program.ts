/** A session with breakpoints, run to its end from wherever it stands. Argument: a folder. Prints the state, and at which steps history has a pause. */
import { join } from "node:path";
import { AppRunner, append, END, START, StateGraph, sum } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const folder = process.argv.at(-1) ?? ".";
const app = new StateGraph({ count: sum(), log: append<string>() })
  .addNode("loop", async (_, { step }) => ({ count: 1, ...(step % 2 === 0 && { log: `step ${step}` }) }))
  .addEdge(START, "loop")
  .addConditionalEdges("loop", ({ count }) => (count < 6 ? "loop" : END), ["loop", END])
  .compile();
const checkpointer = new SqliteCheckpointer(join(folder, "session.db"));
const runner = new AppRunner(app, { checkpointer, predicates: { isFifth: ({ step }) => step === 5 } });

const { step } = await runner.createSession("s", {}, { ifExists: "resume" });
if (step === 0) {
  await runner.setBreakpoints("s", [
    { kind: "written", channel: "log" },
    { kind: "predicate", name: "isFifth" },
  ]);
}
let result = step === 0 ? await runner.runUntil("s", { after: "loop" }) : await runner.runUntilComplete("s");
while (result.outcome === "paused") result = await runner.runUntilComplete("s");

const pauses: string[] = [];
for await (const { step: at, status } of runner.history("s")) {
  if (status.kind === "paused" && status.reason.kind === "breakpoint")
    pauses.push(`${at} ${status.reason.breakpoint.kind}`);
}
console.log(JSON.stringify({ state: result.state, pauses, kept: (await runner.breakpoints("s")).length }));
await checkpointer.close();
