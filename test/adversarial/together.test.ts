/** Everything at once: random graphs in processes, killed at random with their runner or their workers, end as they do inline when nobody kills. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "together-program.ts"), "together");
afterAll(() => rmSync(outOf("together"), { recursive: true, force: true }));

/** At which line that a process says, who is killed. */
interface Kill {
  readonly line: number;
  readonly whom: "runner" | "worker";
}
const MOST_TRIES = 20;

/** What it says last. The n-th process is killed as the n-th of `kills` says, all that come after it are not. */
async function endOf(executor: string, plan: unknown, kills: readonly Kill[] = []): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "superstep-together-"));
  try {
    for (let tried = 0; tried < MOST_TRIES; tried++) {
      const last = await lastLine([executor, JSON.stringify(plan), folder], kills[tried]);
      if (last !== undefined) return JSON.parse(last);
    }
    return "it did not end";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Undefined when it was killed. Throws what it printed when it failed. */
async function lastLine(args: readonly string[], kill: Kill | undefined): Promise<string | undefined> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const errors: string[] = [];
  child.stderr.on("data", (chunk) => errors.push(String(chunk)));
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
    child.on("close", (code, signal) => resolve(signal ?? code)),
  );
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length !== kill?.line) continue;
    const worker = lines.findLast((one) => one.startsWith("worker "))?.slice(7);
    if (kill.whom === "runner") child.kill("SIGKILL");
    else if (worker !== undefined) end(Number(worker));
  }
  const how = await ended;
  if (how === "SIGKILL") return undefined;
  expect({ how, errors }).toEqual({ how: 0, errors: [] });
  return lines.at(-1);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

const habit = fc.constantFrom("plain", "asks", "remembers", "keeps", "swells", "draws");
const layersOf = (one: fc.Arbitrary<string>) =>
  fc.array(fc.array(one, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 });
const plan = fc.record({
  outer: layersOf(fc.oneof(habit, fc.constant("within"))).map((layers) => [...layers, ["within", "plain"]]),
  inner: layersOf(habit),
  stops: fc.boolean(),
});
const kill = fc.record({ line: fc.integer({ min: 1, max: 60 }), whom: fc.constantFrom("runner", "worker") });

test("C5: graphs in processes end as inline, whoever is killed on the way", async () => {
  await fc.assert(
    fc.asyncProperty(plan, fc.array(kill, { minLength: 1, maxLength: 4 }), async (one, kills) => {
      const [inline, killed] = await Promise.all([endOf("inline", one), endOf("pool", one, kills as readonly Kill[])]);
      expect(killed).toEqual(inline);
    }),
    { numRuns: process.env.SUPERSTEP_LONG === "1" ? 100 : 5, endOnFailure: true },
  );
}, 1_800_000);
