/** Programs that do not survive a kill as they should, each in its own way. Arguments: the way, what the way needs, the folder. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppRunner, END, START, StateGraph, sum } from "../../src/index.js";

const [way = "", shared = ""] = process.argv.slice(2);
const folder = process.argv.at(-1) ?? ".";
const starts = count(join(folder, "starts.txt"));

switch (way) {
  case "counts its starts":
    process.stdout.write(`start ${starts}`);
    break;
  case "breaks down":
    process.stdout.write("begun");
    if (starts > 1) process.stderr.write("there is no way on");
    if (starts > 1) process.exit(3);
    break;
  case "hangs":
    if (starts > 1) setInterval(() => undefined, 1_000);
    break;
  case "is killed by itself":
    if (starts > 1) process.kill(process.pid, "SIGKILL");
    break;
  case "prints who it is":
    process.stdout.write(String(process.pid));
    break;
  case "fails at once":
    throw new TypeError("it never worked");
  case "leaves a child behind":
    await leaveChild();
    break;
  case "prints what it was told":
    process.stdout.write(JSON.stringify([process.env.WORD, process.argv.slice(2, -1), process.execArgv[0]]));
    break;
}
if (way !== "runs no session") await runSession(way === "gets shorter" && count(shared) > 2 ? 1 : 5);

function count(file: string): number {
  appendFileSync(file, "started\n");
  return readFileSync(file, "utf8").trim().split("\n").length;
}

async function runSession(rounds: number): Promise<void> {
  const app = new StateGraph({ rounds: sum() })
    .addNode("round", () => ({ rounds: 1 }))
    .addEdge(START, "round")
    .addConditionalEdges("round", (state) => (state.rounds < rounds ? "round" : END), ["round", END])
    .compile();
  await new AppRunner(app).invoke("s");
}

/** It holds the pipes of its parent open. */
async function leaveChild(): Promise<void> {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, ["-e", "setTimeout(() => undefined, 6_000)"], { stdio: "inherit" });
  child.unref();
}
