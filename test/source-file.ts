/** One file of src, parsed: what it imports, and every node of its syntax tree. Type imports count as imports. */
import { posix } from "node:path";
import ts from "typescript";

export interface SourceFile {
  /** From the root of the repository: `src/state/channel.ts`. */
  readonly path: string;
  readonly nodes: readonly ts.Node[];
  readonly imports: readonly Import[];
  /** `src/state/channel.ts:12`, to begin a message with. */
  at(node: ts.Node): string;
}

export interface Import {
  readonly node: ts.Node;
  /** What stands between the quotes; undefined when it is computed. */
  readonly specifier: string | undefined;
  /** The file a relative specifier means: `src/errors.ts`. Undefined for a package. */
  readonly target: string | undefined;
}

export function parse(path: string, text: string): SourceFile {
  const root = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const nodes = [...descendants(root)];
  return {
    path,
    nodes,
    imports: nodes.flatMap((node) => importsOf(node, path)),
    at: (node) => `${path}:${root.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
  };
}

function* descendants(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* descendants(child);
}

function importsOf(node: ts.Node, path: string): Import[] {
  const named = specifierNode(node);
  if (named === undefined) return [];
  const specifier = ts.isStringLiteralLike(named) ? named.text : undefined;
  return [{ node, specifier, target: specifier?.startsWith(".") ? target(path, specifier) : undefined }];
}

/** Where the module is named in an import, an export, `import("x").T`, `import("x")`, `require("x")` or `x = require("x")`. */
function specifierNode(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (ts.isCallExpression(node) && loadsModule(node.expression)) return node.arguments[0];
  return undefined;
}

function loadsModule(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");
}

function target(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
}
