/** Keeps the rules of the house in src, and plants a breach of each rule to see that it is found. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { violations } from "./architecture.js";

function sourceFiles(): Map<string, string> {
  const paths = readdirSync("src", { recursive: true, encoding: "utf8" }).map(
    (name) => `src/${name.replaceAll("\\", "/")}`,
  );
  return new Map(paths.filter((path) => path.endsWith(".ts")).map((path) => [path, readFileSync(path, "utf8")]));
}

function violationsOf(path: string, text: string): string[] {
  return violations(new Map([[path, text]]));
}

test("src keeps the rules of the house", () => {
  const files = sourceFiles();
  expect(files.size).toBeGreaterThan(0);
  expect(violations(files)).toEqual([]);
});

describe("a planted breach is found:", () => {
  test("an upward import", () => {
    expect(violationsOf("src/state/sum.ts", `import { plan } from "../graph/plan.js";`)).toEqual([
      "src/state/sum.ts:1 imports src/graph/plan.ts: upwards, from state (1) to graph (2)",
    ]);
  });

  test("a Date.now() in a pure room", () => {
    expect(violationsOf("src/superstep/barrier.ts", "\nexport const now = () => Date.now();")).toEqual([
      "src/superstep/barrier.ts:2 uses Date.now in a pure room",
    ]);
  });

  test("a package without a room", () => {
    expect(violationsOf("src/runner/app-runner.ts", `import map from "lodash/map";`)).toEqual([
      "src/runner/app-runner.ts:1 imports lodash, an outside package without a room",
    ]);
  });

  test("a package outside its room", () => {
    expect(violationsOf("src/runner/hooks.ts", `import { produce } from "immer";`)).toEqual([
      "src/runner/hooks.ts:1 imports immer, which only src/state/ knows",
    ]);
  });

  test("an import cycle, of types too", () => {
    const files = new Map([
      ["src/state/a.ts", `import type { B } from "./b.js";`],
      ["src/state/b.ts", `export type { C } from "./c.js";`],
      ["src/state/c.ts", `export type C = import("./b.js").B;`],
    ]);
    expect(violations(files)).toEqual(["src/state/b.ts → src/state/c.ts → src/state/b.ts is an import cycle"]);
  });

  test.each([
    ["an upward import of a type", "src/errors.ts", `import type { Plan } from "./graph/plan.js";`, "upwards"],
    ["an upward import() of a type", "src/errors/base.ts", `type P = import("../graph/plan.js").Plan;`, "upwards"],
    ["an upward import by re-export", "src/graph/app.ts", `export { run } from "../runner/run.js";`, "upwards"],
    ["an upward dynamic import", "src/session/codec.ts", `void import("../sqlite/store.js");`, "upwards"],
    ["an edge that imports another", "src/testing/checks.ts", `import "../sqlite/store.js";`, "sideways"],
    ["an import of a door", "src/testing/checks.ts", `import { END } from "../index.js";`, "nothing imports a door"],
    ["an import from outside src", "src/runner/version.ts", `import "../../package.json";`, "outside src"],
    ["an import of the package by its name", "src/testing/checks.ts", `import "superstep";`, "without a room"],
    ["a computed import", "src/runner/run.ts", "void import(name);", "computed"],
    ["the tracer outside telemetry", "src/runner/run.ts", `import "@opentelemetry/api";`, "src/runner/telemetry"],
    ["a driver outside its edge", "src/session/store.ts", `import "node:sqlite";`, "src/sqlite/"],
    ["a required package", "src/graph/plan.ts", `const { uneval } = require("devalue");`, "src/session/"],
    ["a node: import in a pure room", "src/graph/fingerprint.ts", `import "node:crypto";`, "in a pure room"],
    ["a Node import without its prefix", "src/graph/fingerprint.ts", `import "crypto";`, "in a pure room"],
    ["new Date()", "src/errors.ts", "export const at = new Date();", "new Date()"],
    ["a clock by another path", "src/state/a.ts", `export const now = globalThis.Date["now"];`, "Date.now"],
    ["performance", "src/state/a.ts", "export const now = performance.now();", "performance"],
    ["Math.random", "src/graph/a.ts", "export const dice = Math.random;", "Math.random"],
    ["setTimeout", "src/superstep/frontier.ts", "globalThis.setTimeout(run, 1);", "setTimeout"],
    ["setImmediate", "src/superstep/frontier.ts", "setImmediate(run);", "setImmediate"],
    ["crypto.randomUUID", "src/state/a.ts", "export const id = crypto.randomUUID();", "crypto.randomUUID"],
    ["an async function in a synchronous file", "src/state/a.ts", "export async function f() {}", "awaits"],
    ["an async arrow in a synchronous file", "src/superstep/barrier.ts", "export const f = async () => 1;", "awaits"],
    ["an await in a synchronous file", "src/superstep/frontier.ts", "await 1;", "awaits"],
    ["a default export", "src/state/a.ts", "export default 1;", "a default"],
    ["a default function", "src/state/a.ts", "export default function f() {}", "a default"],
    ["a default by another name", "src/state/a.ts", "const a = 1; export { a as default };", "a default"],
    ["an export of everything", "src/index.ts", `export * from "./errors.js";`, "exports *"],
    ["a namespace of everything", "src/index.ts", `export * as errors from "./errors.js";`, "exports *"],
    ["code in a door", "src/index.ts", "export const version = 1;", "list of names"],
    ["a file that could hold anything", "src/state/utils.ts", "", `named "utils"`],
    ["a folder that could hold anything", "src/state/common/path.ts", "", `named "common"`],
    ["a file in no room", "src/cli/main.ts", "", "nor in a room"],
  ])("%s", (_, path, text, words) => {
    expect(violationsOf(path, text)).toEqual([expect.stringContaining(words)]);
  });
});

describe("what the rules allow:", () => {
  test.each([
    ["an import from a floor below", "src/session/codec.ts", `import type { Delta } from "../state/delta.js";`],
    ["an import from the same room", "src/state/sum.ts", `import { channel } from "./channel.js";`],
    ["a door onto an edge", "src/sqlite.ts", `export { open } from "./sqlite/open.js";`],
    ["a package in its room", "src/runner/telemetry/spans.ts", `import { trace } from "@opentelemetry/api";`],
    ["node: in a room with effects", "src/runner/clock.ts", `import { performance } from "node:perf_hooks";`],
    ["a clock in a room with effects", "src/runner/clock.ts", "export const now = () => Date.now();"],
    [
      "the one effect of a superstep",
      "src/superstep/schedule.ts",
      "export const soon = async () => setImmediate(run);",
    ],
    ["a date of a given time", "src/state/a.ts", "export const dateOf = (ms: number) => new Date(ms);"],
    ["a clock that comes in as a value", "src/superstep/a.ts", "type C = { performance: 1 }; (c: C) => c.performance;"],
    ["a clock in a comment or a string", "src/state/a.ts", `/** Date.now() */ export const a = "Math.random()";`],
    [
      "the driver that is there",
      "src/sqlite/connection/driver.ts",
      "export const load = (name: string) => import(name);",
    ],
    ["a switch with a default", "src/state/a.ts", "switch (a) { default: }"],
  ])("%s", (_, path, text) => {
    expect(violationsOf(path, text)).toEqual([]);
  });
});
