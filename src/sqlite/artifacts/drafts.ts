/**
 * Drafts: content that comes in pieces, a transaction each, until its digest is known. One is a row of `artifact` under a name that is no
 * digest, so that it is held, and goes, as an artifact does; what a crash leaves behind is one that nobody holds.
 */
import { CheckpointError } from "../../errors.js";
import { ARTIFACT_PIECE, type DraftEnd, type DraftPiece } from "../../session/artifact.js";
import type { OpenFile } from "../connection/connection.js";
import { atomically, type Statements } from "../connection/statements.js";
import { checkHolder, hold, PIECES, pieceId } from "./artifacts.js";
import { DRAFT } from "./folder.js";
import type { ArtifactRow } from "./mentions.js";

/** Pieces that are removed in one transaction. */
const REMOVED_AT_ONCE = 16;

/** Adds a piece. Throws CheckpointConflictError, and CheckpointError when the draft is not what the piece goes on from. */
export function writeDraft(file: OpenFile, { name, at, bytes, holder }: DraftPiece): void {
  const { statements } = file;
  checkHolder(statements, holder);
  atomically(statements, () => {
    const { id, size } = at === 0 ? begin(statements, name) : found(statements, name);
    if (size !== at || at >= PIECES * ARTIFACT_PIECE)
      throw interrupted(`its piece at ${at} does not follow what it has`);
    if (at === 0) hold(file, holder, id);
    statements.growArtifact.run(bytes.length, id);
    if (statements.folder === undefined) statements.addPiece.run(pieceId(id, at), bytes);
    else statements.folder.writeDraft(name, at, bytes);
  });
}

/**
 * Gives the draft its digest. What is there under it already hands over all that mentions it, and leaves: so nobody compares one with the
 * other, and what was damaged is mended. Gives the name of the draft that is to be removed. Throws as `writeDraft`.
 */
export function finishDraft(file: OpenFile, { name, digest, size, holder }: DraftEnd): string | undefined {
  const { statements } = file;
  checkHolder(statements, holder);
  return atomically(statements, () => {
    const draft = found(statements, name);
    if (draft.size !== size) throw interrupted(`it has ${draft.size} bytes, not ${size}`);
    const former = statements.artifact.get(digest) as ArtifactRow | undefined;
    if (former !== undefined) {
      statements.moveMentionsOf.run(draft.id, former.id);
      statements.moveMentionsBy.run(draft.id, former.id);
      statements.setArtifact.run(rowName(leftOver(name)), former.size, former.id);
    }
    statements.setArtifact.run(digest, size, draft.id);
    hold(file, holder, draft.id);
    statements.folder?.keepDraft(name, digest);
    return former && leftOver(name);
  });
}

/** Removes some of a draft. Gives whether there is more. */
export function removeSome({ statements }: OpenFile, name: string): boolean {
  const draft = statements.artifact.get(rowName(name)) as ArtifactRow | undefined;
  if (draft === undefined) return false;
  return atomically(statements, () => {
    const [first, last] = [pieceId(draft.id, 0), pieceId(draft.id + 1, 0) - 1];
    if (statements.dropSomePieces.all(first, last, REMOVED_AT_ONCE).length === REMOVED_AT_ONCE) return true;
    statements.dropArtifact.run(draft.id);
    statements.dropMentionsOf.run(draft.id);
    statements.folder?.dropDraft(name);
    return false;
  });
}

function begin(statements: Statements, name: string): ArtifactRow {
  const { id } = statements.addArtifact.get(rowName(name), 0) as { readonly id: number };
  return { id, size: 0 };
}

function found({ artifact }: Statements, name: string): ArtifactRow {
  const draft = artifact.get(rowName(name)) as ArtifactRow | undefined;
  if (draft === undefined) throw interrupted("its beginning was removed, because nobody held it any more");
  return draft;
}

function interrupted(problem: string): CheckpointError {
  return new CheckpointError("keep an artifact", new TypeError(problem), "put the stream again");
}

/** The name of what gives way to a draft. */
function leftOver(name: string): string {
  return `${name}-former`;
}

function rowName(name: string): string {
  return `${DRAFT}${name}`;
}
