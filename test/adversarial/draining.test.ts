/** A process that gets SIGTERM while its node is at work: what finishes is kept, the session says why it stands, and another process goes on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { compileForChildren, outOf } from "./compiled.js";
import { labour } from "./rivals.js";

const program = compileForChildren(join(import.meta.dirname, "draining-program.ts"), "draining");

afterAll(() => rmSync(outOf("draining"), { recursive: true, force: true }));

test("C5, P2: on SIGTERM the superstep in flight commits, the session is paused as drained, the process ends by itself, and another goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "superstep-draining-"));
  try {
    const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const gone = once(child, "exit");
    const told: unknown[] = [];
    for await (const line of createInterface(child.stdout)) {
      told.push(JSON.parse(line));
      if (told.length === 1) child.kill("SIGTERM");
    }
    const status = { kind: "paused", reason: { kind: "drained", reason: "SIGTERM" } };
    expect(told).toEqual([{ at: "work" }, { outcome: "paused", step: 1, status, listeners: 1 }, { listeners: 0 }]);
    expect(await gone).toEqual([0, null]);
    const checkpointer = new SqliteCheckpointer(join(folder, "sessions.db"));
    const runner = new AppRunner(
      labour(async () => "worked again"),
      { checkpointer },
    );
    expect(await runner.session("s")).toMatchObject({ step: 1, status, state: { notes: ["worked"] } });
    const ended = await runner.runUntilComplete("s");
    expect(ended).toMatchObject({ outcome: "completed", state: { notes: ["worked", "finished"] } });
    await checkpointer.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
