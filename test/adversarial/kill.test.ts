import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compileForChildren } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "killed-program.ts"), "kill");
const folder = mkdtempSync(join(tmpdir(), "superstep-kill-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(dirname(dirname(dirname(program))), { recursive: true, force: true });
});

interface Outcome {
  readonly state: unknown;
  readonly events: number;
}

/** Runs the program, killed at its n-th event, and again until it ends. */
function runKilledAt(nth: number): { readonly outcome: Outcome; readonly log: readonly string[] } {
  const own = mkdtempSync(join(folder, "run-"));
  const start = (at: number) =>
    spawnSync(process.execPath, [program, own, String(at)], { encoding: "utf8", timeout: 20_000 });
  const killed = start(nth);
  const last = killed.signal === "SIGKILL" ? start(0) : killed;
  expect(last.stderr).toBe("");
  return {
    outcome: JSON.parse(last.stdout) as Outcome,
    log: readFileSync(join(own, "log.txt"), "utf8").trim().split("\n"),
  };
}

const undisturbed = runKilledAt(0).outcome;

test("C5: killed at every event, the session goes on to the state of an undisturbed run", { timeout: 120_000 }, () => {
  expect(undisturbed.events).toBeGreaterThan(40);
  for (let nth = 1; nth <= undisturbed.events; nth++) {
    const { outcome, log } = runKilledAt(nth);
    expect({ ...outcome, events: 0 }, `killed at event ${nth}`).toEqual({ ...undisturbed, events: 0 });
    expectNothingTwice(log, nth);
  }
});

/** What was reported finished does not run again, and no superstep is reported twice. */
function expectNothingTwice(log: readonly string[], nth: number): void {
  const completed = new Set<string>();
  for (const line of log) {
    const [what, id = ""] = line.split(" ");
    if (what === "completed") completed.add(id);
    if (what === "ran") expect(completed.has(id), `${line} again, killed at event ${nth}`).toBe(false);
  }
  const committed = log.filter((line) => line.startsWith("committed"));
  expect(new Set(committed).size, `supersteps reported, killed at event ${nth}`).toBe(committed.length);
}
