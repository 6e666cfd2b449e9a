/** A graph's fingerprint: equal for equal definitions in any order of declaration (T4). Node bodies do not count. */
import type { AnyChannel, Channels } from "../state/channel.js";
import { type Declaration, type EdgeDeclaration, isCompiled, type NodeDeclaration } from "./declaration.js";

/** 16 hexadecimal digits. */
export function fingerprintOf<C extends Channels>(declaration: Declaration<C>): string {
  const channels = Object.entries(declaration.channels).map(describeChannel).sort();
  const nodes = declaration.nodes.map(describeNode).sort();
  const routes = declaration.edges.filter((edge) => edge.kind === "conditional").map(describeEdge);
  const exits = new Set(declaration.edges.filter((edge) => edge.kind !== "conditional").map(describeEdge));
  const edges = [...exits, ...routes].sort();
  return digest([...channels, ...nodes, ...edges].join("\n"));
}

function describeChannel([name, channel]: [string, AnyChannel]): string {
  return line("channel", name, channel.kind, channel.label ?? "");
}

/** A function's body does not count; a graph does, whole. */
function describeNode<C extends Channels>({ name, node, options }: NodeDeclaration<C>): string {
  const described = ["node", name, options.defer === true, sorted(options.ends)];
  return isCompiled(node) ? line(...described, node.fingerprint) : line(...described);
}

function describeEdge<C extends Channels>(edge: EdgeDeclaration<C>): string {
  if (edge.kind === "conditional") return line("conditional", edge.from, sorted(edge.targets));
  return edge.kind === "join" ? line("join", sorted(edge.from), edge.to) : line("edge", edge.from, edge.to);
}

function sorted(names: readonly string[] | undefined): readonly string[] | null {
  return names === undefined ? null : [...new Set(names)].sort();
}

function line(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

/** 16 hexadecimal digits: two FNV-1a hashes with different offsets, over UTF-16 units. Not for secrets: it tells texts apart. */
export function digest(text: string): string {
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x85ebca6b) ^ (second >>> 13);
  }
  return [first, second].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
