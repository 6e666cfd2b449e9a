/** What can be wrong with a graph as a node of another: options that say nothing, and channels that the two cannot share. Pure. */
import type { GraphIssue } from "../errors.js";
import type { AnyChannel, Channels } from "../state/channel.js";
import { isCompiled, type NodeDeclaration } from "./declaration.js";
import type { GraphPlan } from "./plan.js";

/** Issues of one node; `channels`: those of the graph around it. */
export function subgraphIssues<C extends Channels>(
  { name, node, options }: NodeDeclaration<C>,
  channels: Channels,
): GraphIssue[] {
  const mappings = [
    ["input", options.input],
    ["output", options.output],
  ] as const;
  const given = mappings.filter(([, mapping]) => mapping !== undefined);
  if (!isCompiled(node)) return given.map(([option]) => strayIssue(name, option));
  const { channels: inner } = node.plan as GraphPlan<Channels>;
  const shared = Object.entries(channels).filter(([channel]) => inner.has(channel));
  const broken = given.filter(([, mapping]) => typeof mapping !== "function");
  const isMapped = options.input !== undefined && options.output !== undefined;
  return [
    ...broken.map(([option]) => noFunctionIssue(name, option)),
    ...(shared.length === 0 && given.length === 0 ? [nothingSharedIssue(name, node.name)] : []),
    ...(isMapped ? [] : shared.flatMap(([channel, own]) => kindIssues(name, channel, [own, inner.get(channel)]))),
    ...(options.output === undefined ? shared.flatMap(([channel, own]) => writeIssues(name, channel, own)) : []),
  ];
}

function kindIssues(name: string, channel: string, [own, inner]: readonly (AnyChannel | undefined)[]): GraphIssue[] {
  if (own?.kind === inner?.kind) return [];
  return [
    issue(
      `channel "${channel}" is of kind "${own?.kind}", and "${inner?.kind}" in the graph that is node "${name}"`,
      "make both of one kind, rename one, or give the node `input` and `output`",
    ),
  ];
}

/** What changed in a channel with a fold of the user's own cannot be said as a write. */
function writeIssues(name: string, channel: string, own: AnyChannel): GraphIssue[] {
  if (typeof own?.initial !== "function" || own.netWrite !== undefined) return [];
  return [
    issue(
      `channel "${channel}" of kind "${own.kind}" is shared with node "${name}", and what changes in it there cannot be told as a write`,
      "give the node `output`, which says what to write",
    ),
  ];
}

function nothingSharedIssue(name: string, graph: string): GraphIssue {
  return issue(
    `node "${name}" and graph "${graph}" share no channel`,
    "give both a channel of one name and kind, or give the node `input` and `output`",
  );
}

function strayIssue(name: string, option: string): GraphIssue {
  const help = "leave it out: only a graph that is a node has it";
  return { kind: "strayOption", message: `node "${String(name)}" is a function and has option "${option}"`, help };
}

function noFunctionIssue(name: string, option: string): GraphIssue {
  const help = option === "input" ? "pass (state, input) => update" : "pass (state) => update";
  return { kind: "invalidOption", message: `option "${option}" of node "${String(name)}" is no function`, help };
}

function issue(message: string, help: string): GraphIssue {
  return { kind: "subgraphChannels", message, help };
}
