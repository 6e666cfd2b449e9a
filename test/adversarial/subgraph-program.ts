/**
 * Runs a session with subgraphs on a file, from whatever stands there: two levels, several instances, a question within. Prints how it
 * ended, and what ran again although it had been reported as finished. Argument: the folder.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AppRunner,
  append,
  Command,
  END,
  lastValue,
  type NodeFn,
  type RunResult,
  resumeWith,
  Send,
  type SessionView,
  START,
  StateGraph,
  sum,
} from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const folder = process.argv[2] ?? ".";
const log = join(folder, "log.txt");
appendFileSync(log, "");
const say = (line: string) => appendFileSync(log, `${line}\n`);

const channels = { list: append<string>(), total: sum(), item: lastValue(0), told: lastValue("") };
type Outcome = SessionView<typeof channels>;
let answer: ReturnType<typeof resumeWith> | undefined;

/** Says that it ran, and writes its name. */
const works: NodeFn<typeof channels> = async ({ item }, { node, taskId }) => {
  await undefined;
  say(`ran ${taskId}`);
  return { list: `${node}${item}`, total: item };
};
const asks: NodeFn<typeof channels> = (state, ctx) => ({ list: `${ctx.node}: ${ctx.interrupt<string>(state.item)}` });

const lowest = new StateGraph(channels)
  .addNode("c", works)
  .addNode("ask", asks)
  .addEdge(START, "c")
  .addEdge(START, "ask")
  .addEdge("c", END)
  .addEdge("ask", END)
  .compile();
const middle = new StateGraph(channels)
  .addNode("b", works)
  .addNode("lowest", lowest)
  .addNode("leave", () => Command.parent({ update: { list: "left" } }) as never)
  .addEdge(START, "b")
  .addEdge("b", "lowest")
  .addEdge("lowest", "leave")
  .addEdge("leave", END)
  .compile();
const app = new StateGraph(channels)
  .addNode("a", works)
  .addNode("each", middle)
  .addNode("z", works)
  .addEdge(START, "a")
  .addConditionalEdges("a", () => [1, 2].map((item) => new Send("each", { item })))
  .addEdge("each", "z")
  .addEdge("z", END)
  .compile();

const runner = new AppRunner(app, {
  checkpointer: new SqliteCheckpointer(join(folder, "s.db"), { synchronous: "normal" }),
});

/** One call, told event by event. */
async function call(input?: ReturnType<typeof resumeWith>): Promise<RunResult<typeof channels>> {
  const stream = runner.stream("s", input);
  for await (const event of stream)
    if (event.type === "node.completed" && event.task.node.length === 1) say(`completed ${event.task.id}`);
  return stream.result;
}

/** What ran although it had been reported as finished. */
function again(lines: readonly string[]): readonly string[] {
  return lines.filter((line, place) => {
    const told = lines.indexOf(line.replace("ran ", "completed "));
    return line.startsWith("ran ") && told >= 0 && told < place;
  });
}

/** Undefined: it is to begin, or to go on. */
async function finished(): Promise<Outcome | undefined> {
  const found = await runner.createSession("s", {}, { ifExists: "resume" });
  return found.status.kind === "completed" ? found : undefined;
}

let view = await finished();
while (view === undefined) {
  const result: RunResult<typeof channels> = await call(answer);
  if (result.outcome === "completed") view = result;
  else if (result.reason.kind === "interrupt") {
    const [asked] = result.reason.interrupts;
    answer = resumeWith({ [asked?.id ?? ""]: `to ${String(asked?.payload)} at ${String(asked?.path?.join("/"))}` });
  }
}
const lines = readFileSync(log, "utf8").trim().split("\n");
process.stdout.write(JSON.stringify({ state: view.state, again: again(lines) }, undefined, 1));
await runner.close();
