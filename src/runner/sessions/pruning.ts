/** Takes old checkpoints away, and what only they had: subgraphs, artifacts. */
import type { Pruned } from "../../session/checkpointer.js";
import type { Channels } from "../../state/channel.js";
import type { ActiveRuns } from "../calls/active-runs.js";
import type { Engine } from "../run.js";
import { pruneChildren } from "../subgraph/children.js";
import { checkExists, type PruneOptions } from "./past.js";

/** Throws SessionNotFoundError. */
export async function pruneSessions<C extends Channels>(
  { store, plan, clock }: Engine<C>,
  active: ActiveRuns,
  { sessionId, keepLast, olderThanMs }: PruneOptions,
): Promise<Required<Pruned>> {
  if (sessionId !== undefined) await checkExists(store, sessionId);
  const now = clock.now();
  const pruned = await store.prune({
    ...(sessionId !== undefined && { sessionId }),
    ...(keepLast !== undefined && { keepLast: Math.min(keepLast, Number.MAX_SAFE_INTEGER) }),
    ...(olderThanMs !== undefined && { madeBefore: now - olderThanMs }),
    at: now,
  });
  const within = plan.hasSubgraphs ? await pruneChildren(store, active, sessionId) : 0;
  return { ...pruned, artifacts: (pruned.artifacts ?? 0) + within };
}
