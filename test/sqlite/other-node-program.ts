/**
 * Runs on another Node than the one that tests run on: the whole contract of stores on node:sqlite, and a session that is paused, closed
 * and resumed. Prints what failed, as JSON. Arguments: a folder.
 */
import { join } from "node:path";
import { AppRunner, END, lastValue, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { checkpointerContract } from "../../src/testing.js";

const [folder = "."] = process.argv.slice(2);
const failures: string[] = [];

for (const [place, { name, check }] of checkpointerContract.entries()) {
  const file = join(folder, `${place}.db`);
  const open = () => new SqliteCheckpointer(file, { driver: "node:sqlite" });
  await check(open).catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
}

const app = new StateGraph({ goal: lastValue(new Date(0)) })
  .addNode("ask", (_state, { interrupt }) => ({ goal: interrupt<Date>("when?") }))
  .addEdge(START, "ask")
  .addEdge("ask", END)
  .compile();
const file = join(folder, "session.db");
const first = new SqliteCheckpointer(file);
await new AppRunner(app, { checkpointer: first }).invoke("s");
await first.close();
const second = new SqliteCheckpointer(file);
const { outcome, state } = await new AppRunner(app, { checkpointer: second }).resume("s", new Date(7));
if (outcome !== "completed" || state.goal.getTime() !== 7) failures.push("a session could not be resumed");
await second.close();

process.stdout.write(JSON.stringify({ node: process.versions.node, checks: checkpointerContract.length, failures }));
