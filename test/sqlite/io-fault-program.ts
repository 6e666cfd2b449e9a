/**
 * Runs a session on a disk that now and then fails to write or to sync. Every failure is a CheckpointError, after which the session goes on
 * in the same process. Prints the session and how often it failed, as JSON. Arguments: a folder.
 */
import { join } from "node:path";
import { AppRunner, append, END, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { codes, insist } from "./insisting.js";

const [folder = "."] = process.argv.slice(2);
const STEPS = 150;

const app = new StateGraph({ log: append<number>() })
  .addNode("write", ({ log }) => ({ log: log.length }))
  .addEdge(START, "write")
  .addConditionalEdges("write", ({ log }) => (log.length < STEPS ? "write" : END), ["write", END])
  .compile();

const reported = new Set<number>();
let doubled = 0;

const store = await insist(async () => new SqliteCheckpointer(join(folder, "session.db")));
const runner = new AppRunner(app, { checkpointer: store });
runner.addHooks({
  afterStep: ({ step }) => {
    if (reported.has(step)) doubled++;
    reported.add(step);
  },
});
await insist(() => runner.createSession("s", {}, { ifExists: "resume" }));
await insist(() => runner.runUntilComplete("s", { maxSteps: STEPS }));
const { state, step, status } = await insist(() => runner.session("s"));
process.stdout.write(JSON.stringify({ log: state.log, step, status: status.kind, codes, doubled }));
