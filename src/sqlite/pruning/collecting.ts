/**
 * Takes rows away that no session shows and no chain needs (T6). A line needs everything from the oldest place that it shows on, and
 * below that the rows back to a snapshot; a fork's line reaches into its origin's rows, so forks are looked at before their origins.
 */

import type { Pruned } from "../../session/checkpointer.js";
import { Links } from "../../session/links.js";
import { encodeSnapshot, needsParent, withRan } from "../../session/log-record.js";
import { mentionKnown } from "../artifacts/mentions.js";
import type { OpenFile } from "../connection/connection.js";
import { isDamage } from "../connection/failures.js";
import { idOf, keyOf, SPAN, seqOf } from "../connection/schema.js";
import type { LogHead, LogRow, SessionRow, Statements } from "../connection/statements.js";
import { readCheckpoint, readParent } from "../reading/line.js";
import { rewriteRow } from "../reading/log.js";
import { checkSessions, isSound } from "../reading/session-row.js";
import { dropHidden } from "./hidden.js";
import { forksOf } from "./shown.js";

/** Sessions whose forks were looked at. */
type Demands = Map<number, number | undefined>;

export const NOTHING_GONE: Pruned = { checkpoints: 0, bytes: 0 };

export function sumOf(one: Pruned, other: Pruned): Pruned {
  return { checkpoints: one.checkpoints + other.checkpoints, bytes: one.bytes + other.bytes };
}

interface Unmentioned {
  /** Artifacts that these rows mentioned. Others may. */
  readonly unmentioned: ReadonlySet<number>;
}

/** Collects the rows of these sessions, and of what they were forked from. Throws CheckpointCorruptError when a fork's record is damaged. */
export function collect(file: OpenFile, keys: readonly number[]): Pruned & Unmentioned {
  checkSessions(file);
  const unmentioned = new Set<number>();
  const demands: Demands = new Map();
  const waiting = new Set(keys);
  let freed = NOTHING_GONE;
  while (waiting.size > 0) {
    const key = Math.max(...waiting);
    waiting.delete(key);
    const session = file.statements.sessionByKey.get(key) as SessionRow | undefined;
    if (session === undefined || !(isSound(session) || keys.includes(key))) continue;
    freed = sumOf(freed, collectOne(file.statements, session, demands));
    for (const artifact of dropHidden(file.statements, key)) unmentioned.add(artifact);
    if (session.origin !== null) waiting.add(keyOf(session.origin));
  }
  return { ...freed, unmentioned };
}

function collectOne(statements: Statements, session: SessionRow, demands: Demands): Pruned {
  const lowest = lowestNeeded(statements, session, demands);
  const [first, last] = [idOf(session.key, 1), idOf(session.key, SPAN - 1)];
  if (lowest === undefined) {
    statements.dropSession.run(session.key);
    return dropRows(statements, first, last);
  }
  const above =
    session.session_id === null
      ? dropRows(statements, highestNeeded(statements, session, demands) + 1, last)
      : NOTHING_GONE;
  const bottom = statements.oldest.get(idOf(session.key, Math.max(lowest, 1)), last) as LogHead | undefined;
  return bottom === undefined ? above : sumOf(above, cutBelow(statements, session, bottom));
}

/** The oldest place of its line that is still needed; undefined when nothing is. */
function lowestNeeded(statements: Statements, session: SessionRow, demands: Demands): number | undefined {
  const places = forksOf(statements, session).map((fork) => demandOf(statements, fork, demands));
  if (session.session_id !== null) places.push(session.floor);
  const needed = places.filter((place) => place !== undefined);
  return needed.length === 0 ? undefined : Math.min(...needed);
}

/** The newest row that a fork of a nameless session starts from. */
function highestNeeded(statements: Statements, session: SessionRow, demands: Demands): number {
  const needing = forksOf(statements, session).filter((fork) => demandOf(statements, fork, demands) !== undefined);
  return Math.max(...needing.map(({ origin }) => origin ?? 0));
}

/** The oldest place of its origin's line that a fork needs; undefined when its own rows say everything. */
function demandOf(statements: Statements, fork: SessionRow, demands: Demands): number | undefined {
  if (!demands.has(fork.key)) demands.set(fork.key, computeDemand(statements, fork, demands));
  return demands.get(fork.key);
}

function computeDemand(statements: Statements, fork: SessionRow, demands: Demands): number | undefined {
  const lowest = lowestNeeded(statements, fork, demands);
  const start = seqOf(fork.origin ?? 0);
  if (lowest === undefined || lowest <= start) return lowest;
  const last = idOf(fork.key, SPAN - 1);
  const bottom = statements.oldest.get(idOf(fork.key, lowest), last) as LogHead | undefined;
  const base = statements.base.get(idOf(fork.key, 1), bottom?.id ?? last);
  return base === undefined ? start : undefined;
}

/** Cuts a session's rows off below the oldest that is needed, or below the snapshot that this one needs. */
function cutBelow(statements: Statements, session: SessionRow, bottom: LogHead): Pruned {
  const first = idOf(session.key, 1);
  const below = weigh(statements, first, bottom.id - 1);
  if (below.checkpoints === 0) return NOTHING_GONE;
  const written = ground(statements, session, bottom, below);
  if (written !== undefined)
    return sumOf(dropRows(statements, first, bottom.id - 1), { checkpoints: 0, bytes: -written });
  const base = statements.base.get(first, bottom.id) as { readonly id: number } | undefined;
  return base === undefined ? NOTHING_GONE : dropRows(statements, first, base.id - 1);
}

/**
 * Makes a row stand without those before it: gives it a snapshot, and what ran. Gives the bytes that this takes; undefined, and nothing
 * is written, when they are not fewer than those before it have, or when one of these is damaged.
 */
function ground(statements: Statements, session: SessionRow, { id }: LogHead, below: Pruned): number | undefined {
  try {
    const row = statements.row.get(id) as LogRow;
    const grounded = groundedTexts(statements, session, row);
    const written = weightOf(grounded) - weightOf(row);
    if (written >= below.bytes) return undefined;
    const { links, ...texts } = grounded;
    rewriteRow(statements, { ...row, ...texts, base_weight: texts.snapshot.length + links.size, weight: 0 });
    mentionKnown(
      statements,
      "part",
      id,
      [...(links.noted.apart ?? [])].map(({ digest }) => digest),
    );
    return written;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function groundedTexts(
  statements: Statements,
  session: SessionRow,
  row: LogRow,
): { readonly body: string; readonly snapshot: string; readonly links: Links } {
  const sessionId = session.session_id ?? "";
  const links = new Links(undefined);
  const { stored, record } = readCheckpoint(statements, { sessionId, session }, row.id);
  const parent = () => readParent(statements, { row, segment: { ...session, sessionId } });
  return {
    body: needsParent(record) ? withRan(record, parent()) : row.body,
    snapshot: row.snapshot ?? encodeSnapshot({ ...stored, ephemeral: [] }, links),
    links,
  };
}

function weightOf({ body, snapshot }: Pick<LogRow, "body" | "snapshot">): number {
  return Buffer.byteLength(body) + Buffer.byteLength(snapshot ?? "");
}

function weigh({ count }: Statements, from: number, to: number): Pruned {
  const { count: checkpoints, bytes } = count.get(from, to) as { count: number; bytes: number };
  return { checkpoints, bytes };
}

function dropRows(statements: Statements, from: number, to: number): Pruned {
  const freed = weigh(statements, from, to);
  if (freed.checkpoints > 0) statements.dropLog.run(from, to);
  return freed;
}
