/** Everything that can be wrong with a graph, found at once. Pure: a declaration in, issues out. */
import { type GraphIssue, recordOf } from "../errors.js";
import type { Channels } from "../state/channel.js";
import { seal } from "../state/seal.js";
import { type Declaration, type EdgeDeclaration, isCompiled, type NodeDeclaration } from "./declaration.js";
import { originOf } from "./module-ref.js";
import { nodeOptionIssues } from "./node-option-issues.js";
import { reachable } from "./reach.js";
import { subgraphIssues } from "./subgraph-issues.js";
import { END, START } from "./target.js";

const RESERVED: ReadonlySet<string> = new Set(["", START, END, "__proto__"]);

/** All issues of the graph; empty for one that can run. */
export function issuesOf<C extends Channels>(declaration: Declaration<C>): readonly GraphIssue[] {
  const known = new Set(declaration.nodes.map((node) => node.name).filter((name) => typeof name === "string"));
  const naming = [
    ...channelIssues(declaration.channels),
    ...nodeIssues(declaration, known),
    ...edgeIssues(declaration, known),
  ];
  return [...naming, ...reachIssues(declaration, known)];
}

function channelIssues(channels: Channels): GraphIssue[] {
  return Object.entries(channels).flatMap(([name, channel]): GraphIssue[] => {
    if (name === "__proto__")
      return [issue("reservedName", `channel name "${name}" is reserved`, "choose another name")];
    if (typeof channel?.initial !== "function" || typeof channel.reduce !== "function") {
      return [
        issue(
          "invalidChannel",
          `channel "${name}" is no channel`,
          "make it with lastValue, append, merge, sum, reducer, messages or ephemeral",
        ),
      ];
    }
    return [...initialIssues(name, channel.initial), ...apartIssues(name, channel.artifactsAbove)];
  });
}

function initialIssues(name: string, initial: () => unknown): GraphIssue[] {
  try {
    seal(initial(), [name]);
    return [];
  } catch (error) {
    const { message } = recordOf(error);
    return [
      issue(
        "invalidChannel",
        `initial value of channel "${name}" cannot be used: ${message}`,
        "give it a value that can be stored",
      ),
    ];
  }
}

function apartIssues(name: string, above: unknown): GraphIssue[] {
  if (above === undefined || typeof above === "boolean" || (typeof above === "number" && above >= 0)) return [];
  const message = `option "artifactsAbove" of channel "${name}" is ${String(above)}`;
  return [issue("invalidChannel", message, "give a number of bytes, 0 or more, or true")];
}

function nodeIssues<C extends Channels>({ nodes, channels }: Declaration<C>, known: ReadonlySet<string>): GraphIssue[] {
  const firsts = new Map(nodes.map(({ name }, place) => [name, place] as const).reverse());
  const isTwice = (name: string, place: number) => firsts.get(name) !== place;
  return nodes.flatMap((node, place) => {
    const issues = [...ownIssues(node, known), ...subgraphIssues(node, channels)];
    if (!isTwice(node.name, place)) return issues;
    return [
      ...issues,
      issue("duplicateNode", `node "${String(node.name)}" is added twice`, "rename or remove one of them"),
    ];
  });
}

function ownIssues<C extends Channels>(
  { name, node, options }: NodeDeclaration<C>,
  known: ReadonlySet<string>,
): GraphIssue[] {
  const ends = Array.isArray(options.ends) ? (options.ends as readonly string[]) : [];
  const strayEnds = ends.filter((end) => !isTarget(end, known));
  const issues = strayEnds.map((end) => unknown(String(end), `the ends of node "${String(name)}"`));
  issues.push(...nodeOptionIssues(String(name), options));
  if (typeof name !== "string" || RESERVED.has(name)) {
    issues.push(issue("reservedName", `node name "${String(name)}" is reserved`, "choose another name"));
  }
  if (typeof node !== "function" && !isCompiled(node)) {
    const help = "pass (state, ctx) => update, or a compiled graph";
    issues.push(issue("invalidNode", `node "${String(name)}" is no function`, help));
  }
  return [...issues, ...placeIssues({ name, node, options })];
}

/** What is to run elsewhere must be known there. */
function placeIssues<C extends Channels>({ name, node, options }: NodeDeclaration<C>): GraphIssue[] {
  const { executor = "inline" } = options;
  if (executor === "inline" || (typeof node === "function" && originOf(node) !== undefined)) return [];
  const problem = `option "executor" of node "${String(name)}" is "${String(executor)}", and the node is no function of a module`;
  const help = 'export the function from a module and pass nodeModule(new URL("./it.js", import.meta.url), "its name")';
  return [issue("invalidOption", problem, help)];
}

function edgeIssues<C extends Channels>(declaration: Declaration<C>, known: ReadonlySet<string>): GraphIssue[] {
  const issues = declaration.edges.flatMap((edge) => [...sourceIssues(edge, known), ...targetIssues(edge, known)]);
  const hasEntry = declaration.edges.some((edge) => edge.kind !== "join" && edge.from === START);
  if (!hasEntry)
    issues.push(issue("noEntry", "nothing leads out of START", "add an edge or conditional edges from START"));
  return issues;
}

function sourceIssues<C extends Channels>(edge: EdgeDeclaration<C>, known: ReadonlySet<string>): GraphIssue[] {
  if (edge.kind !== "join") {
    if (edge.from === END) return [issue("edgeFromEnd", "an edge leads out of END", "begin the edge at a node")];
    return edge.from === START || known.has(edge.from) ? [] : [unknown(edge.from, whereIs(edge))];
  }
  const issues = edge.from.filter((source) => !known.has(source)).map((source) => unknown(source, whereIs(edge)));
  if (edge.from.length === 0)
    issues.push(issue("emptyJoin", `${whereIs(edge)} has no sources`, "list at least one node"));
  if (new Set(edge.from).size < edge.from.length) {
    issues.push(issue("duplicateSource", `${whereIs(edge)} lists a source twice`, "list each source once"));
  }
  return issues;
}

function targetIssues<C extends Channels>(edge: EdgeDeclaration<C>, known: ReadonlySet<string>): GraphIssue[] {
  if (edge.kind !== "conditional") return isTarget(edge.to, known) ? [] : [unknown(edge.to, whereIs(edge))];
  const issues = (edge.targets ?? [])
    .filter((target) => !isTarget(target, known))
    .map((target) => unknown(target, whereIs(edge)));
  if (typeof edge.route !== "function")
    issues.push(issue("invalidRoute", `${whereIs(edge)} have no route function`, "pass (state) => target"));
  if (edge.targets?.length === 0)
    issues.push(issue("noTargets", `${whereIs(edge)} declare no targets`, "list them, or leave the list out"));
  return issues;
}

/** Reachability says something only about what is named rightly. */
function reachIssues<C extends Channels>(declaration: Declaration<C>, known: ReadonlySet<string>): GraphIssue[] {
  const reached = reachable(declaration);
  const issues: GraphIssue[] = [];
  for (const name of known) {
    if (!reached.has(name))
      issues.push(
        issue(
          "unreachable",
          `node "${name}" cannot be reached`,
          "lead an edge, a conditional edge or another node's `ends` to it",
        ),
      );
  }
  if (!reached.has(END))
    issues.push(issue("noEnd", "no way leads to END", "lead an edge, a conditional edge or a node's `ends` to END"));
  for (const edge of declaration.edges) {
    const missing = edge.kind === "join" ? edge.from.filter((source) => known.has(source) && !reached.has(source)) : [];
    if (missing.length > 0) {
      issues.push(
        issue(
          "joinNeverFires",
          `${whereIs(edge)} can never fire: ${missing.join(", ")} cannot run before it`,
          "make every source reachable without the join",
        ),
      );
    }
  }
  return issues;
}

function isTarget(name: string, known: ReadonlySet<string>): boolean {
  return name === END || known.has(name);
}

function whereIs<C extends Channels>(edge: EdgeDeclaration<C>): string {
  if (edge.kind === "conditional") return `the conditional edges from "${edge.from}"`;
  return edge.kind === "join" ? `the join into "${edge.to}"` : `the edge from "${edge.from}" to "${edge.to}"`;
}

function unknown(name: string, where: string): GraphIssue {
  return issue("unknownNode", `unknown node "${name}" in ${where}`, "add the node, or mend the name");
}

function issue(kind: string, message: string, help: string): GraphIssue {
  return { kind, message, help };
}
