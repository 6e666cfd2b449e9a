/**
 * A pipeline whose nodes run in threads and put artifacts, on a file, from whatever stands there. Prints how it ended, and how many
 * tasks were told to be finished a second time. Argument: the folder.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppRunner, type ArtifactRef, append, END, lastValue, map, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { nodeModule, threads } from "../../src/workers.js";

const folder = process.argv[2] ?? ".";
const log = join(folder, "log.txt");
appendFileSync(log, "");

const found = (path: string) => new URL(path, import.meta.url);
const nodes = found("../workers/nodes.js");
const draw = nodeModule<[item: number], ArtifactRef>(nodes, "draw");
const app = new StateGraph({
  items: lastValue([1, 2, 3, 4]),
  drawn: append<ArtifactRef>(),
  sizes: lastValue<readonly number[]>([]),
})
  .addNode(
    "draw",
    map(({ items }) => items, draw, { into: "drawn" }),
    { executor: "pool" },
  )
  .addNode("weigh", nodeModule(nodes, "weigh"), { executor: "pool", retry: { maxAttempts: 2, initialDelayMs: 0 } })
  .addEdge(START, "draw")
  .addEdge("draw", "weigh")
  .addEdge("weigh", END)
  .compile();

const checkpointer = new SqliteCheckpointer(join(folder, "s.db"), { artifacts: { folder: join(folder, "artifacts") } });
const pool = threads({ host: found("../../src/workers/worker-host.js"), maxWorkers: 2, print: false });
const runner = new AppRunner(app, { checkpointer, executors: { pool } });
const { status } = await runner.createSession("s", {}, { ifExists: "resume" });
if (status.kind !== "completed") {
  const stream = runner.stream("s");
  for await (const event of stream) if (event.type === "node.completed") appendFileSync(log, `${event.task.id}\n`);
  await stream.result;
}
await runner.prune({ keepLast: 1 });
const { state, step } = await runner.session("s");
const contents = await Promise.all(state.drawn.map((ref) => runner.artifacts.get<Uint8Array>(ref)));
await runner.close();
await checkpointer.close();
const told = readFileSync(log, "utf8").trim().split("\n");
const ended = {
  sizes: state.sizes,
  firsts: contents.map(([first]) => first),
  step,
  again: told.length - new Set(told).size,
};
process.stdout.write(JSON.stringify(ended, undefined, 1));
