/** What the reference works with: a session, the calls on it and the paths that they take, as plain data. */
import type { Said, State, Task, Trouble, Write } from "./program.js";

export type Reason =
  | { readonly kind: "beforeNode" | "afterNode"; readonly node: string }
  | { readonly kind: "afterStep"; readonly step: number }
  | { readonly kind: "hook"; readonly detail: string }
  /** The numbers of the open questions. */
  | { readonly kind: "interrupt"; readonly open: readonly number[] };
export type Status =
  | { readonly kind: "ready" }
  | { readonly kind: "paused"; readonly reason: Reason }
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "completed"; readonly endedBy: "end" | "emptyFrontier" };

/** A question, by its number in the session. */
export interface Question {
  readonly number: number;
  readonly payload: string;
  readonly answer?: { readonly value: unknown };
}
/** What is kept of a task of the frontier until its superstep commits. */
export interface Memory {
  readonly result?: Said | undefined;
  readonly questions: readonly Question[];
}
export interface Progress {
  /** Sources of the join that have run since it last fired. */
  readonly armed: readonly string[];
  readonly deferred: readonly Task[];
  readonly ended: boolean;
}
/** A state, and how often each of its channels has changed. */
export interface Folded {
  readonly state: State;
  readonly versions: Readonly<Record<string, number>>;
}
/** A checkpoint. */
export interface Point extends Folded {
  readonly source: "input" | "step" | "update" | "fork";
  readonly step: number;
  readonly frontier: readonly Task[];
  readonly progress: Progress;
  readonly ran: readonly Task[];
  readonly status: Status;
}
export interface Session {
  /** Oldest first. */
  readonly line: readonly Point[];
  readonly status: Status;
  /** Gates that have stopped the session at this boundary (P2). */
  readonly passed: readonly string[];
  /** How many questions it has asked. */
  readonly issued: number;
  /** One entry a task of the frontier. */
  readonly memory: readonly Memory[];
}
/** What may be found in the store. */
export type Stage = Session | undefined;

/** How far a call goes, and what happens on its way. */
export interface Call {
  /** One superstep only. */
  readonly once?: boolean;
  readonly before?: readonly string[] | "*";
  readonly after?: readonly string[] | "*";
  readonly each?: boolean;
  readonly hookBefore?: boolean;
  readonly hookAfter?: boolean;
  readonly maxSteps?: number;
  readonly discard?: boolean;
  /** Durability "exit": supersteps that go straight on are stored together, when the call ends. */
  readonly isHeldBack?: boolean;
  readonly trouble?: Trouble;
}
/** How an invocation begins. */
export interface Beginning {
  readonly input?: Write | undefined;
  readonly entry?: string;
  readonly restart?: boolean;
}
/** What a caller of `resume` gives. */
export type Given =
  | { readonly kind: "none" }
  | { readonly kind: "bare"; readonly value: unknown }
  /** By question number; `ghost`: one id beside them was never issued. */
  | { readonly kind: "ids"; readonly entries: readonly (readonly [number, unknown])[]; readonly ghost?: boolean };
/** What the caller hears. */
export type Answer =
  | { readonly kind: "done" }
  | { readonly kind: "paused"; readonly reason: Reason }
  | { readonly kind: "failed"; readonly code: string };
/** A place where an abort may end a call. */
export interface Boundary {
  readonly session: Session;
  /** How many tasks have run by then. */
  readonly ran: number;
}
/** The way of a call: every session that may be found in the store meanwhile, and what is heard at the end. */
export interface Path {
  readonly stages: readonly Stage[];
  readonly answer: Answer;
  /** The tasks that run, in order; those whose results are kept do not. */
  readonly runs: readonly Task[];
  readonly boundaries: readonly Boundary[];
}
