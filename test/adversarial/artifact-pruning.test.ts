/** One process puts artifacts and refers to them, another one prunes all the time, and either dies: nothing that is referred to goes, and all else does (T6). */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { AppRunner } from "../../src/index.js";
import { SqliteCheckpointer } from "../../src/sqlite.js";
import { TestClock } from "../../src/testing.js";
import { listOf } from "../runner/graphs.js";
import { puttingGraph } from "./artifact-graph.js";
import { compileForChildren, outOf } from "./compiled.js";

/** Milliseconds that the two are at it. */
const WHILE_MS = 3_000;
const DAY_MS = 86_400_000;
/** Later than any lease of who was killed. */
const LEASES_MS = 600_000;

const program = compileForChildren(join(import.meta.dirname, "artifact-program.ts"), "artifacts");
afterAll(() => rmSync(outOf("artifacts"), { recursive: true, force: true }));

/** What a process said, and how to end it as a crash would. */
function start(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const said: Told[] = [];
  const hasSaid = new Promise<void>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      said.push(JSON.parse(line) as Told);
      resolve();
    });
  });
  const kill = (): Promise<void> => {
    child.kill("SIGKILL");
    return ended;
  };
  return { said, kill, hasSaid };
}
interface Started {
  readonly said: readonly Told[];
  /** Settles with its first round. */
  readonly hasSaid: Promise<void>;
  readonly kill: () => Promise<void>;
}
interface Told {
  readonly round?: number;
  readonly error?: unknown;
}

function filesIn(path: string): number {
  if (!existsSync(path)) return 0;
  return readdirSync(path, { recursive: true, withFileTypes: true }).filter(
    (one) => one.isFile() && one.name !== "store",
  ).length;
}

test.each([
  ["in the file", "no"],
  ["in a folder", "yes"],
])(
  "T6: %s, nothing that is referred to goes while another process prunes, whoever of the two is killed",
  async (_, inFolder) => {
    const folder = mkdtempSync(join(tmpdir(), "superstep-pruning-"));
    const options = inFolder === "yes" ? { artifacts: { folder: join(folder, "artifacts") } } : {};
    const pruning = start(folder, "prune", inFolder);
    const working = [start(folder, "work", inFolder)];
    try {
      await sleep(WHILE_MS / 2);
      await working[0]?.hasSaid;
      await working[0]?.kill();
      working.push(start(folder, "work", inFolder));
      await sleep(WHILE_MS / 2);
      await Promise.all([pruning, ...working].map(({ hasSaid }) => hasSaid));
    } finally {
      await Promise.all([pruning, ...working].map(({ kill }) => kill()));
    }
    const said = [pruning, ...working].flatMap((one) => one.said);
    expect(said.filter(({ error }) => error !== undefined)).toEqual([]);

    const clock = new TestClock(Date.now() + LEASES_MS);
    const checkpointer = new SqliteCheckpointer(join(folder, "s.db"), options);
    const runner = new AppRunner(puttingGraph, { checkpointer, clock });
    const sessions = (await listOf(runner.sessions())).map(({ sessionId }) => sessionId);
    const count = (): number => {
      const database = new Database(join(folder, "s.db"), { readonly: true });
      const { count: rows } = database.prepare("SELECT count(*) AS count FROM artifact").get() as { count: number };
      database.close();
      return rows;
    };
    await runner.prune({ keepLast: 1 });
    for (const id of sessions) {
      const { state } = await runner.session(id);
      for (const ref of state.refs) await runner.artifacts.get(ref);
      await runner.runUntilComplete(id);
    }
    if (inFolder === "yes") {
      await runner.prune({ keepLast: 1 });
      expect(filesIn(join(folder, "artifacts"))).toBe(count());
    }
    for (const id of sessions) await runner.deleteSession(id);
    await clock.advance(DAY_MS + 1);
    await runner.prune({ keepLast: 1 });
    expect([count(), filesIn(join(folder, "artifacts"))]).toEqual([0, 0]);
    await checkpointer.close();
    rmSync(folder, { recursive: true, force: true });
  },
  60_000,
);
