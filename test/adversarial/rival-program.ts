/**
 * A process that wants what others want. Each line on stdin is a command, each line on stdout an answer, as JSON. Arguments: the folder of
 * the file and the log, how long its leases hold (ms).
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { approval, labour } from "./rivals.js";

const [folder = ".", ttlMs = "5000"] = process.argv.slice(2);
const checkpointer = new SqliteCheckpointer(join(folder, "sessions.db"), { synchronous: "normal" });
const options = { checkpointer, lease: { ttlMs: Number(ttlMs) } };
const me = `process ${process.pid}`;
const tell = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
let release = (): void => undefined;

const approvals = new AppRunner(
  approval(async (sessionId) => {
    appendFileSync(join(folder, "effects.txt"), `${sessionId} ${me}\n`);
    await sleep(5);
    return me;
  }),
  options,
);
const labours = new AppRunner(
  labour(async () => {
    tell({ at: "work" });
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return me;
  }),
  options,
);

const COMMANDS: Readonly<Record<string, (sessionId: string, at: number) => Promise<object>>> = {
  prepare: async (sessionId) => ({ outcome: (await approvals.invoke(sessionId)).outcome }),
  /** Starts at that instant, as exactly as can be. */
  resume: async (sessionId, at) => {
    while (Date.now() < at);
    return { outcome: (await approvals.resume(sessionId, "yes")).outcome };
  },
  drive: async (sessionId) => ({ outcome: (await labours.invoke(sessionId)).outcome }),
  release: async () => {
    release();
    return { at: "release" };
  },
};

for await (const line of createInterface(process.stdin)) {
  const { command, sessionId, at } = JSON.parse(line) as { command: string; sessionId: string; at: number };
  const work = COMMANDS[command] as (sessionId: string, at: number) => Promise<object>;
  void work(sessionId, at).then(
    (answer) => tell({ sessionId, ...answer }),
    (error: unknown) => tell({ sessionId, error: { ...(error as object), message: String(error) } }),
  );
}
process.exit(0);
