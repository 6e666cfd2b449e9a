/** A checkpoint: all that a session is at one boundary. Immutable; shares what did not change with its parent. */
import type { RunEnvironment, TaskRef } from "../errors.js";
import type { Channels, StateOf } from "../state/channel.js";
import type { ChannelDelta, Versions } from "../superstep/barrier.js";
import type { Breakpoint } from "../superstep/breakpoint.js";
import type { Progress } from "../superstep/frontier.js";
import type { ParentWord, RouteTarget } from "../superstep/outcome.js";
import type { Told } from "../superstep/told.js";
import type { SessionStatus } from "./status.js";

/** The format that this version writes (T4). */
export const FORMAT = 1;

/** What made a checkpoint. */
export type CheckpointSource = "input" | "step" | "update" | "fork";

/** A gate before a superstep: `interruptBefore`, the `beforeStep` hooks, or the target of `runUntil`. */
export type Gate = "option" | "hook" | "until";

/** What stands beside the head checkpoint and may change without a new one. */
export interface Note {
  readonly status: SessionStatus;
  /** Gates that have stopped the session at this boundary; they do not stop it again (P2). */
  readonly passed: readonly Gate[];
  /** Interrupt ids issued to this session so far. */
  readonly issued: number;
  /** Hashes of the configuration that the session runs with, by field. */
  readonly config?: Readonly<Record<string, string>>;
  /** Where it runs, if its runner notes that. */
  readonly environment?: RunEnvironment;
  /** Conditions under which the session pauses. Absent when there are none. */
  readonly breakpoints?: readonly Breakpoint[];
  /** Pauses within subgraphs of the frontier that the session has paused for. */
  readonly told?: Told;
  /** The trace that paused here, as a W3C traceparent; a resumed run links to it. */
  readonly trace?: string;
  /** Of a completed subgraph: what it said to the graph around it. */
  readonly toParent?: ParentWord;
}

/** The part of a note that goes from checkpoint to checkpoint within an invocation. */
export function lastingOf({
  breakpoints,
  config,
  environment,
}: Note): Pick<Note, "breakpoints" | "config" | "environment"> {
  return { ...(breakpoints && { breakpoints }), ...(config && { config }), ...(environment && { environment }) };
}

/** Names a checkpoint within a store. */
export interface CheckpointRef {
  readonly incarnation: string;
  readonly seq: number;
}

/** All that a session is at one boundary. Immutable. */
export interface Checkpoint<C extends Channels = Channels> {
  readonly sessionId: string;
  /** Tells this session from an earlier or later one of the same id, and prefixes every id that it issues. */
  readonly incarnation: string;
  /** Its place in the session's line, from 1; a fork goes on counting from the checkpoint that it starts from. */
  readonly seq: number;
  /** The checkpoint of this session that it builds on; undefined for the first. */
  readonly parentSeq: number | undefined;
  /** The checkpoint of another session that it builds on, for the first of a fork. */
  readonly forkedFrom?: CheckpointRef;
  readonly source: CheckpointSource;
  /** Supersteps committed so far. */
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly format: number;
  readonly fingerprint: string;
  readonly state: StateOf<C>;
  /** Channels of `state` that are gone with the next checkpoint, from here too. */
  readonly ephemeral: readonly string[];
  readonly versions: Versions;
  readonly frontier: readonly TaskRef[];
  readonly progress: Progress;
  readonly ran: readonly TaskRef[];
  readonly deltas: readonly ChannelDelta[];
  /** Channels whose version grew; one that was only cleared has no delta. */
  readonly updatedChannels: readonly string[];
  /** As it was when the checkpoint was committed. */
  readonly note: Note;
}

/** Names a checkpoint everywhere. */
export function checkpointId(incarnation: string, seq: number): string {
  return `${incarnation}-${seq}`;
}

/** The id of the checkpoint that this one builds on. */
export function parentIdOf({ incarnation, parentSeq, forkedFrom }: Checkpoint): string | undefined {
  if (forkedFrom !== undefined) return checkpointId(forkedFrom.incarnation, forkedFrom.seq);
  return parentSeq === undefined ? undefined : checkpointId(incarnation, parentSeq);
}

/** What a checkpoint's id names; undefined for what never was one. */
export function parseCheckpointId(id: string): CheckpointRef | undefined {
  const [, incarnation, digits] = /^([0-9a-z]+)-([1-9]\d*)$/.exec(id) ?? [];
  return incarnation === undefined ? undefined : { incarnation, seq: Number(digits) };
}

/** Names an interrupt everywhere. */
export function interruptId(incarnation: string, number: number): string {
  return `${incarnation}-i${number}`;
}

/** Whether an interrupt of that id was ever issued to the session. */
export function wasIssued(incarnation: string, issued: number, id: string): boolean {
  const prefix = `${incarnation}-i`;
  if (!id.startsWith(prefix)) return false;
  const digits = id.slice(prefix.length);
  const number = Number(digits);
  return number >= 1 && number <= issued && String(number) === digits;
}

/** Names a task by its place in a frontier. The short end first: an engine keeps what is joined piece by piece as many pieces. */
export function taskId(incarnation: string, seq: number, place: number): string {
  const end = `-${seq}.${place}`;
  return `${incarnation}${end}`;
}

/** Gives each target of a frontier its place: an id that is unique within the session. */
export function tasksOf(targets: readonly RouteTarget[], incarnation: string, seq: number): readonly TaskRef[] {
  const tasks = targets.map((target, place): TaskRef => {
    const id = taskId(incarnation, seq, place);
    return typeof target === "string"
      ? Object.freeze({ id, node: target })
      : Object.freeze({ id, node: target.node, input: target.input });
  });
  return Object.freeze(tasks);
}

/** Where a task leads, without its place. */
export function targetOf(task: TaskRef): RouteTarget {
  return "input" in task ? { node: task.node, input: task.input } : task.node;
}

/** The checkpoint as history keeps it: without its ephemeral values. */
export function withoutEphemeral(checkpoint: Checkpoint): Checkpoint {
  if (checkpoint.ephemeral.length === 0) return checkpoint;
  const gone = new Set(checkpoint.ephemeral);
  const state = Object.fromEntries(
    Object.entries(checkpoint.state).map(([name, value]) => [name, gone.has(name) ? undefined : value]),
  );
  const deltas = checkpoint.deltas.filter(({ channel }) => !gone.has(channel));
  return { ...checkpoint, state: Object.freeze(state), ephemeral: [], deltas };
}
