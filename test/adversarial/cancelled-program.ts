/** A process whose node works until it is told to stop. Arguments: the folder of the file, how long its leases hold (ms). It says when the node is at work, and how the call ended. */
import { once } from "node:events";
import { join } from "node:path";
import { AppRunner, END, lastValue, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";

const [folder = ".", ttlMs = "5000"] = process.argv.slice(2);
const checkpointer = new SqliteCheckpointer(join(folder, "sessions.db"), { synchronous: "normal" });
const tell = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const app = new StateGraph({ done: lastValue(false) })
  .addNode("work", async (_, { signal }) => {
    const alive = setInterval(() => undefined, 1_000);
    tell({ at: "work" });
    await once(signal, "abort");
    clearInterval(alive);
    throw signal.reason;
  })
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

await new AppRunner(app, { checkpointer, lease: { ttlMs: Number(ttlMs) } })
  .invoke("s")
  .catch((error: { code: string; cause: object }) => tell({ code: error.code, cause: error.cause }));
await checkpointer.close();
