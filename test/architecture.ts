/**
 * The rules of the house, as one function from the files of src to what is wrong with them.
 *
 * Imports go downwards, types included; an outside package is known to one room; pure rooms read no clock, no random and no
 * `node:*`; state, graph, barrier and frontier await nothing.
 */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import ts from "typescript";
import { type Import, parse, type SourceFile } from "./source-file.js";

/** A room imports from floors below its own, and from itself. Two rooms on one floor do not know each other. */
const FLOORS = new Map([
  ["crash-point", 0],
  ["errors", 0],
  ["state", 1],
  ["graph", 2],
  ["superstep", 3],
  ["session", 4],
  ["runner", 5],
  ["sqlite", 6],
  ["testing", 6],
  ["workers", 6],
]);

/** Doors import from any room; nothing imports a door. */
const DOORS = ["src/index.ts", "src/sqlite.ts", "src/testing.ts", "src/workers.ts"];

/** Outside packages, each with the one place (a beginning of a path) that may know it. */
const PACKAGES = new Map([
  ["immer", "src/state/"],
  ["@standard-schema/spec", "src/state/"],
  ["devalue", "src/session/"],
  ["@opentelemetry/api", "src/runner/telemetry"],
  ["better-sqlite3", "src/sqlite/"],
  ["node:sqlite", "src/sqlite/"],
  ["fast-check", "src/testing/"],
]);

/** Where a module whose name is computed may be imported: the driver that is there, and the modules of nodes. */
const LOADERS = ["src/sqlite/connection/driver.ts", "src/workers/node-module.ts"];

const PURE_ROOMS = ["errors", "state", "graph", "superstep"];

/** The files of `superstep` that run nodes, and so wait, and may look at a clock. */
const EFFECTFUL_SUPERSTEP_FILES = ["schedule.ts"].map((name) => `src/superstep/${name}`);

/** Beginnings of paths that await nothing. */
const SYNCHRONOUS = ["src/state/", "src/graph/", "src/superstep/barrier", "src/superstep/frontier"];

const AMBIENT_EFFECTS = ["performance", "process", "setImmediate", "setInterval", "setTimeout"];
const EFFECTFUL_MEMBERS = ["Date.now", "Math.random", "crypto.getRandomValues", "crypto.randomUUID"];

/** Names under which anything could be put. */
const EMPTY_NAME = /^(utils?|helpers?|types?|common|misc|managers?)$/;

/** What breaks the rules, a sentence each, beginning with the file and line. Empty when the house is in order. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const sources = [...files].map(([path, text]) => parse(path, text));
  return [...sources.flatMap((source) => RULES.flatMap((rule) => rule(source))), ...cycles(sources)];
}

const RULES: readonly ((source: SourceFile) => string[])[] = [
  misplacedFiles,
  emptyNames,
  forbiddenImports,
  forbiddenPackages,
  effectsInPureRooms,
  awaitsInSynchronousFiles,
  exportsWithoutName,
  doorsWithCode,
];

function misplacedFiles({ path }: SourceFile): string[] {
  return isDoor(path) || FLOORS.has(roomOf(path)) ? [] : [`${path} is neither a door nor in a room`];
}

function emptyNames({ path }: SourceFile): string[] {
  return path
    .split("/")
    .map((part) => part.replace(/\..*$/, ""))
    .filter((name) => EMPTY_NAME.test(name))
    .map((name) => `${path} is named "${name}", which says nothing`);
}

function forbiddenImports({ path, imports, at }: SourceFile): string[] {
  return imports.flatMap(({ node, target }) => {
    const reason = target === undefined ? undefined : whyForbidden(path, target);
    return reason === undefined ? [] : [`${at(node)} imports ${target}: ${reason}`];
  });
}

function whyForbidden(from: string, to: string): string | undefined {
  if (!to.startsWith("src/")) return "outside src";
  if (isDoor(to)) return "nothing imports a door";
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
  if (isDoor(from) || fromRoom === toRoom) return undefined;
  const [fromFloor, toFloor] = [FLOORS.get(fromRoom), FLOORS.get(toRoom)];
  if (fromFloor === undefined || toFloor === undefined) return "not a room";
  if (toFloor > fromFloor) return `upwards, from ${fromRoom} (${fromFloor}) to ${toRoom} (${toFloor})`;
  if (toFloor === fromFloor) return `sideways, ${fromRoom} and ${toRoom} do not know each other`;
  return undefined;
}

function forbiddenPackages(source: SourceFile): string[] {
  return source.imports
    .filter(({ target }) => target === undefined)
    .flatMap((imported) => {
      const reason = whyForeign(source, imported);
      return reason === undefined ? [] : [`${source.at(imported.node)} ${reason}`];
    });
}

function whyForeign({ path }: SourceFile, { specifier }: Import): string | undefined {
  if (specifier === undefined) {
    return LOADERS.includes(path) ? undefined : "imports a module whose name is computed";
  }
  const name = packageName(specifier);
  const place = PACKAGES.get(name);
  if (place !== undefined) return path.startsWith(place) ? undefined : `imports ${name}, which only ${place} knows`;
  if (!isBuiltin(specifier)) return `imports ${name}, an outside package without a room`;
  return isPure(path) ? `imports ${specifier} in a pure room` : undefined;
}

function packageName(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

function effectsInPureRooms({ path, nodes, at }: SourceFile): string[] {
  if (!isPure(path)) return [];
  return nodes.flatMap((node) => {
    const effect = effectOf(node);
    return effect === undefined ? [] : [`${at(node)} uses ${effect} in a pure room`];
  });
}

function effectOf(node: ts.Node): string | undefined {
  if (readsDate(node)) return "new Date()";
  if (ts.isIdentifier(node)) return AMBIENT_EFFECTS.find((name) => name === node.text && isGlobal(node));
  const member = memberOf(node);
  return EFFECTFUL_MEMBERS.find((name) => name === member);
}

/** `new Date()` and `Date()` read the clock; `new Date(value)` does not. */
function readsDate(node: ts.Node): boolean {
  if (ts.isCallExpression(node)) return lastName(node.expression) === "Date";
  return ts.isNewExpression(node) && lastName(node.expression) === "Date" && !node.arguments?.length;
}

/** `Date.now` for `Date.now`, `Date["now"]` and `globalThis.Date.now`. */
function memberOf(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  return `${lastName(node.expression)}.${lastName(node)}`;
}

function lastName(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isElementAccessExpression(node) ? lastName(node.argumentExpression) : undefined;
}

/** Not the name of a member or of a declaration, unless it is a member of `globalThis`. */
function isGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node)
    return lastName(parent.expression) === "globalThis";
  return ts.isShorthandPropertyAssignment(parent) || (parent as ts.NamedDeclaration).name !== node;
}

function awaitsInSynchronousFiles({ path, nodes, at }: SourceFile): string[] {
  if (!SYNCHRONOUS.some((beginning) => path.startsWith(beginning))) return [];
  return nodes.filter(waits).map((node) => `${at(node)} awaits, and nothing here may`);
}

function waits(node: ts.Node): boolean {
  return (
    ts.isAwaitExpression(node) ||
    node.kind === ts.SyntaxKind.AsyncKeyword ||
    (ts.isForOfStatement(node) && node.awaitModifier !== undefined)
  );
}

function exportsWithoutName({ nodes, at }: SourceFile): string[] {
  return nodes.flatMap((node) => {
    if (isDefaultExport(node)) return [`${at(node)} exports a default`];
    return isStarExport(node) ? [`${at(node)} exports *`] : [];
  });
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportSpecifier(node)) return node.name.text === "default";
  return ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword;
}

function isStarExport(node: ts.Node): boolean {
  return ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause));
}

function doorsWithCode({ path, nodes, at }: SourceFile): string[] {
  if (!isDoor(path)) return [];
  return nodes
    .filter((node) => ts.isStatement(node) && ts.isSourceFile(node.parent))
    .filter((node) => !ts.isExportDeclaration(node) || node.moduleSpecifier === undefined)
    .map((node) => `${at(node)} is not a list of names, as a door is`);
}

/** One cycle for each import that leads back to a file on the way to it. */
function cycles(sources: readonly SourceFile[]): string[] {
  const targets = new Map(sources.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (way.includes(path) || done.has(path)) return;
    for (const target of new Set(targets.get(path))) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return found.map((cycle) => `${cycle} is an import cycle`);
}

function isDoor(path: string): boolean {
  return DOORS.includes(path);
}

/** `state` for `src/state/channel.ts`, `errors` for `src/errors.ts` and `src/errors/node.ts`. */
function roomOf(path: string): string {
  const [, first = ""] = path.split("/");
  return isDoor(path) ? "" : posix.basename(first, ".ts");
}

function isPure(path: string): boolean {
  return PURE_ROOMS.includes(roomOf(path)) && !EFFECTFUL_SUPERSTEP_FILES.includes(path);
}
