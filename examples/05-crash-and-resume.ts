import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppRunner, append, END, START, StateGraph } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";

// A postman with four letters dies on the way to the third. Somebody else takes over his round.
const folder = process.env.ROUND ?? mkdtempSync(join(tmpdir(), "round-"));
const LETTERS = ["Ada", "Grace", "Barbara", "Frances"];

const round = new StateGraph({ delivered: append<string>() })
  .addNode("deliver", async ({ delivered }, { once }) => {
    const letter = LETTERS[delivered.length] ?? "nobody";
    if (letter === "Barbara" && process.env.ROUND !== undefined) process.kill(process.pid, "SIGKILL");
    await once("ring", () => appendFileSync(join(folder, "bells.txt"), `${letter}\n`));
    return { delivered: letter };
  })
  .addEdge(START, "deliver")
  .addConditionalEdges("deliver", ({ delivered }) => (delivered.length < 4 ? "deliver" : END), ["deliver", END])
  .compile();

const store = new SqliteCheckpointer(join(folder, "round.db"));
const runner = new AppRunner(round, { checkpointer: store });

if (process.env.ROUND !== undefined) {
  await runner.invoke("monday");
} else {
  const again = [...process.execArgv, fileURLToPath(import.meta.url)];
  const { signal } = spawnSync(process.execPath, again, { env: { ...process.env, ROUND: folder } });
  console.log(`the first postman: ${signal}`);

  const found = await runner.session("monday");
  console.log(`superstep ${found.step}, ${found.status.kind}: ${found.state.delivered.join(", ")}`);

  const { outcome, state } = await runner.invoke("monday");
  console.log(`${outcome}: ${state.delivered.join(", ")}`);
  console.log(`bells: ${readFileSync(join(folder, "bells.txt"), "utf8").trim().split("\n").join(", ")}`);
  await store.close();
  rmSync(folder, { recursive: true });
}

// Output:
// the first postman: SIGKILL
// superstep 2, ready: Ada, Grace
// completed: Ada, Grace, Barbara, Frances
// bells: Ada, Grace, Barbara, Frances
