/** A module that runs itself when a worker loads it does not start workers without end. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { compileForChildren } from "../adversarial/compiled.js";

const program = compileForChildren(join(import.meta.dirname, "self-program.ts"), "self");

/** How the program ended, which is killed should it not end. */
function run(KIND: string, SELF: string): Promise<{ readonly stderr: string; readonly killed?: boolean }> {
  const env = { ...process.env, KIND, SELF };
  return promisify(execFile)(process.execPath, [program], { env, timeout: 30_000 }).catch((failure) => failure);
}

describe.each(["threads", "processes"])("in %s, a graph that runs at the top of the module of its node", (kind) => {
  test("is refused, and says what to do", async () => {
    const { stderr, killed } = await run(kind, "awaited");
    expect(killed).not.toBe(true);
    expect(stderr).toContain("a worker has started this program by loading a node");
    expect(stderr).toContain("put the node in a module that only declares");
  }, 60_000);

  test("comes to an end when nobody awaits it, too", async () => {
    expect((await run(kind, "begun")).killed).not.toBe(true);
  }, 60_000);
});
