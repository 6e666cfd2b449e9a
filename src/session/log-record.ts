/**
 * A checkpoint as text, for stores that keep bytes (T1): a body with what this superstep changed, and now and then a snapshot of the
 * whole state. A chain of one snapshot and the bodies after it gives the state back; all the rest is in the body.
 */
import type { TaskRef } from "../errors.js";
import type { Channels, StateOf } from "../state/channel.js";
import { sealStored } from "../state/seal.js";
import type { ChannelDelta, Versions } from "../superstep/barrier.js";
import { NO_PROGRESS, type Progress } from "../superstep/frontier.js";
import { Apart, type ApartReader } from "./apart.js";
import type { Checkpoint, CheckpointRef, Note } from "./checkpoint.js";
import { decode, encode } from "./codec.js";
import { grow, grownIn, growthOf } from "./growth.js";
import type { Links } from "./links.js";
import { READY } from "./status.js";
import { changed, fromStoredOp, nowhere, present, type StoredOp, shownApart, toStoredOp } from "./stored-op.js";
import { fromStoredTasks, type StoredTask, toStoredTasks } from "./stored-task.js";

/** Who wrote: its place in what ran, or its id and node. */
type StoredWriter = number | readonly [id: string, node: string];
/** The body of a record. Keys that say nothing new are left out. */
interface Body {
  /** Frontier. */
  readonly f: readonly StoredTask[];
  /** Deltas. */
  readonly d: readonly (readonly [StoredWriter, string, readonly StoredOp[]])[];
  /** Versions that grew, unless they follow from the deltas. */
  readonly v?: Versions;
  /** Progress. */
  readonly p?: Progress;
  /** What ran, unless it is the parent's frontier. */
  readonly r?: readonly StoredTask[];
  /** Note, unless it is plainly ready. */
  readonly n?: Note;
  /** Fingerprint, unless it is the session's. */
  readonly g?: string;
  /** Channels whose values stand beside the record only as long as it is the head. */
  readonly e?: readonly string[];
  /** The checkpoint that this fork starts from. */
  readonly o?: CheckpointRef;
  /** Set when the state does not follow by the deltas: the snapshot alone says it. */
  readonly w?: true;
}

/** The text of a snapshot. */
interface Snapshot {
  /** State. */
  readonly s: StateOf<Channels>;
  /** Versions. */
  readonly v: Versions;
}

/** A record as a store keeps it: what its columns say, its body, and its snapshot if it has one. */
export interface StoredRecord {
  readonly sessionId: string;
  readonly incarnation: string;
  readonly seq: number;
  readonly parentSeq: number | undefined;
  readonly source: Checkpoint["source"];
  readonly step: number;
  readonly createdAt: number;
  readonly format: number;
  /** The one that the session began under. */
  readonly fingerprint: string;
  readonly body: string;
  readonly snapshot: string | undefined;
}
/** As much of a record as those after it need. */
export type StoredLink = Pick<StoredRecord, "incarnation" | "seq" | "body" | "snapshot">;
/** A record whose body was read. */
export interface Decoded<R extends StoredLink> {
  readonly record: R;
  readonly body: Body;
}
export type DecodedRecord = Decoded<StoredRecord>;
export type DecodedLink = Decoded<StoredLink>;
/** What a store knows of the checkpoint that another one builds on. */
export interface KnownParent extends Pick<Checkpoint, "frontier" | "versions"> {
  /** The one that the session began under. */
  readonly fingerprint: string;
}
/** A checkpoint without its state, which takes a chain to read. */
export type Outline = Omit<Checkpoint, "state" | "versions">;
/** The part of a checkpoint that follows from a chain. */
export type StoredState = Pick<Checkpoint, "state" | "versions">;

/** How a record is written. */
export interface RecordOptions {
  readonly parent?: KnownParent | undefined;
  /** A snapshot goes with it, in place of the deltas. */
  readonly whole?: boolean;
  /** Hears what the record refers to, and says what is kept apart from it. */
  readonly links?: Links;
}

/** What changed. What follows from a parent that is known is not written again. */
export function encodeBody(checkpoint: Checkpoint, { parent, whole = false, links }: RecordOptions = {}): string {
  const { incarnation, seq, parentSeq, frontier, progress, ran, note, ephemeral, forkedFrom, fingerprint } = checkpoint;
  const body: { -readonly [K in keyof Body]: Body[K] } = {
    f: toStoredTasks(frontier, incarnation, seq),
    d: toStoredDeltas(checkpoint, links),
  };
  const growth = growthOf(checkpoint, body.d, whole ? undefined : parent?.versions);
  if (growth !== undefined) body.v = growth;
  if (parentSeq !== undefined && fingerprint !== parent?.fingerprint) body.g = fingerprint;
  if (progress !== NO_PROGRESS) body.p = progress;
  if (ran.length > 0 && ran !== parent?.frontier) body.r = toStoredTasks(ran, incarnation, parentSeq ?? seq);
  if (!isPlain(note)) body.n = note;
  if (ephemeral.length > 0) body.e = ephemeral;
  if (forkedFrom !== undefined) body.o = { incarnation: forkedFrom.incarnation, seq: forkedFrom.seq };
  if (whole) body.w = true;
  return encode(body, links?.noted);
}

/** The whole state, without what is ephemeral. */
export function encodeSnapshot(
  { state, versions, ephemeral }: Pick<Checkpoint, "state" | "versions" | "ephemeral">,
  links?: Links,
): string {
  if (ephemeral.length === 0 && links?.mayPart !== true)
    return encode({ s: state, v: versions } satisfies Snapshot, links?.noted);
  const entries = Object.entries(state as Record<string, unknown>);
  const lasting = entries.map(
    ([name, value]) => [name, ephemeral.includes(name) ? undefined : (links?.standIn(name, value) ?? value)] as const,
  );
  return encode({ s: Object.fromEntries(lasting), v: versions } satisfies Snapshot, links?.noted);
}

/** Throws when the body was not made by `encodeBody`. */
export function decodeRecord<R extends StoredLink>(record: R): Decoded<R> {
  return { record, body: decode(record.body) as Body };
}

/** Whether what ran stands only in the parent's record, as its frontier. */
export function needsParent({ record, body }: DecodedRecord): boolean {
  return body.r === undefined && record.source === "step" && record.parentSeq !== undefined;
}

/** The channels whose values are no part of the record. */
export function ephemeralOf({ body }: DecodedRecord): readonly string[] {
  return body.e ?? [];
}

/** All but the state. `parent` is asked only when `needsParent`. Without ephemeral values. */
export function outlineOf(decoded: DecodedRecord, parent: () => DecodedLink): Outline {
  const { record, body } = decoded;
  const { body: _body, snapshot: _snapshot, ...columns } = record;
  const ran = ranOf(decoded, parent);
  const outline = {
    ...columns,
    ...(body.o && { forkedFrom: body.o }),
    fingerprint: body.g ?? record.fingerprint,
    ephemeral: [],
    frontier: fromStoredTasks(body.f, record.incarnation, record.seq),
    progress: body.p ?? NO_PROGRESS,
    ran,
    deltas: body.d.map(
      ([writer, channel, ops]): ChannelDelta => ({
        task: writerOf(writer, ran),
        channel,
        delta: ops.map((op) => fromStoredOp(op, shownApart)),
      }),
    ),
    updatedChannels: grownIn(body),
    note: body.n ?? { status: READY, passed: [], issued: 0 },
  };
  sealStored(outline);
  return outline;
}

/**
 * The states of the last so many records of a chain that begins with a snapshot, oldest first, sharing what did not change: as they are
 * stored, with values still apart that are. `read` is asked for those that deltas lead into.
 */
export function storedStates(
  chain: readonly DecodedLink[],
  count: number,
  read: ApartReader = nowhere,
): readonly StoredState[] {
  const [base, ...later] = chain as readonly [DecodedLink, ...DecodedLink[]];
  const oldest = chain.length - count;
  const states = [forward(wholeState(base), later.slice(0, oldest), read)];
  for (const record of later.slice(oldest))
    states.push(forward(states[states.length - 1] as StoredState, [record], read));
  return states.map(freeze);
}

/** The state with all its values; the same when none is apart. */
export function joined(stored: StoredState, read: ApartReader): StoredState {
  const entries = Object.entries(stored.state as Record<string, unknown>);
  if (!entries.some(([, value]) => value instanceof Apart)) return stored;
  const state = Object.fromEntries(entries.map(([name, value]) => [name, present(value, read)]));
  return freeze({ state: state as StateOf<Channels>, versions: stored.versions });
}

/** The states of the last so many records of a chain, with all their values. */
export function lastStates(
  chain: readonly DecodedLink[],
  count: number,
  read: ApartReader = nowhere,
): readonly StoredState[] {
  return storedStates(chain, count, read).map((state) => joined(state, read));
}

/** The body of a record that lives on without its parent. */
export function withRan(decoded: DecodedRecord, parent: DecodedLink): string {
  const { incarnation, seq } = parent.record;
  const ran = ranOf(decoded, () => parent);
  return encode({ ...decoded.body, r: toStoredTasks(ran, incarnation, seq) } satisfies Body);
}

function ranOf(decoded: DecodedRecord, parent: () => DecodedLink): readonly TaskRef[] {
  const { record, body } = decoded;
  if (body.r !== undefined) return fromStoredTasks(body.r, record.incarnation, record.parentSeq ?? record.seq);
  if (!needsParent(decoded)) return [];
  const { record: former, body: before } = parent();
  return fromStoredTasks(before.f, former.incarnation, former.seq);
}

function wholeState({ record }: DecodedLink): StoredState {
  const { s: state, v: versions } = decode(record.snapshot ?? "") as Snapshot;
  return { state, versions };
}

/** The state after these records; deltas of one channel are applied together. */
function forward(former: StoredState, records: readonly DecodedLink[], read: ApartReader): StoredState {
  const start = records.findLastIndex(({ body }) => body.w === true);
  const base = start < 0 ? former : wholeState(records[start] as DecodedLink);
  const state: Record<string, unknown> = { ...base.state };
  const byChannel = new Map<string, StoredOp[]>();
  const versions = { ...base.versions };
  for (const { body } of records.slice(start + 1)) {
    for (const channel of clearedBy(body)) {
      state[channel] = undefined;
      byChannel.delete(channel);
    }
    for (const [, channel, ops] of body.d) {
      const list = byChannel.get(channel) ?? [];
      for (const op of ops) list.push(op);
      byChannel.set(channel, list);
    }
    grow(versions, body);
  }
  for (const [channel, ops] of byChannel) state[channel] = changed(state[channel], ops, read);
  return { state: state as StateOf<Channels>, versions };
}

/** Channels that changed without a delta: their values are gone, or are ephemeral. They may have been kept before the graph changed. */
function clearedBy({ v, d, e = [] }: Body): readonly string[] {
  if (v === undefined) return e;
  return [...Object.keys(v).filter((channel) => !d.some(([, written]) => written === channel)), ...e];
}

function freeze({ state, versions }: StoredState): StoredState {
  for (const value of Object.values(state)) if (!(value instanceof Apart)) sealStored(value);
  return Object.freeze({ state: Object.freeze(state), versions: Object.freeze(versions) });
}

function isPlain(note: Note): boolean {
  const { status, passed, issued, told, trace } = note;
  const isBare = told === undefined && trace === undefined && lastsNothing(note);
  return status.kind === "ready" && passed.length === 0 && issued === 0 && isBare;
}

function lastsNothing({ breakpoints, config, environment, toParent }: Note): boolean {
  return breakpoints === undefined && config === undefined && environment === undefined && toParent === undefined;
}

function toStoredDeltas({ ran, deltas, ephemeral }: Checkpoint, links: Links | undefined): Body["d"] {
  const kept = ephemeral.length === 0 ? deltas : deltas.filter(({ channel }) => !ephemeral.includes(channel));
  let last = 0;
  return kept.map(({ task, channel, delta }) => {
    const place = placeOf(task, ran, last);
    last = place ?? last;
    return [place ?? [task.id, task.node], channel, delta.map((op) => toStoredOp(op, channel, links))];
  });
}

/** Writers come in the order in which they ran, channel by channel: the next one is mostly found at once. */
function placeOf({ id }: TaskRef, ran: readonly TaskRef[], last: number): number | undefined {
  for (let ahead = 0; ahead < ran.length; ahead++) {
    const place = (last + ahead) % ran.length;
    if (ran[place]?.id === id) return place;
  }
  return undefined;
}

function writerOf(writer: StoredWriter, ran: readonly TaskRef[]): TaskRef {
  if (typeof writer !== "number") return { id: writer[0], node: writer[1] };
  return ran[writer] ?? { id: "", node: "" };
}
