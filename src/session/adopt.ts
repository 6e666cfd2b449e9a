/** A stored checkpoint under the graph of today (T4): accepted while all that it needs still exists. Pure. */
import { GraphMismatchError } from "../errors.js";
import type { GraphPlan } from "../graph/plan.js";
import type { Channels, StateOf } from "../state/channel.js";
import { seal } from "../state/seal.js";
import type { Checkpoint } from "./checkpoint.js";

/** The checkpoint with the initial values of channels that are new. Throws GraphMismatchError naming what is missing. */
export function adopt<C extends Channels>(checkpoint: Checkpoint, plan: GraphPlan<C>): Checkpoint<C> {
  if (checkpoint.fingerprint === plan.fingerprint) return checkpoint as Checkpoint<C>;
  const waiting = [...checkpoint.frontier.map(({ node }) => node), ...checkpoint.progress.deferred.map(nameOf)];
  const missingNodes = [...new Set(waiting)].filter((node) => !plan.nodes.has(node));
  const missingChannels = Object.keys(checkpoint.state).filter((channel) => !plan.channels.has(channel));
  if (missingNodes.length + missingChannels.length > 0) {
    throw new GraphMismatchError(checkpoint.sessionId, missingNodes, missingChannels);
  }
  const joins = Object.fromEntries(Object.entries(checkpoint.progress.joins).filter(([id]) => plan.joins.has(id)));
  return { ...checkpoint, state: withNewChannels(checkpoint.state, plan), progress: { ...checkpoint.progress, joins } };
}

function nameOf(target: string | { readonly node: string }): string {
  return typeof target === "string" ? target : target.node;
}

function withNewChannels<C extends Channels>(state: object, plan: GraphPlan<C>): StateOf<C> {
  const added: Record<string, unknown> = {};
  for (const [name, channel] of plan.channels) {
    if (Object.hasOwn(state, name)) continue;
    added[name] = channel.initial();
    seal(added[name], [name]);
  }
  return Object.freeze({ ...state, ...added }) as StateOf<C>;
}
