/** Mentions of rows that no session shows any more: what they refer to cannot be read through them, though a chain may still need them. */
import { artifactsIn } from "../../state/artifact-refs.js";
import { dropMentions, hasArtifacts, mentionKnown } from "../artifacts/mentions.js";
import { isDamage } from "../connection/failures.js";
import { idOf, SPAN } from "../connection/schema.js";
import type { SessionRow, Statements } from "../connection/statements.js";
import { readCheckpoint, segmentsOf } from "../reading/line.js";
import type { Line } from "../reading/session-row.js";
import { shownRanges } from "./shown.js";

/** Gives the artifacts that rows of this session mentioned which are not shown, or are gone. */
export function dropHidden(statements: Statements, key: number): readonly number[] {
  if (!hasArtifacts(statements)) return [];
  const [first, last] = [idOf(key, 0), idOf(key, SPAN - 1)];
  const session = statements.sessionByKey.get(key) as SessionRow | undefined;
  if (session === undefined)
    return (["log", "part", "head", "result"] as const).flatMap((kind) => dropMentions(statements, kind, first, last));
  const dropped: number[] = [];
  let next = first;
  for (const [from, to] of shownRanges(statements, session).toSorted(([one], [other]) => one - other)) {
    dropped.push(...dropMentions(statements, "log", next, from - 1));
    next = Math.max(next, to + 1);
  }
  dropped.push(...dropMentions(statements, "log", next, last));
  dropped.push(
    ...(statements.dropGoneParts.all(first, last) as { readonly artifact: number }[]).map(({ artifact }) => artifact),
  );
  return dropped;
}

/**
 * Lets the oldest row that a line shows from now on mention all that its checkpoint refers to, wherever that was written. Where it cannot
 * be read, all that was mentioned before it. What the line showed no longer before is not asked: of a fork, it may be gone.
 */
export function mentionAllAt(statements: Statements, line: Line, floor: number): void {
  if (!hasArtifacts(statements)) return;
  const segments = [...segmentsOf(statements, line, line.session.floor)];
  const isMentioning = segments.some(({ first, last }) => statements.anyMention.get(first, last) !== undefined);
  const own = isMentioning ? [...segmentsOf(statements, line, floor)].at(-1) : undefined;
  if (own === undefined) return;
  const row = idOf(own.key, floor);
  try {
    const { checkpoint } = readCheckpoint(statements, line, row);
    mentionKnown(statements, "log", row, artifactsIn(checkpoint));
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (const { first, last } of segments) statements.copyMentions.run(row, first, Math.min(last, row));
  }
}
