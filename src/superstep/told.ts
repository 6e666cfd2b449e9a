/**
 * Pauses within subgraphs that the outermost session has been told of (P2). A subgraph stands still in its own store before the sessions
 * around it say so: until the outermost has, the pause counts as one that nobody saw, and is told again by whoever goes on. Pure.
 */
import type { PauseReason } from "./interrupts.js";

/** What holds a session up: a gate before its next superstep, or something that came with its last one. */
export type Hold = "option" | "hook" | "until" | "after";
/** By the incarnation of the subgraph's session: the checkpoint that it stood at, and what has stopped it there. */
export type Told = Readonly<Record<string, { readonly seq: number; readonly stops: readonly Hold[] }>>;
/** A pause within a task. */
export interface PauseWithin {
  readonly reason: PauseReason;
  /** All the pauses that going on consumes. */
  readonly told: Told;
}
/** Where a session stands. */
interface Place {
  readonly incarnation: string;
  readonly seq: number;
}

export function isTold(told: Told | undefined, { incarnation, seq }: Place, stop: Hold): boolean {
  if (told === undefined || !Object.hasOwn(told, incarnation)) return false;
  const entry = told[incarnation];
  return entry?.seq === seq && entry.stops.includes(stop);
}

/** What is to be told of a subgraph that stands there, with what was told of that place already. */
export function toldOf(told: Told | undefined, { incarnation, seq }: Place, stop: Hold): Told {
  const former = told?.[incarnation];
  const stops = former?.seq === seq ? former.stops.filter((one) => one !== stop) : [];
  return { [incarnation]: { seq, stops: [...stops, stop] } };
}

/** Many tasks as one: the first in frontier order says why, and going on goes on with all. */
export function firstOf([first, ...others]: readonly [PauseWithin, ...PauseWithin[]]): PauseWithin {
  return { reason: first.reason, told: Object.assign({}, first.told, ...others.map(({ told }) => told)) as Told };
}

/** What holds up a session that pauses for this reason; undefined when it is none of these. */
export function holdOf(reason: PauseReason): Hold | undefined {
  switch (reason.kind) {
    case "beforeNode":
      return "option";
    case "until":
      return "node" in reason.target ? "until" : "after";
    case "afterNode":
    case "afterStep":
    case "breakpoint":
      return "after";
    case "hook":
    case "interrupt":
    case "drained":
      return undefined;
  }
}
