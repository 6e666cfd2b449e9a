/**
 * Steps a session through its subgraphs on a file, from whatever stands there, one pause at a time. Prints how it ended, and every place
 * that it was seen to pause at. Argument: the folder.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppRunner, append, END, type NodeFn, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const folder = process.argv[2] ?? ".";
const log = join(folder, "log.txt");
appendFileSync(log, "");

const channels = { list: append<string>() };
const works: NodeFn<typeof channels> = async (_, { node }) => {
  await undefined;
  return { list: node };
};
const lowest = new StateGraph(channels)
  .addNode("c", works)
  .addNode("d", works)
  .addEdge(START, "c")
  .addEdge("c", "d")
  .addEdge("d", END)
  .compile();
const middle = new StateGraph(channels)
  .addNode("a", works)
  .addNode("lowest", lowest)
  .addNode("b", works)
  .addEdge(START, "a")
  .addEdge("a", "lowest")
  .addEdge("lowest", "b")
  .addEdge("b", END)
  .compile();
const app = new StateGraph(channels)
  .addNode("middle", middle)
  .addNode("beside", works)
  .addEdge(START, "middle")
  .addEdge(START, "beside")
  .addEdge("middle", END)
  .addEdge("beside", END)
  .compile();

const runner = new AppRunner(app, { checkpointer: new SqliteCheckpointer(join(folder, "s.db")) });
const stops = { interruptBefore: "*", interruptEachStep: true } as const;
const options = { within: { middle: { ...stops, within: { lowest: stops } } } };

let { status } = await runner.createSession("s", {}, { ifExists: "resume" });
while (status.kind !== "completed") {
  if (status.kind === "paused") appendFileSync(log, `${JSON.stringify(status.reason)}\n`);
  await runner.runStep("s", options);
  ({ status } = await runner.session("s"));
}
const seen = new Set(readFileSync(log, "utf8").trim().split("\n"));
const { state } = await runner.session("s");
process.stdout.write(JSON.stringify({ list: state.list, seen: [...seen] }, undefined, 1));
await runner.close();
