/**
 * Values of kept results that stand apart from them, as they will from the checkpoint (ChannelOptions.artifactsAbove). They go with their
 * results; a value that the commit keeps apart too is there already.
 */
import type { ApartReader } from "../../session/apart.js";
import type { Links } from "../../session/links.js";
import { present } from "../../session/stored-op.js";
import type { Update } from "../../superstep/outcome.js";
import type { TaskRecord } from "../../superstep/record.js";
import { idOfPart } from "../artifacts/artifacts.js";
import { dropMentions, mention } from "../artifacts/mentions.js";
import { sweepSome } from "../artifacts/sweeping.js";
import type { OpenFile } from "../connection/connection.js";
import { isDamage } from "../connection/failures.js";
import { atomically, type Statements } from "../connection/statements.js";

/** The record as it is written. */
export function parted(record: TaskRecord, links: Links): TaskRecord {
  return links.mayPart ? changed(record, (channel, value) => links.standIn(channel, value)) : record;
}

/** The record as it was. Throws ArtifactNotFoundError and ArtifactCorruptError. */
export function whole(record: TaskRecord, read: ApartReader): TaskRecord {
  return changed(record, (_, value) => present(value, read));
}

/** Keeps what stands apart for the head's sake. Throws ArtifactNotFoundError; what was written by then is to be undone. */
export function linkResults(statements: Statements, head: number, links: Links): void {
  for (const part of links.parts) mention(statements, "result", head, idOfPart(statements, part));
}

/** Lets go what the results of a head, which are gone, kept apart. Files of a folder, and what cannot be told to be nobody's, go with the next prune. */
export function dropParts(file: OpenFile, head: number): void {
  const parts = dropMentions(file.statements, "result", head, head);
  if (parts.length === 0) return;
  try {
    atomically(file.statements, () => sweepSome(file, new Set(parts)));
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
}

/** The same record when no value is another one. */
function changed(record: TaskRecord, change: (channel: string, value: unknown) => unknown): TaskRecord {
  if (record.kind !== "result") return record;
  const { outcome } = record;
  const updates = outcome.updates.map((update) => changedUpdate(update, change));
  const isSame = updates.every((update, place) => update === outcome.updates[place]);
  return isSame ? record : { ...record, outcome: { ...outcome, updates } };
}

function changedUpdate(update: Update, change: (channel: string, value: unknown) => unknown): Update {
  const entries = Object.entries(update).map(([channel, value]) => [channel, change(channel, value)] as const);
  return entries.every(([channel, value]) => value === update[channel]) ? update : Object.fromEntries(entries);
}
