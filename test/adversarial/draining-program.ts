/** A process that drains when it is told to end. Argument: the folder of the file. It says when its node is at work, and what came of the call; it never calls `process.exit`. */
import { once } from "node:events";
import { join } from "node:path";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { labour } from "./rivals.js";

const [folder = "."] = process.argv.slice(2);
const checkpointer = new SqliteCheckpointer(join(folder, "sessions.db"));
const tell = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const runner = new AppRunner(
  labour(async () => {
    const alive = setInterval(() => undefined, 1_000);
    tell({ at: "work" });
    await once(process, "SIGTERM");
    clearInterval(alive);
    return "worked";
  }),
  { checkpointer, drainOn: ["SIGTERM"] },
);

const { outcome, step, status } = await runner.invoke("s");
await runner.drain();
tell({ outcome, step, status, listeners: process.listenerCount("SIGTERM") });
await runner.close();
tell({ listeners: process.listenerCount("SIGTERM") });
await checkpointer.close();
