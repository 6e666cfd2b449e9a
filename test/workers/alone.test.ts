/** Whole processes that have workers: they live for as long as they wait for them, and no longer, and through a shortage of descriptors. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { inheritedOptions } from "../../src/workers/inherited-options.js";
import { compileForChildren } from "../adversarial/compiled.js";

const program = compileForChildren(join(import.meta.dirname, "alone-program.ts"), "alone");

test.each(["threads", "processes"])("%s", async (kind) => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, kind]);
  expect(stdout).toBe("[1,2,3]\n[1,2,3]\n");
});

test.each([
  ["threads", []],
  ["processes", []],
  ["processes", ["--input-type=module"]],
])("%s of a program that stands on the command line, %j", async (kind, options) => {
  // Were it run again by its workers, it would end at once, rather than start workers of its own without end.
  const again = "if (process.env.AGAIN) process.exit(1); process.env.AGAIN = 1; process.argv[2] = process.argv[1];";
  const code = `${again} import(${JSON.stringify(pathToFileURL(program).href)});`;
  const { stdout } = await promisify(execFile)(process.execPath, [...options, "-e", code, kind]);
  expect(stdout).toBe("[1,2,3]\n[1,2,3]\n");
});

test.skipIf(process.platform === "win32")(
  "a process, or a module, for which there are no descriptors is a failure that may be tried again, and no end",
  async () => {
    const crowded = compileForChildren(join(import.meta.dirname, "crowded-program.ts"), "crowded");
    const limited = 'ulimit -n 100 && exec "$0" "$@"';
    const cameWith = async (left: number): Promise<string> =>
      (await promisify(execFile)("sh", ["-c", limited, process.execPath, crowded, String(left)])).stdout;
    expect(await cameWith(2)).toBe("WORKER_START_FAILED EMFILE undefined\n[1]\n");
    expect(await cameWith(0)).toBe("NODE_MODULE_INVALID EMFILE true\n[1]\n");
  },
);

test("workers take over the options of Node that do not say what this process runs", () => {
  const own = [
    "--eval",
    "1",
    "-p",
    "-e",
    "2",
    "-pe",
    "3",
    "--print=4",
    "--input-type=module",
    "--input-type",
    "module",
  ];
  const looking = ["--inspect", "--inspect-brk=0", "--inspect-wait", "--test", "-i", "-c"];
  expect(inheritedOptions([...own, ...looking])).toEqual([]);
  const kept = ["--import", "tsx", "--enable-source-maps", "-r", "./first.cjs", "--conditions=x", "--expose-gc"];
  expect(inheritedOptions(kept)).toEqual(kept);
  expect(inheritedOptions(["-e", "1", ...kept, "--eval=2"])).toEqual(kept);
});
