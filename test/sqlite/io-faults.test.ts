/** A disk that fails now and then, by the fault injection library libfiu under the whole process. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { compileForChildren } from "../adversarial/compiled.js";

const IS_HERE = spawnSync("fiu-run", ["-h"]).error === undefined;

const folder = mkdtempSync(join(tmpdir(), "superstep-faults-"));
const program = IS_HERE ? compileForChildren(join(import.meta.dirname, "io-fault-program.ts"), "faults") : "";
const puts = IS_HERE ? compileForChildren(join(import.meta.dirname, "artifact-fault-program.ts"), "faulty-puts") : "";
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const one of [program, puts])
    if (one !== "") rmSync(dirname(dirname(dirname(one))), { recursive: true, force: true });
});

if (!IS_HERE) test("skipped, because fiu-run (Debian package fiu-utils) is not installed", (context) => context.skip());

test.runIf(IS_HERE).each(["posix/io/sync/*", "posix/io/rw/pwrite"])(
  "C3: with %s failing now and then, every failure is told, and no superstep is lost or done twice",
  { timeout: 60_000 },
  async (point) => {
    const faults = `enable_random name=${point},probability=0.03`;
    const own = mkdtempSync(join(folder, "run-"));
    const command = ["-x", "-f", "", "-c", faults, process.execPath, program, own];
    const { stdout } = await promisify(execFile)("fiu-run", command, { timeout: 50_000 });
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ step: 150, status: "completed", doubled: 0 });
    expect(result.log).toEqual(Array.from({ length: 150 }, (_, index) => index));
    expect(result.codes).toMatchObject({ CHECKPOINT_FAILED: expect.any(Number) as number });
  },
);

// Not of opening files: Node itself would not start.
test.runIf(IS_HERE).each([
  ["posix/io/sync/*", 0.1],
  ["posix/io/rw/pwrite", 0.1],
  ["posix/io/dir/rename", 0.3],
])(
  "C3: with %s failing now and then, every put into a folder that fails says so, and works when it is done again",
  { timeout: 60_000 },
  async (point, probability) => {
    const faults = `enable_random name=${point},probability=${probability}`;
    const own = mkdtempSync(join(folder, "run-"));
    const command = ["-x", "-f", "", "-c", faults, process.execPath, puts, own];
    const { stdout } = await promisify(execFile)("fiu-run", command, { timeout: 50_000 });
    expect(JSON.parse(stdout)).toMatchObject({ lost: 0, codes: { CHECKPOINT_FAILED: expect.any(Number) as number } });
  },
);
