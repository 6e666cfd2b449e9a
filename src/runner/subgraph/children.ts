/**
 * The sessions of subgraphs, beside those of users: how they are found, shown, and how they go. One belongs to the checkpoint in whose
 * frontier its task stands, and stays as long as that is shown.
 */
import { SessionBusyError, type TaskRef } from "../../errors.js";
import { type Checkpoint, parseCheckpointId } from "../../session/checkpoint.js";
import { childId, childPath, childPrefix, isChildId } from "../../session/child-id.js";
import { type SessionView, viewOf } from "../../session/view.js";
import type { Channels } from "../../state/channel.js";
import type { ActiveRuns } from "../calls/active-runs.js";
import { RunCancellation } from "../cancellation.js";
import type { Store } from "../store.js";

/** A subgraph as it stands. */
export interface SubgraphView {
  /** The nodes that lead to it from the root. */
  readonly path: readonly string[];
  /** The task that it is, of the session around it. */
  readonly taskId: string;
  readonly session: SessionView<Channels>;
}

const PAGE = 200;
/** Behind every id that a task can have. */
const LAST = "\u007f";

/** Where a list goes on after an id: a subgraph's stands with those of its kind, and none of them is shown. */
export function behindChildren(sessionId: string): string {
  return isChildId(sessionId) ? childPrefix(childPath(sessionId)[0]) + LAST : sessionId;
}

/** Each before those within it. */
export async function* subgraphsOf(store: Store, sessionId: string): AsyncGenerator<SubgraphView, void, void> {
  for await (const id of idsWithin(store, sessionId)) {
    const stored = await store.load(id);
    if (stored === undefined) continue;
    const [root, ...taskIds] = childPath(id);
    const path: string[] = [];
    let around = root;
    for (const taskId of taskIds) {
      path.push((await taskOf(store, around, taskId))?.node ?? taskId);
      around = childId(around, taskId);
    }
    yield {
      path,
      taskId: taskIds.at(-1) ?? "",
      session: viewOf(stored.checkpoint as Checkpoint<Channels>, stored.note),
    };
  }
}

/** Forgets all that is within a session, or within one of its tasks. The caller has the session around it. */
export async function deleteChildren(
  store: Store,
  active: ActiveRuns,
  sessionId: string,
  taskId?: string,
): Promise<void> {
  const from = taskId === undefined ? sessionId : childId(sessionId, taskId);
  const ids = taskId === undefined ? [] : [from];
  for await (const id of idsWithin(store, from)) ids.push(id);
  for (const id of ids) {
    const cancellation = new RunCancellation();
    await active.exclusively(id, cancellation, async (fence) => store.delete(id, fence), sessionId);
  }
}

/** Forgets the subgraphs of checkpoints that are shown no longer: those of one session, or of all. One that somebody drives stays. Gives the bytes of the artifacts that went with them. */
export async function pruneChildren(store: Store, active: ActiveRuns, sessionId: string | undefined): Promise<number> {
  let freed = 0;
  let known = "";
  let isShown = false;
  for await (const id of sessionId === undefined ? allIds(store) : idsWithin(store, sessionId)) {
    const [root, taskId = ""] = childPath(id);
    const first = childId(root, taskId);
    if (first !== known) isShown = (await taskOf(store, root, taskId)) !== undefined;
    known = first;
    if (!isShown) freed += await deleteUnlessBusy(store, active, id);
  }
  return freed;
}

async function deleteUnlessBusy(store: Store, active: ActiveRuns, id: string): Promise<number> {
  try {
    return await active.exclusively(id, new RunCancellation(), async (fence) => store.delete(id, fence));
  } catch (error) {
    if (!(error instanceof SessionBusyError)) throw error;
    return 0;
  }
}

/** A task of a checkpoint that the session shows, or of its head. */
async function taskOf(store: Store, sessionId: string, taskId: string): Promise<TaskRef | undefined> {
  const place = parseCheckpointId(taskId.slice(0, taskId.indexOf(".")));
  const made = place && (await store.at(sessionId, place));
  const task = made?.frontier.find(({ id }) => id === taskId);
  return task ?? (await store.load(sessionId))?.checkpoint.frontier.find(({ id }) => id === taskId);
}

/** Ids of all that is within a session, in order. Stores keep together what begins alike. */
async function* idsWithin(store: Store, sessionId: string): AsyncGenerator<string, void, void> {
  const prefix = childPrefix(sessionId);
  for await (const id of idsAfter(store, prefix)) {
    if (!id.startsWith(prefix)) return;
    yield id;
  }
}

async function* allIds(store: Store): AsyncGenerator<string, void, void> {
  for await (const id of idsAfter(store, undefined)) if (isChildId(id)) yield id;
}

async function* idsAfter(store: Store, start: string | undefined): AsyncGenerator<string, void, void> {
  let after = start;
  for (;;) {
    const page = await store.list({ limit: PAGE, ...(after !== undefined && { after }) });
    for (const { sessionId } of page) yield sessionId;
    after = page.at(-1)?.sessionId;
    if (page.length < PAGE) return;
  }
}
