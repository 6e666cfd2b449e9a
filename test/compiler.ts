/** The compiler, asked what is wrong with one file. */
import ts from "typescript";

/** What it finds wrong with a file; with `text`, as if that stood in it. */
export function problems(path: string, text?: string): readonly string[] {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ".");
  const program = programOf([path], options, text === undefined ? new Map() : new Map([[path, text]]));
  const file = program.getSourceFile(path);
  if (file === undefined) throw new TypeError(`${path} is not in the program`);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(textOf);
}

/** A program in which some files are as they are given. */
export function programOf(
  paths: readonly string[],
  options: ts.CompilerOptions,
  given: ReadonlyMap<string, string>,
): ts.Program {
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile, directoryExists } = host;
  const folders = [...given.keys()];
  host.fileExists = (name) => given.has(name) || fileExists(name);
  host.readFile = (name) => given.get(name) ?? readFile(name);
  host.directoryExists = (name) =>
    folders.some((path) => path.startsWith(`${name}/`)) || directoryExists?.(name) !== false;
  host.getSourceFile = (name, ...rest) => {
    const text = given.get(name);
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, rest[0]);
  };
  return ts.createProgram(paths, options, host);
}

/** A finding, on one line. */
export function textOf({ messageText }: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(messageText, " ");
}
