import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CrashFailure, KillOptions } from "../../src/testing.js";
import { failureOf } from "../runner/graphs.js";
import { compiledHarness, compileForChildren, outOf } from "./compiled.js";

const program = compileForChildren(join(import.meta.dirname, "faulty-program.ts"), "faulty");
const { killAtEveryBoundary } = await compiledHarness("faulty");
const folder = mkdtempSync(join(tmpdir(), "superstep-harness-"));
const temporary = process.env.TMPDIR;

beforeAll(() => {
  process.env.TMPDIR = folder;
});
afterAll(() => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(folder, { recursive: true, force: true });
  rmSync(outOf("faulty"), { recursive: true, force: true });
});

async function failing(way: string, options: Partial<KillOptions> = {}): Promise<CrashFailure> {
  const failure = await failureOf(killAtEveryBoundary({ program, args: [way], atMost: 2, ...options }));
  expect(failure).toMatchObject({ name: "CrashFailure" });
  expect(readdirSync(folder)).toEqual([]);
  return failure as CrashFailure;
}

test("a program that prints something else after a kill is found, with both outputs", async () => {
  expect(await failing("counts its starts")).toMatchObject({
    kills: [{ nth: expect.any(Number) as number, point: expect.any(String) as string }],
    expected: "start 1",
    actual: "start 2",
    message: expect.stringMatching(
      /^the program that was killed at boundary \d+ \([a-z.-]+\) printed something else than before\n {2}expected: start 1\n {2}printed: start 2\n/,
    ) as string,
  });
});

test("a program that exits with an error after a kill is found, with what it said", async () => {
  expect(await failing("breaks down")).toMatchObject({
    stderr: "there is no way on",
    message: expect.stringMatching(/exited with code 3\n[\s\S]*there is no way on/) as string,
  });
});

test("a program that hangs after a kill is found", async () => {
  const { message } = await failing("hangs", { timeoutMs: 2_000, atMost: 1 });
  expect(message).toContain("did not end within 2000 ms");
});

test("a program that somebody else kills is found", async () => {
  expect((await failing("is killed by itself")).message).toContain("died of SIGKILL");
});

test("what does not work, or differs, or runs no session when nothing disturbs it is not blamed on a kill", async () => {
  expect((await failing("fails at once")).message).toMatch(
    /^the undisturbed program exited with code 1\n[\s\S]*never worked/,
  );
  expect((await failing("prints who it is")).message).toMatch(/^the undisturbed program printed something else/);
  expect((await failing("runs no session")).message).toMatch(/^the undisturbed program came by no crash point/);
});

test("the command that repeats a failure repeats it", async () => {
  const { message, actual } = await failing("counts its starts");
  const [, command = ""] = /to repeat it: (.+)$/.exec(message) ?? [];
  expect(command).toMatch(/SUPERSTEP_KILL_AT=\d+ node --import /);
  expect(execFileSync("sh", ["-c", command], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })).toBe(
    `start 1${actual as string}`,
  );
});

test("arguments, environment, options of Node and a file URL reach the program", async () => {
  const report = await killAtEveryBoundary({
    program: pathToFileURL(program),
    args: ["prints what it was told", "more"],
    env: { WORD: "word" },
    execArgv: ["--no-warnings"],
    atMost: 1,
    parallel: 1,
  });
  expect(report).toMatchObject({ kills: 1, missed: 0 });
});

test("what it is told says what was done: kills, kills that came too late, and the boundaries of the undisturbed program", async () => {
  const args = ["gets shorter", join(outOf("faulty"), "starts.txt")];
  const { boundaries, kills, missed } = await killAtEveryBoundary({ program, args, atMost: 12, parallel: 1 });
  expect(kills + missed).toBe(12);
  expect(missed).toBeGreaterThan(0);
  const count = Object.fromEntries(boundaries.map(({ point, count }) => [point, count]));
  expect(count).toEqual({
    "commit.after": 6,
    "commit.before": 6,
    "frontier.done": 5,
    "lease.given-back": 1,
    "lease.held": 1,
    "lease.taken": 1,
    "step.started": 5,
  });
});

test("the second try is killed too when that is asked for", async () => {
  const { kills, missed } = await killAtEveryBoundary({ program, args: ["is fine"], atMost: 3, again: true });
  expect(missed).toBe(0);
  expect(kills).toBeGreaterThan(3);
});

test("what a killed process has started does not hold the harness up", async () => {
  const started = performance.now();
  await killAtEveryBoundary({ program, args: ["leaves a child behind"], atMost: 1 });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test.each([{ atMost: 0 }, { parallel: 0 }, { timeoutMs: Number.NaN }])("%j means nothing", async (options) => {
  expect(await failureOf(killAtEveryBoundary({ program, ...options }))).toMatchObject({ code: "INVALID_OPTION" });
});
