/** Whole processes that have workers: they live for as long as they wait for them, and no longer, and through a shortage of descriptors. */
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

test.skipIf(process.platform === "win32")(
  "a process for which there are no descriptors is a failure, and no end",
  async () => {
    const crowded = compileForChildren(join(import.meta.dirname, "crowded-program.ts"), "crowded");
    const limited = 'ulimit -n 100 && exec "$0" "$@"';
    const { stdout } = await promisify(execFile)("sh", ["-c", limited, process.execPath, crowded]);
    expect(stdout).toBe("WORKER_START_FAILED EMFILE\n[1]\n");
  },
);
