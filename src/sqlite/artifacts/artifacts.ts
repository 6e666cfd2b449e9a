/** Artifacts in the file: content in pieces under its digest, and who mentions it. */
import { ArtifactCorruptError, ArtifactNotFoundError } from "../../errors.js";
import type { Apart, ApartReader } from "../../session/apart.js";
import {
  type ArtifactContent,
  type ArtifactHolder,
  type ArtifactWrite,
  checkContent,
  ARTIFACT_PIECE as PIECE,
  valueIn,
} from "../../session/artifact.js";
import type { Links, Part } from "../../session/links.js";
import type { OpenFile } from "../connection/connection.js";
import { atomically, type Statements } from "../connection/statements.js";
import { findLine, readHead } from "../reading/session-row.js";
import { checkFence } from "../writing/fence.js";
import type { ArtifactFolder } from "./folder.js";
import { type ArtifactRow, mention } from "./mentions.js";

/** Pieces that one artifact may have. */
export const PIECES = 2 ** 20;

/** Keeps content for its holder. Throws CheckpointConflictError and ArtifactNotFoundError. */
export function writeArtifact(file: OpenFile, { holder, ...content }: ArtifactWrite): void {
  const { statements } = file;
  checkHolder(statements, holder);
  atomically(statements, () => hold(file, holder, writeContent(statements, content)));
}

/** Throws CheckpointConflictError when the holder was taken over from. */
export function checkHolder(statements: Statements, holder: ArtifactHolder): void {
  if (!("until" in holder)) checkFence(statements, holder.sessionId, holder.fence, undefined);
}

/** Lets an artifact stay for its holder's sake. */
export function hold(file: OpenFile, holder: ArtifactHolder, id: number): void {
  const { statements } = file;
  if ("until" in holder) return mention(statements, "caller", timeOf(holder.until), id);
  const line = findLine(file, holder.sessionId);
  if (line !== undefined) mention(statements, "head", readHead(statements, line).id, id);
}

/** Of the piece that holds the byte at that place. */
export function pieceId(artifact: number, at: number): number {
  return artifact * PIECES + Math.floor(at / PIECE);
}

/** The content as it stands; undefined when there is none. Throws ArtifactCorruptError when it is not to be had. */
export function readArtifact(statements: Statements, digest: string): Uint8Array | undefined {
  const row = statements.artifact.get(digest) as ArtifactRow | undefined;
  return row && readBytes(statements, digest, row);
}

/** As many bytes of the content from a place on, as it stands; undefined when there is none. Throws ArtifactCorruptError when it is not to be had. */
export function readRange(
  statements: Statements,
  digest: string,
  { from, length }: { readonly from: number; readonly length: number },
): Uint8Array | undefined {
  const { artifact, pieces, folder } = statements;
  const row = artifact.get(digest) as ArtifactRow | undefined;
  if (row === undefined || length <= 0) return row && new Uint8Array();
  const found = pieces.all(pieceId(row.id, from), pieceId(row.id, from + length - 1)) as PieceRow[];
  if (found.length > 0) return joined(found).subarray(from % PIECE, (from % PIECE) + length);
  if (from >= row.size) return new Uint8Array();
  if (folder === undefined) throw new ArtifactCorruptError(digest, new TypeError(NO_PIECES));
  return folder.readRange(digest, from, length);
}

/** Reads values that are kept apart from their records, each once. */
export function apartReader(statements: Statements, values = new Map<string, unknown>()): ApartReader {
  return ({ digest }: Apart) => {
    if (!values.has(digest)) values.set(digest, readValue(statements, digest));
    return values.get(digest);
  };
}

/** Writes down what a log row refers to. Throws ArtifactNotFoundError; what was written by then is to be undone. */
export function linkRow(statements: Statements, row: number, links: Links): void {
  for (const part of links.parts) mention(statements, "part", row, idOfPart(statements, part));
  for (const id of idsOf(statements, links.noted.artifacts ?? [])) mention(statements, "log", row, id);
}

/** What is new is held to what may be there already, as anything that is put; for what was there before that would cost too much. */
export function idOfPart(statements: Statements, { apart, content, isKnown }: Part): number {
  const row = isKnown ? (statements.artifact.get(apart.digest) as ArtifactRow | undefined) : undefined;
  return row?.id ?? writeContent(statements, content());
}

/** Takes the content of an artifact away, and what it mentions. */
export function dropArtifact({ dropPieces, dropArtifact: drop }: Statements, id: number): void {
  dropPieces.run(pieceId(id, 0), pieceId(id + 1, 0) - 1);
  drop.run(id);
}

/** Gives its id. What is there already is held to what was given. */
function writeContent(statements: Statements, { digest, bytes, mentions }: ArtifactContent): number {
  const mentioned = idsOf(statements, mentions);
  const known = statements.artifact.get(digest) as ArtifactRow | undefined;
  const id = known?.id ?? (statements.addArtifact.get(digest, bytes.length) as { readonly id: number }).id;
  if (statements.folder !== undefined) fileContent(statements, statements.folder, { id, digest, bytes });
  else if (known === undefined || !isSame(bytes, statements, digest, known)) writePieces(statements, id, bytes);
  for (const one of mentioned) mention(statements, "artifact", id, one);
  return id;
}

/** It stands in the file no more, if it was put before there was a folder: what was damaged there would be read for ever. */
function fileContent(
  { dropPieces }: Statements,
  folder: ArtifactFolder,
  { id, digest, bytes }: { readonly id: number } & Pick<ArtifactContent, "digest" | "bytes">,
): void {
  folder.write(digest, bytes);
  dropPieces.run(pieceId(id, 0), pieceId(id + 1, 0) - 1);
}

function isSame(bytes: Uint8Array, statements: Statements, digest: string, row: ArtifactRow): boolean {
  try {
    return Buffer.compare(bytes, readBytes(statements, digest, row)) === 0;
  } catch (error) {
    if (error instanceof ArtifactCorruptError) return false;
    throw error;
  }
}

function writePieces({ addPiece, dropPieces }: Statements, id: number, bytes: Uint8Array): void {
  dropPieces.run(pieceId(id, 0), pieceId(id + 1, 0) - 1);
  for (let at = 0; at < bytes.length; at += PIECE) addPiece.run(pieceId(id, at), bytes.subarray(at, at + PIECE));
}

/** Content that was put before the store had a folder is in the file. */
function readBytes({ pieces, folder }: Statements, digest: string, { id, size }: ArtifactRow): Uint8Array {
  const found = pieces.all(pieceId(id, 0), pieceId(id + 1, 0) - 1) as PieceRow[];
  if (found.length === 0 && folder !== undefined) return folder.read(digest);
  if (found.length === 0 && size > 0) throw new ArtifactCorruptError(digest, new TypeError(NO_PIECES));
  return joined(found);
}

interface PieceRow {
  readonly bytes: Uint8Array;
}

function joined(found: readonly PieceRow[]): Uint8Array {
  const bytes = new Uint8Array(found.reduce((sum, piece) => sum + piece.bytes.length, 0));
  let at = 0;
  for (const piece of found) {
    bytes.set(piece.bytes, at);
    at += piece.bytes.length;
  }
  return bytes;
}

const NO_PIECES = "its bytes are not in the file: is the store to be opened with its folder of artifacts?";

function readValue(statements: Statements, digest: string): unknown {
  const bytes = readArtifact(statements, digest);
  if (bytes === undefined) throw new ArtifactNotFoundError(digest);
  checkContent(digest, bytes);
  return valueIn(digest, bytes);
}

/** Throws ArtifactNotFoundError. */
function idsOf({ artifact }: Statements, digests: Iterable<string>): readonly number[] {
  return [...digests].map((digest) => {
    const row = artifact.get(digest) as ArtifactRow | undefined;
    if (row === undefined) throw new ArtifactNotFoundError(digest);
    return row.id;
  });
}

/** As a whole number that SQLite takes. */
function timeOf(until: number): number {
  return Math.min(Math.max(Math.ceil(until), 0), Number.MAX_SAFE_INTEGER);
}
