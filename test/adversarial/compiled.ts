/** The library and a program as plain JavaScript, so that child processes start in milliseconds. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "..", "..");

/** Transpiles `src` and the given program; gives the program's path, which imports the library as it does here. */
export function compileForChildren(program: string, name: string): string {
  const out = join(ROOT, "node_modules", ".cache", `superstep-${name}-${process.pid}`);
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  for (const file of sources) transpile(join(ROOT, "src", file), join(out, "src", file));
  const target = join(out, relative(ROOT, program));
  transpile(program, target);
  return target.replace(/\.ts$/, ".js");
}

function transpile(from: string, to: string): void {
  const { outputText } = ts.transpileModule(readFileSync(from, "utf8"), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to.replace(/\.ts$/, ".js"), outputText);
}
