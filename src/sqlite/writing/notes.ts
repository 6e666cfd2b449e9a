/** What is written beside a head, within a transaction: a note, and task records. */
import { ArtifactNotFoundError } from "../../errors.js";
import type { NoteWrite } from "../../session/checkpointer.js";
import { encode } from "../../session/codec.js";
import { Links } from "../../session/links.js";
import { mentionKnown } from "../artifacts/mentions.js";
import type { OpenFile } from "../connection/connection.js";
import { atomically, type SessionRow } from "../connection/statements.js";
import { setSession } from "../reading/session-row.js";
import { addRecord, countRecords, dropResults, type EncodedRecord, encodeRecord } from "./beside.js";
import { expectHead, keepRecord } from "./expected-head.js";
import { dropParts, linkResults } from "./kept-results.js";

/** A note write with its texts. */
export interface EncodedNote {
  readonly write: NoteWrite;
  readonly note: string | undefined;
  readonly records: readonly EncodedRecord[];
  /** What they refer to, and what stands apart from them. */
  readonly links: Links;
}

/** Where a result would keep something apart that refers to what is not there, all stays in place: its commit fails, and it costs its siblings nothing. */
export async function saveNote(write: NoteWrite, save: (note: EncodedNote) => Promise<void>): Promise<void> {
  const encoded = encodeNote(write);
  try {
    await save(encoded);
  } catch (error) {
    if (!(encoded.links.hasParts && error instanceof ArtifactNotFoundError)) throw error;
    await save(encodeNote({ ...write, apartAbove: undefined }));
  }
}

/**
 * Writes beside the head. Throws CheckpointConflictError, and ArtifactNotFoundError when what refers to an artifact that is not there
 * would stand apart.
 */
export function writeNote(file: OpenFile, encoded: EncodedNote): void {
  const write = (): void => writeBeside(file, encoded);
  return encoded.links.hasParts ? atomically(file.statements, write) : write();
}

function writeBeside(file: OpenFile, { write, note, records, links }: EncodedNote): void {
  const { statements } = file;
  const { sessionId, incarnation, seq, fence } = write;
  const { line, head, kept: former } = expectHead(file, { sessionId, incarnation, seq, fence });
  const { session } = line;
  if (write.discardResults === true) {
    dropResults(statements, session.key);
    dropParts(file, head.id);
  }
  for (const record of records) addRecord(statements, session.key, record);
  mentionKnown(statements, "head", head.id, links.noted.artifacts ?? []);
  linkResults(statements, head.id, links);
  const isCounted = write.discardResults !== true && (records.length === 0 || (former === 0 && records.length === 1));
  const kept = isCounted ? former + records.length : countRecords(statements, session.key);
  const columns = noteColumns(session, write, note);
  keepRecord(
    file,
    sessionId,
    setSession(statements, { ...session, ...columns, seen: seq, kept, updated_at: write.at }),
  );
}

/** Whoever writes it need not encode within a transaction. */
function encodeNote(write: NoteWrite): EncodedNote {
  const links = new Links(write.apartAbove);
  const note = write.note && encode(write.note, links.noted);
  return { write, note, links, records: write.records.map((record) => encodeRecord(record, links)) };
}

function noteColumns(
  { seen, note, note_status }: SessionRow,
  write: NoteWrite,
  text: string | undefined,
): Pick<SessionRow, "note" | "note_status"> {
  if (write.note !== undefined) return { note: text ?? null, note_status: write.note.status.kind };
  return seen === write.seq ? { note, note_status } : { note: null, note_status: null };
}
