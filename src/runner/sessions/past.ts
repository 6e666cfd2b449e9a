/** A session's past (T2, T5): its checkpoints, newest first or one by one, as callers see them. */
import { CheckpointNotFoundError, SessionNotFoundError } from "../../errors.js";
import { type Checkpoint, parseCheckpointId } from "../../session/checkpoint.js";
import type { HistoryQuery } from "../../session/checkpointer.js";
import { type CheckpointView, checkpointViewOf } from "../../session/view.js";
import type { Channels } from "../../state/channel.js";
import type { Store } from "../store.js";

/** Which part of a session's past to read. */
export interface HistoryOptions {
  /** At most so many. */
  readonly limit?: number | undefined;
  /** Only what is older: than all checkpoints of a step, or than the checkpoint of an id. */
  readonly before?: number | string | undefined;
}

/** What pruning leaves; a checkpoint goes only when every limit that is given lets it go. */
export interface PruneOptions {
  /** Only this session's. Default: those of all sessions. */
  readonly sessionId?: string;
  /** How many of the newest stay. */
  readonly keepLast?: number;
  /** Younger ones stay: milliseconds on the runner's clock. */
  readonly olderThanMs?: number;
}

const PAGE = 50;

/** Newest first, read page by page. Throws SessionNotFoundError, CheckpointNotFoundError for a `before` that is none, CheckpointCorruptError when it gets to a damaged one. */
export async function* historyOf<C extends Channels>(
  store: Store,
  sessionId: string,
  { limit = Number.POSITIVE_INFINITY, before }: HistoryOptions,
): AsyncGenerator<CheckpointView<C>, void, void> {
  let cursor = await cursorOf(store, sessionId, before);
  let last: Checkpoint | undefined;
  for (let left = limit; left > 0 || last === undefined; ) {
    const size = Math.min(Math.max(left, 1), PAGE);
    const page = await store.history(sessionId, { limit: size, ...(cursor && { before: cursor }) });
    if (page.length === 0 && last === undefined) await checkExists(store, sessionId);
    if (page[0] === undefined || !isOneLine(last, page[0])) return;
    for (const checkpoint of page.slice(0, left)) yield checkpointViewOf(checkpoint as Checkpoint<C>, sessionId);
    left -= page.length;
    last = page[page.length - 1] as Checkpoint;
    cursor = { seq: last.seq };
  }
}

/** A session that was replaced while it was read is another one. */
function isOneLine(former: Checkpoint | undefined, next: Checkpoint): boolean {
  return (
    former === undefined ||
    former.incarnation === next.incarnation ||
    former.forkedFrom?.incarnation === next.incarnation
  );
}

/** Throws SessionNotFoundError and CheckpointNotFoundError. */
export async function checkpointAt(store: Store, sessionId: string, wanted: number | string): Promise<Checkpoint> {
  const place = typeof wanted === "number" ? { step: wanted } : parseCheckpointId(wanted);
  const found = place && (await store.at(sessionId, place));
  if (found !== undefined) return found;
  await checkExists(store, sessionId);
  throw new CheckpointNotFoundError(sessionId, typeof wanted === "number" ? `of step ${wanted}` : `"${wanted}"`);
}

/**
 * What a fork starts from: the head, unless another place is wanted. The past is without ephemeral values, and the head is part of it; a
 * fork of the head has those that wait there. Throws SessionNotFoundError and CheckpointNotFoundError.
 */
export async function originOf(
  store: Store,
  sessionId: string,
  { wanted, ephemeral }: { readonly wanted: number | string | undefined; readonly ephemeral: readonly string[] },
): Promise<Checkpoint> {
  const past = wanted === undefined ? undefined : await checkpointAt(store, sessionId, wanted);
  if (past !== undefined && ephemeral.length === 0) return past;
  const stored = await store.load(sessionId);
  if (stored === undefined) throw new SessionNotFoundError(sessionId);
  const { checkpoint: head, note } = stored;
  const isHead = past === undefined || (past.incarnation === head.incarnation && past.seq === head.seq);
  return isHead ? { ...head, note } : past;
}

/** Throws SessionNotFoundError. */
export async function checkExists(store: Store, sessionId: string): Promise<void> {
  const newest = await store.history(sessionId, { limit: 1 });
  if (newest.length === 0) throw new SessionNotFoundError(sessionId);
}

async function cursorOf(
  store: Store,
  sessionId: string,
  before: HistoryOptions["before"],
): Promise<HistoryQuery["before"]> {
  if (typeof before !== "string") return before === undefined ? undefined : { step: before };
  return { seq: (await checkpointAt(store, sessionId, before)).seq };
}
