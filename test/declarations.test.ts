/** What we declare to the compiler of whoever installs the package: it must do with what that compiler is given, and no more. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";
import { programOf, textOf } from "./compiler.js";

/** Apart from this package, which would be found by its name, with whatever was built last. */
const PROGRAMS = resolve("node_modules/.programs");
const PACKAGE = resolve(PROGRAMS, "node_modules/superstep");
const DISPOSED = `
import { AppRunner, END, lastValue, START, StateGraph } from "superstep";
import { SqliteCheckpointer } from "superstep/sqlite";
const app = new StateGraph({ n: lastValue(0) }).addEdge(START, END).compile();
const checkpointer = new SqliteCheckpointer("s.db");
await using runner = new AppRunner(app, { checkpointer, drainOn: ["SIGTERM"] });
await runner.invoke("s", {}, { signal: new AbortController().signal });
`;
const TESTING = `
import { MemoryCheckpointer } from "superstep";
import { checkpointerContract, killAtEveryBoundary, TestClock } from "superstep/testing";
for (const one of checkpointerContract) await one.check(() => new MemoryCheckpointer());
await killAtEveryBoundary({ program: "program.mjs", env: { AT: String(new TestClock().now()) } });
`;
const declarations = new Map<string, string>();

/** As `npm run build` writes them. */
beforeAll(() => {
  const read = ts.readConfigFile("tsconfig.json", ts.sys.readFile) as { config: { compilerOptions: object } };
  const { config: build } = ts.readConfigFile("tsconfig.build.json", ts.sys.readFile) as typeof read;
  const given = { ...read.config.compilerOptions, ...build.compilerOptions };
  const { options } = ts.convertCompilerOptionsFromJson(given, ".");
  const program = ts.createProgram(["src/index.ts", "src/sqlite.ts", "src/testing.ts"], options);
  program.emit(undefined, (path, text) => declarations.set(resolve(PACKAGE, path), text));
  declarations.set(resolve(PACKAGE, "package.json"), readFileSync("package.json", "utf8"));
  declarations.set(resolve(PROGRAMS, "package.json"), '{ "type": "module" }');
}, 120_000);

test.each([
  ["without the types of Node", { types: [] }],
  ["with exact optional properties", { types: ["node"], exactOptionalPropertyTypes: true, target: "es2023" }],
])(
  "programs compile strictly against them, %s",
  (_, more) => {
    const readme = readFileSync("README.md", "utf8");
    const programs = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, text]) => `${text ?? ""}\nexport {};\n`);
    expect(programs).toHaveLength(2);
    const files = [...programs, DISPOSED].map(
      (text, index) => [resolve(PROGRAMS, `program-${index}.mts`), text] as const,
    );
    expect(findings(new Map(files), more)).toEqual([]);
  },
  120_000,
);

test("so does a program that tests a store, with the types of Node", () => {
  expect(findings(new Map([[resolve(PROGRAMS, "testing.mts"), TESTING]]), { types: ["node"] })).toEqual([]);
}, 120_000);

test("they name no package that is not installed with ours, or asked for by it", () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, object>;
  const known = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
  const named = [...declarations.values()].flatMap((text) =>
    [...text.matchAll(/(?:from|import\() ?"([^."][^"]*)"/g)].map(([, name = ""]) => name),
  );
  expect(named.filter((name) => !name.startsWith("node:") && !known.has(name))).toEqual([]);
});

function findings(files: ReadonlyMap<string, string>, more: object): readonly string[] {
  const strict = { strict: true, target: "es2022", module: "nodenext", noEmit: true, skipLibCheck: false, ...more };
  const { options } = ts.convertCompilerOptionsFromJson(strict, ".");
  const program = programOf([...files.keys()], options, new Map([...declarations, ...files]));
  return ts.getPreEmitDiagnostics(program).map((found) => `${found.file?.fileName ?? ""}: ${textOf(found)}`);
}
