/** What stands beside a head and goes with the next commit: task records, ephemeral values, the note. */
import { CheckpointCorruptError } from "../../errors.js";
import type { Checkpoint, Note } from "../../session/checkpoint.js";
import { decode, encode, type Noted } from "../../session/codec.js";
import type { Links } from "../../session/links.js";
import { type DecodedRecord, ephemeralOf } from "../../session/log-record.js";
import { sealStored } from "../../state/seal.js";
import { recordKey, type TaskRecord } from "../../superstep/record.js";
import { apartReader } from "../artifacts/artifacts.js";
import { mentionKnown } from "../artifacts/mentions.js";
import { checksum, verify } from "../connection/checksum.js";
import { keyOf, seqOf } from "../connection/schema.js";
import type { LogHead, PendingRow, Statements } from "../connection/statements.js";
import { keptBeside, type Line } from "../reading/session-row.js";
import { parted, whole } from "./kept-results.js";

/** What stands beside a head. */
export interface Beside {
  readonly records: readonly TaskRecord[];
  /** Channels and their values. */
  readonly ephemeral: readonly (readonly [string, unknown])[];
}
/** A task record as it is written. */
export interface EncodedRecord {
  readonly kind: string;
  readonly key: string;
  readonly body: string;
}

const EPHEMERAL = "ephemeral";

/** The key may hold anything; SQL text may not: a NUL would cut it, a half surrogate be replaced. */
export function encodeRecord(record: TaskRecord, links: Links): EncodedRecord {
  return {
    kind: record.kind,
    key: JSON.stringify(recordKey(record)),
    body: encode(parted(record, links), links.noted),
  };
}

/** Everything beside the head. Throws CheckpointCorruptError, also when a record is missing. */
export function readBeside(statements: Statements, line: Line, head: LogHead): Beside {
  const records: TaskRecord[] = [];
  const read = apartReader(statements);
  let ephemeral: Beside["ephemeral"] = [];
  for (const { kind, key, crc, body } of statements.pending.all(line.session.key) as PendingRow[]) {
    verify(`a pending record of session "${line.sessionId}"`, crc, line.session.key, kind, key, body);
    const stored = decode(body);
    const value = kind === EPHEMERAL ? stored : whole(stored as TaskRecord, read);
    sealStored(value);
    if (kind === EPHEMERAL) ephemeral = value as Beside["ephemeral"];
    else records.push(value as TaskRecord);
  }
  checkCount(line, head, records.length);
  return { records, ephemeral };
}

/** Counts the task records without reading them. Throws CheckpointCorruptError when one is missing. */
export function countBeside(statements: Statements, line: Line, head: LogHead): number {
  const count = countRecords(statements, line.session.key);
  checkCount(line, head, count);
  return count;
}

export function countRecords({ pendingCount }: Statements, key: number): number {
  return (pendingCount.get(key) as { count: number }).count;
}

export function addRecord({ addPending }: Statements, session: number, { kind, key, body }: EncodedRecord): void {
  addPending.run(session, kind, key, checksum(session, kind, key, body), body);
}

export function dropResults({ dropKind }: Statements, session: number): void {
  dropKind.run(session, "result");
}

/** The ephemeral values of a new head, in place of those of the former one. */
export function replaceEphemeral(statements: Statements, head: number, { ephemeral, state }: Checkpoint): void {
  const session = keyOf(head);
  statements.dropKind.run(session, EPHEMERAL);
  if (ephemeral.length === 0) return;
  const noted: Noted = {};
  const body = encode(
    ephemeral.map((name) => [name, state[name] as unknown]),
    noted,
  );
  addRecord(statements, session, { kind: EPHEMERAL, key: "", body });
  mentionKnown(statements, "head", head, noted.artifacts ?? []);
}

/** Throws CheckpointCorruptError unless the values are those of the channels that the head's record names. */
export function checkEphemeral({ sessionId }: Line, head: DecodedRecord, { ephemeral }: Beside): void {
  const expected = ephemeralOf(head);
  if (expected.length !== ephemeral.length || ephemeral.some(([name], place) => name !== expected[place]))
    throw new CheckpointCorruptError(
      `what the newest checkpoint of session "${sessionId}" keeps for the next superstep`,
      { sessionId },
    );
}

/** The head's checkpoint with the values that only the head has. */
export function withEphemeral(checkpoint: Checkpoint, { ephemeral }: Beside): Checkpoint {
  if (ephemeral.length === 0) return checkpoint;
  const state = Object.freeze({ ...checkpoint.state, ...Object.fromEntries(ephemeral) });
  return Object.freeze({ ...checkpoint, state, ephemeral: ephemeral.map(([name]) => name) });
}

/** The note beside the head, if one was written since the head was. */
export function noteBeside({ session }: Line, head: LogHead): Note | undefined {
  if (session.seen !== seqOf(head.id) || session.note === null) return undefined;
  const note = decode(session.note);
  sealStored(note);
  return note as Note;
}

function checkCount({ sessionId, session }: Line, head: LogHead, count: number): void {
  if (count !== keptBeside(session, head))
    throw new CheckpointCorruptError(`a pending record of session "${sessionId}"`, { sessionId });
}
