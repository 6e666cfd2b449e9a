/**
 * A program that is killed: runs one session on a file, appends every durable event and every effect to a log, and kills itself with
 * SIGKILL at its n-th event. Arguments: folder, n (0: never).
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { AppRunner, append, END, resumeWith, Send, START, StateGraph, sum } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const [folder = ".", nth = "0"] = process.argv.slice(2);
const say = (line: string) => appendFileSync(join(folder, "log.txt"), `${line}\n`);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A loop, a fan-out with some nodes asynchronous, a join, an effect and a question. */
const app = new StateGraph({ rounds: sum(), found: append<string>(), notes: append<string>() })
  .addNode("plan", (state) => {
    say(`ran plan ${state.rounds}`);
    return { rounds: 1, notes: `round ${state.rounds}` };
  })
  .addNode("search", async (state, { input, taskId }) => {
    say(`ran ${taskId}`);
    if (Number(input) % 2 === 0) for (let i = 0; i < 1 + Number(input); i++) await turn();
    return { found: `${state.rounds}/${String(input)}` };
  })
  .addNode("pay", async (_state, ctx) => {
    say(`ran ${ctx.taskId}`);
    const receipt = await ctx.once("pay", async () => {
      await turn();
      return "receipt";
    });
    say("paid");
    await turn();
    return { notes: receipt };
  })
  .addNode("approve", (_state, ctx) => {
    const answer = ctx.interrupt<string>("go on?");
    return { notes: answer };
  })
  .addNode("finish", () => ({ notes: "done" }))
  .addEdge(START, "plan")
  .addConditionalEdges("plan", () => [1, 2, 3, 4].map((input) => new Send("search", input)), ["search"])
  .addConditionalEdges("search", (state) => (state.rounds < 2 ? "plan" : ["pay", "approve"]), [
    "plan",
    "pay",
    "approve",
  ])
  .addEdge(["pay", "approve"], "finish")
  .addEdge("finish", END)
  .compile();

const store = new SqliteCheckpointer(join(folder, "session.db"), { synchronous: "normal" });
const runner = new AppRunner(app, {
  checkpointer: store,
  random: () => 0.5,
  clock: { now: () => 0, sleep: () => new Promise(() => undefined) },
});
let events = 0;

async function run(input?: Parameters<typeof runner.stream>[1]): Promise<void> {
  const stream = runner.stream("s", input);
  for await (const event of stream) {
    if (event.type === "node.completed") say(`completed ${event.task.id}`);
    if (event.type === "step.completed") say(`committed ${event.step}`);
    if (++events === Number(nth)) process.kill(process.pid, "SIGKILL");
  }
  await stream.result;
}

await runner.createSession("s", {}, { ifExists: "resume" });
const statusNow = async () => (await runner.session("s")).status.kind;
if ((await statusNow()) !== "completed") await run();
if ((await statusNow()) === "paused") await run(resumeWith("yes"));
const { state, status, versions, step } = await runner.session("s");
process.stdout.write(JSON.stringify({ state, status, versions, step, events }));
