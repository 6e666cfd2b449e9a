/** What is said about a module that nodes cannot be taken from, and about workers of a bundle. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { NodeModuleError, WorkerExitedError } from "../../src/index.js";
import { nodeModule } from "../../src/workers.js";

test("a path in place of a URL is an error that says how to make one of it", () => {
  const refused = expect.objectContaining({ option: "module", help: expect.stringContaining("pathToFileURL") });
  for (const path of [fileURLToPath(import.meta.url), "./nodes.js", "immer"])
    expect(() => nodeModule(path, "act")).toThrow(refused);
});

test("help follows from what is wrong with the module", () => {
  const unknown = Object.assign(new TypeError("Unknown file extension"), { code: "ERR_UNKNOWN_FILE_EXTENSION" });
  expect(new NodeModuleError("file:///a.ts", "cannot be loaded", unknown).help).toContain("`processes`");
  expect(new NodeModuleError("file:///a.js", "cannot be loaded", new TypeError("boom")).help).toContain("`cause`");
  expect(new NodeModuleError("file:///a.js", "exports no function").help).toContain("export the function");
});

test("a worker that printed nothing is not said to have printed something", () => {
  const end = { exitCode: 3, signal: null };
  expect(new WorkerExitedError("a", { ...end, output: "" }).help).toContain("process.exit");
  expect(new WorkerExitedError("a", { ...end, output: "out" }).help).toContain("see `output`");
});

test("bundlers keep the host, which is imported for what it does", () => {
  const { sideEffects, exports } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(sideEffects).toContain(exports["./workers/host"].default);
});
