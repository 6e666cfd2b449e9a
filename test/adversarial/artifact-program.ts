/**
 * One of two processes on one store. "work": runs sessions that put and refer in every way, and reads all that they refer to. "prune": prunes,
 * over and over. Prints a line when something goes wrong, and one a round. Arguments: the folder of the file, what to do, whether artifacts
 * are in a folder.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { puttingGraph } from "./artifact-graph.js";

const [folder = ".", task = "work", inFolder = "no"] = process.argv.slice(2);
const checkpointer = new SqliteCheckpointer(join(folder, "s.db"), {
  synchronous: "normal",
  ...(inFolder === "yes" && { artifacts: { folder: join(folder, "artifacts") } }),
});
const tell = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const runner = new AppRunner(puttingGraph, { checkpointer });
const late = new AppRunner(puttingGraph, { checkpointer, durability: "exit" });

async function work(round: number): Promise<void> {
  const id = `${process.pid}-${round}`;
  const own = await runner.artifacts.put(randomBytes(3_000));
  await Promise.all([runner.invoke(id, {}), late.invoke(`${id}-late`, {})]);
  await runner.fork(id, { as: `${id}-fork` });
  await runner.deleteSession(id);
  await runner.artifacts.get(own);
  for (const one of [`${id}-late`, `${id}-fork`]) {
    const { state } = await runner.session(one);
    for (const ref of state.refs) await runner.artifacts.get(ref);
  }
}

for (let round = 0; ; round++) {
  try {
    if (task === "work") await work(round);
    else await runner.prune({ keepLast: 1 });
    tell({ round });
  } catch (error) {
    tell({
      error: {
        code: (error as { code?: unknown }).code,
        message: String(error),
        stack: (error as Error).stack,
        cause: String((error as Error).cause),
      },
    });
  }
}
