/** A process that waits for its workers and for nothing else stays alive for as long as that takes, and no longer. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { compileForChildren } from "../adversarial/compiled.js";

const program = compileForChildren(join(import.meta.dirname, "alone-program.ts"), "alone");

test.each(["threads", "processes"])("%s", async (kind) => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, kind]);
  expect(stdout).toBe("[1,2,3]\n[1,2,3]\n");
});

test("a process that cannot be started is a WorkerStartError that says why, and the next one can", async () => {
  const crowded = compileForChildren(join(import.meta.dirname, "crowded-program.ts"), "alone");
  const few = 'ulimit -n 128; exec "$0" "$1"';
  const { stdout } = await promisify(execFile)("sh", ["-c", few, process.execPath, crowded]);
  expect(stdout).toBe('["WORKER_START_FAILED","EMFILE",4]\n');
});
