/**
 * Mentions: what refers to an artifact that can still be read, a row each, so that nobody has to look into texts to learn what may go.
 *
 * log: a row that some session shows. Of the oldest that one shows, all that its checkpoint refers to.
 * part: a row that is there, whether it is shown or not: the artifact is a piece of it.
 * head: what stands beside a head, and what was put while it was one; until the session has another head.
 * result: a value of a result beside a head, which stands apart from it; until the result goes.
 * cache: an outcome. artifact: another artifact. caller: nobody but who put it, until the time that is the holder.
 */
import type { Statements } from "../connection/statements.js";

/** A row of `artifact`. */
export interface ArtifactRow {
  readonly id: number;
  readonly size: number;
}
export type MentionKind = "log" | "part" | "head" | "result" | "cache" | "artifact" | "caller";

export function mention({ addMention }: Statements, kind: MentionKind, holder: number, artifact: number): void {
  addMention.run(kind, holder, artifact);
}

/** From one holder to another, both included. Gives the artifacts that were mentioned. */
export function dropMentions(
  { dropMentions: drop }: Statements,
  kind: MentionKind,
  from: number,
  to: number,
): readonly number[] {
  if (from > to) return [];
  return (drop.all(kind, from, to) as { readonly artifact: number }[]).map(({ artifact }) => artifact);
}

/** Writes down what stands beside a head, or in the cache, refers to, as far as it is there. */
export function mentionKnown(
  statements: Statements,
  kind: MentionKind,
  holder: number,
  digests: Iterable<string>,
): void {
  for (const digest of digests) {
    const row = statements.artifact.get(digest) as ArtifactRow | undefined;
    if (row !== undefined) mention(statements, kind, holder, row.id);
  }
}

/** Whether there are artifacts at all; most files have none. */
export function hasArtifacts({ anyArtifact }: Statements): boolean {
  return anyArtifact.get() !== undefined;
}
