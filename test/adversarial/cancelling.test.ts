/** Cancelling what another process drives: it hears of it through the file, aborts, and leaves the session ready; a dead one is nobody to cancel. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { AppRunner, END, lastValue, START, StateGraph } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "cancelled-program.ts"), "cancelling");
const app = new StateGraph({ done: lastValue(false) })
  .addNode("work", () => ({ done: true }))
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

let folder = "";
let checkpointer: SqliteCheckpointer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "superstep-cancelling-"));
  checkpointer = new SqliteCheckpointer(join(folder, "sessions.db"), { synchronous: "normal" });
});
afterEach(async () => {
  await checkpointer.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => rmSync(outOf("cancelling"), { recursive: true, force: true }));

interface Driver {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  readonly hear: () => Promise<unknown>;
  readonly gone: Promise<unknown>;
}

function drive(ttlMs: number): Driver {
  const child = spawn(process.execPath, [program, folder, String(ttlMs)], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const hear = async () => JSON.parse(String((await lines.next()).value)) as unknown;
  return { child, hear, gone: once(child, "exit") };
}

test("P6, C4: of two processes, the one that drives hears of the other's request, and the session goes on from where it stood", async () => {
  const driver = drive(400);
  expect(await driver.hear()).toEqual({ at: "work" });
  const runner = new AppRunner(app, { checkpointer });
  expect(await runner.cancel("s", "too dear")).toBe("elsewhere");
  expect(await driver.hear()).toMatchObject({
    code: "RUN_ABORTED",
    cause: { code: "SESSION_CANCELLED", message: expect.stringContaining("too dear") },
  });
  expect(await driver.gone).toEqual([0, null]);
  expect(await runner.session("s")).toMatchObject({ step: 0, status: { kind: "ready" } });
  expect(await runner.cancel("s")).toBe("idle");
  expect(await runner.invoke("s")).toMatchObject({ outcome: "completed", state: { done: true } });
});

test("C5: a session whose process was killed is idle, and a request that came before that does not stop the next one", async () => {
  const driver = drive(60_000);
  expect(await driver.hear()).toEqual({ at: "work" });
  driver.child.kill("SIGSTOP");
  const runner = new AppRunner(app, { checkpointer });
  expect(await runner.cancel("s")).toBe("elsewhere");
  driver.child.kill("SIGKILL");
  await driver.gone;
  expect(await runner.cancel("s")).toBe("idle");
  expect(await runner.runUntilComplete("s")).toMatchObject({ outcome: "completed", state: { done: true } });
});
