/** What is stored under the graph of today (T4): migrated if the caller knows how, and accepted while all that it needs still exists. */
import { GraphMismatchError } from "../errors.js";
import type { GraphPlan } from "../graph/plan.js";
import type { Channels, StateOf } from "../state/channel.js";
import { seal } from "../state/seal.js";
import type { RouteTarget } from "../superstep/outcome.js";
import type { TaskRecord } from "../superstep/record.js";
import type { Checkpoint, Note } from "./checkpoint.js";
import type { StoredSession } from "./checkpointer.js";
import { type Migrate, migrateCheckpoint } from "./migration.js";
import { READY } from "./status.js";

/** A checkpoint as the graph of today sees it. */
export interface Adopted<C extends Channels> {
  readonly checkpoint: Checkpoint<C>;
  /** Whether its state is another one than what is stored. */
  readonly isRebased: boolean;
}
/** A session as the graph of today sees it. */
export interface AdoptedSession<C extends Channels> extends Adopted<C> {
  readonly note: Note;
  readonly records: readonly TaskRecord[];
}

/** Throws GraphMismatchError naming what is missing, after the migration too; SerializationError for migrated state that cannot be stored. */
export function adopt<C extends Channels>(checkpoint: Checkpoint, plan: GraphPlan<C>, migrate?: Migrate): Adopted<C> {
  if (checkpoint.fingerprint === plan.fingerprint) return { checkpoint: checkpoint as Checkpoint<C>, isRebased: false };
  const migrated = migrate === undefined ? checkpoint : migrateCheckpoint(migrate, checkpoint);
  checkMissing(migrated, plan);
  const joins = Object.fromEntries(Object.entries(migrated.progress.joins).filter(([id]) => plan.joins.has(id)));
  const state = withNewChannels(migrated.state, plan);
  return {
    checkpoint: { ...migrated, state, progress: { ...migrated.progress, joins } },
    isRebased: state !== checkpoint.state,
  };
}

/** The same for a whole session: what is kept of a task goes with the task, and is gone where the task is. */
export function adoptSession<C extends Channels>(
  stored: StoredSession,
  plan: GraphPlan<C>,
  migrate?: Migrate,
): AdoptedSession<C> {
  const { checkpoint, isRebased } = adopt(stored.checkpoint, plan, migrate);
  const { note, records: kept } = stored;
  if (checkpoint.frontier === stored.checkpoint.frontier && kept.length === 0)
    return { checkpoint, isRebased, note, records: kept };
  const nodes = new Map(checkpoint.frontier.map(({ id, node }) => [id, node]));
  return { checkpoint, isRebased, note: noteOf(note, nodes), records: kept.flatMap((one) => moved(one, nodes)) };
}

/** Nobody waits for the answer to a question whose task is gone. */
function noteOf(note: Note, nodes: ReadonlyMap<string, string>): Note {
  const { status } = note;
  if (status.kind !== "paused" || status.reason.kind !== "interrupt") return note;
  const interrupts = status.reason.interrupts.flatMap((one) => moved(one, nodes));
  return {
    ...note,
    status: interrupts.length === 0 ? READY : { ...status, reason: { kind: "interrupt", interrupts } },
  };
}

function moved<T extends { readonly taskId: string }>(kept: T, nodes: ReadonlyMap<string, string>): readonly T[] {
  const node = nodes.get(kept.taskId);
  if (node === undefined) return [];
  return ["node" in kept && kept.node !== node && !("path" in kept) ? { ...kept, node } : kept];
}

function checkMissing<C extends Channels>(checkpoint: Checkpoint, plan: GraphPlan<C>): void {
  const waiting = [...checkpoint.frontier.map(({ node }) => node), ...checkpoint.progress.deferred.map(nameOf)];
  const missingNodes = [...new Set(waiting)].filter((node) => !plan.nodes.has(node));
  const missingChannels = Object.keys(checkpoint.state).filter((channel) => !plan.channels.has(channel));
  if (missingNodes.length + missingChannels.length > 0) {
    throw new GraphMismatchError(checkpoint.sessionId, { missingNodes, missingChannels, path: [], cause: undefined });
  }
}

function nameOf(target: RouteTarget): string {
  return typeof target === "string" ? target : target.node;
}

/** The same state when no channel is new. */
function withNewChannels<C extends Channels>(state: object, plan: GraphPlan<C>): StateOf<C> {
  const added: Record<string, unknown> = {};
  for (const [name, channel] of plan.channels) {
    if (Object.hasOwn(state, name)) continue;
    added[name] = channel.initial();
    seal(added[name], [name]);
  }
  if (Object.keys(added).length === 0) return state as StateOf<C>;
  return Object.freeze({ ...state, ...added }) as StateOf<C>;
}
