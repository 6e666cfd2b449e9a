/** Every name that a door exports has a doc comment where it is declared. */
import ts from "typescript";
import { describe, expect, test } from "vitest";

const DOORS = ["src/index.ts", "src/sqlite.ts", "src/testing.ts"];
const PLANTED = "src/planted-door.ts";

describe("every export is documented:", () => {
  const program = ts.createProgram(DOORS, compilerOptions());

  test.each(DOORS)("%s", (door) => {
    expect(undocumented(program, door)).toEqual([]);
  });
});

test("an export without a doc comment is found", () => {
  const lines = [
    "/** Documented. */",
    "export const a = 1;",
    "export const b = 2;",
    "// Not a doc comment.",
    "export type C = 3;",
    "/** Documented. */",
    "export type D = 4;",
  ];
  expect(undocumented(programOf(lines.join("\n")), PLANTED)).toEqual(["b", "C"]);
});

function undocumented(program: ts.Program, door: string): string[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(door);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${door} is not a module`);
  return checker
    .getExportsOfModule(module)
    .filter((name) => declared(name, checker).getDocumentationComment(checker).length === 0)
    .map((name) => name.name);
}

function declared(name: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name;
}

function programOf(text: string): ts.Program {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...rest) =>
    path === PLANTED ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022) : getSourceFile(path, ...rest);
  return ts.createProgram([PLANTED], options, host);
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ".").options;
}
