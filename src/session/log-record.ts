/**
 * A checkpoint as text, for stores that keep bytes (T1): a body with what this superstep changed, and now and then a snapshot of the
 * whole state. A chain of one snapshot and the bodies after it gives the checkpoint back.
 */
import type { TaskRef } from "../errors.js";
import type { Channels, StateOf } from "../state/channel.js";
import { applyDeltas, type Delta, type DeltaOp } from "../state/delta.js";
import { sealStored } from "../state/seal.js";
import type { ChannelDelta, Versions } from "../superstep/barrier.js";
import { NO_PROGRESS, type Progress } from "../superstep/frontier.js";
import type { RouteTarget } from "../superstep/outcome.js";
import { type Checkpoint, type Note, tasksOf } from "./checkpoint.js";
import { decode, encode } from "./codec.js";
import { READY } from "./status.js";

/** Operations by one letter: add, replace, delete, push. */
type StoredOp = readonly ["a" | "r" | "d" | "p", DeltaOp["path"], unknown];
/** A task by its place in what ran, or by id and node. */
type StoredTask = number | readonly [id: string, node: string];

/** The body of a record. Keys that say nothing new are left out. */
interface Body {
  /** Frontier. */
  readonly f: readonly RouteTarget[];
  /** Deltas. */
  readonly d: readonly (readonly [StoredTask, string, readonly StoredOp[]])[];
  /** Versions that grew. */
  readonly v?: Versions;
  /** Progress. */
  readonly p?: Progress;
  /** What ran, unless it is the parent's frontier. */
  readonly r?: readonly TaskRef[];
  /** Note, unless it is plainly ready. */
  readonly n?: Note;
  /** Fingerprint. */
  readonly g: string;
}

/** What a store's columns say of a record; the body has the rest. */
interface RecordHead {
  readonly sessionId: string;
  readonly incarnation: string;
  readonly seq: number;
  readonly parentSeq: number | undefined;
  readonly source: Checkpoint["source"];
  readonly step: number;
  readonly createdAt: number;
  readonly format: number;
}
export interface StoredRecord extends RecordHead {
  readonly body: string;
  readonly snapshot: string | undefined;
}

/** What changed. `parentFrontier`: when it is what ran, it is not written again. */
export function encodeBody(checkpoint: Checkpoint, parentFrontier: readonly TaskRef[] | undefined): string {
  const { frontier, deltas, versions, progress, ran, note, fingerprint, ephemeral, updatedChannels } = checkpoint;
  const places = new Map(ran.map((task, place) => [task.id, place]));
  const kept = deltas.filter(({ channel }) => !ephemeral.includes(channel));
  const body: Body = {
    f: frontier.map(toTarget),
    d: kept.map(({ task, channel, delta }) => [
      places.get(task.id) ?? [task.id, task.node],
      channel,
      delta.map(toStoredOp),
    ]),
    g: fingerprint,
    ...(updatedChannels.length > 0 && { v: grown(versions, updatedChannels) }),
    ...(progress !== NO_PROGRESS && { p: progress }),
    ...(ran.length > 0 && ran !== parentFrontier && { r: ran }),
    ...((note.status.kind !== "ready" || note.issued > 0) && { n: note }),
  };
  return encode(body);
}

/** The whole state, without what is ephemeral. */
export function encodeSnapshot({ state, versions, ephemeral }: Checkpoint): string {
  if (ephemeral.length === 0) return encode([state, versions]);
  const entries = Object.entries(state as Record<string, unknown>);
  const lasting = entries.map(([name, value]) => [name, ephemeral.includes(name) ? undefined : value] as const);
  return encode([Object.fromEntries(lasting), versions]);
}

/** The checkpoint at the end of a chain that begins with a snapshot. `parentFrontier`: as it was encoded with. */
export function decodeChain(chain: readonly StoredRecord[], parentFrontier: () => readonly TaskRef[]): Checkpoint {
  const [first, ...later] = chain as readonly [StoredRecord, ...StoredRecord[]];
  let [state, versions] = decode(first.snapshot ?? "") as [Record<string, unknown>, Versions];
  const bodies = later.map(({ body }) => decode(body) as Body);
  state = replay(state, bodies.slice(0, -1));
  for (const { v } of bodies) versions = { ...versions, ...v };
  const last = chain[chain.length - 1] as StoredRecord;
  const body = bodies.at(-1) ?? (decode(last.body) as Body);
  const checkpoint = toCheckpoint(last, body, parentFrontier);
  if (bodies.length > 0) state = replay(state, [body]);
  return { ...checkpoint, state: freezeState(state), versions: Object.freeze(versions) };
}

/** The tasks that a record leads to. */
export function decodeFrontier(record: StoredRecord): readonly TaskRef[] {
  return tasksOf((decode(record.body) as Body).f, record.incarnation, record.seq);
}

function toCheckpoint(
  record: StoredRecord,
  body: Body,
  parentFrontier: () => readonly TaskRef[],
): Omit<Checkpoint, "state" | "versions"> {
  const ran = body.r ?? (record.source === "step" ? parentFrontier() : []);
  const deltas = body.d.map(
    ([task, channel, ops]): ChannelDelta => ({ task: fromStored(task, ran), channel, delta: ops.map(fromStoredOp) }),
  );
  for (const { delta } of deltas) sealStored(delta);
  const { sessionId, incarnation, seq, parentSeq, source, step, createdAt, format } = record;
  return {
    sessionId,
    incarnation,
    seq,
    parentSeq,
    source,
    step,
    createdAt,
    format,
    fingerprint: body.g,
    ephemeral: [],
    frontier: tasksOf(body.f, incarnation, seq),
    progress: body.p ?? NO_PROGRESS,
    ran,
    deltas,
    updatedChannels: Object.keys(body.v ?? {}),
    note: body.n ?? { status: READY, passed: [], issued: 0 },
  };
}

function replay(state: Record<string, unknown>, bodies: readonly Body[]): Record<string, unknown> {
  const byChannel = new Map<string, Delta[]>();
  for (const { d } of bodies) {
    for (const [, channel, ops] of d) {
      const list = byChannel.get(channel) ?? [];
      list.push(ops.map(fromStoredOp));
      byChannel.set(channel, list);
    }
  }
  const next = { ...state };
  for (const [channel, deltas] of byChannel) next[channel] = applyDeltas(next[channel], deltas);
  return next;
}

function freezeState(state: Record<string, unknown>): StateOf<Channels> {
  for (const value of Object.values(state)) sealStored(value);
  return Object.freeze(state) as StateOf<Channels>;
}

function grown(versions: Versions, channels: readonly string[]): Versions {
  return Object.fromEntries(channels.map((channel) => [channel, versions[channel] ?? 0]));
}

function toTarget(task: TaskRef): RouteTarget {
  return "input" in task ? { node: task.node, input: task.input } : task.node;
}

function fromStored(task: StoredTask, ran: readonly TaskRef[]): TaskRef {
  if (typeof task !== "number") return { id: task[0], node: task[1] };
  return ran[task] ?? { id: "", node: "" };
}

const LETTERS = { add: "a", replace: "r", remove: "d", append: "p" } as const;

function toStoredOp(op: DeltaOp): StoredOp {
  if (op.op === "append") return [LETTERS.append, op.path, op.items];
  return [LETTERS[op.op], op.path, op.op === "remove" ? undefined : op.value];
}

function fromStoredOp([letter, path, value]: StoredOp): DeltaOp {
  if (letter === "p") return { op: "append", path, items: value as readonly unknown[] };
  if (letter === "d") return { op: "remove", path };
  return { op: letter === "a" ? "add" : "replace", path, value };
}
