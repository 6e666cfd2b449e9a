/**
 * What a runner and a worker say to each other. Values travel as the codec's text, errors as envelopes. A worker has one call at a time;
 * what names another call than the present one is late, and dropped.
 */
import type { ModuleRef } from "../graph/module-ref.js";
import type { ErrorEnvelope } from "./error-envelope.js";
import type { Settled } from "./settled.js";

/** An argument of the function: the state and the context are made there. */
export type Argument =
  | { readonly kind: "state" }
  | { readonly kind: "context" }
  | { readonly kind: "value"; readonly text: string };

/** How the worker comes to the state: it has it, or it has the one before, or it has neither. */
export type StateMessage =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly deltas: string; readonly gone: readonly string[] }
  | { readonly kind: "whole"; readonly text: string };

/** What a node's context says of itself, as it is when the call begins. */
export interface ContextFacts {
  readonly sessionId: string;
  readonly node: string;
  readonly step: number;
  readonly taskId: string;
  readonly attempt: number;
  /** The input, the configuration and the answers, each as text. */
  readonly input: string;
  readonly config: string;
  readonly answers: string;
  /** Of the runner's clock. */
  readonly now: number;
  /** Of the runner's random. */
  readonly seed: number;
}

/** One run of a function. */
export interface CallMessage {
  readonly kind: "call";
  readonly id: number;
  readonly module: ModuleRef;
  readonly returns: "outcome" | "value";
  readonly args: readonly Argument[];
  readonly state: StateMessage;
  /** Sessions whose states the worker forgets. */
  readonly forget: readonly string[];
  readonly facts: ContextFacts;
}

export type ToWorker =
  | CallMessage
  | { readonly kind: "ping" }
  | { readonly kind: "abort"; readonly id: number; readonly reason: ErrorEnvelope }
  /** Run the effect that you asked about. */
  | { readonly kind: "effect"; readonly id: number; readonly place: number; readonly idempotencyKey: string }
  /** What has come of something that the node asked for. */
  | { readonly kind: "reply"; readonly id: number; readonly place: number; readonly settled: Settled };

/** What a thread has printed: its own streams would keep this process alive for as long as somebody reads them. */
export interface Printed {
  readonly kind: "printed";
  readonly stream: "stdout" | "stderr";
  readonly chunk: Uint8Array;
}

/** A node has the port, too, and may post what it likes. */
export function isPrinted(message: unknown): message is Printed {
  const { kind, stream, chunk } = (message ?? {}) as Partial<Printed>;
  return kind === "printed" && (stream === "stdout" || stream === "stderr") && chunk instanceof Uint8Array;
}

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "pong" }
  | { readonly kind: "emit"; readonly id: number; readonly data: Settled }
  | {
      readonly kind: "progress";
      readonly id: number;
      readonly done: number;
      readonly total: number | undefined;
      readonly message: string | undefined;
    }
  | { readonly kind: "once"; readonly id: number; readonly place: number; readonly key: string }
  /** Something is to be done with artifacts. */
  | { readonly kind: "put" | "get"; readonly id: number; readonly place: number; readonly content: Settled }
  | { readonly kind: "effected"; readonly id: number; readonly place: number; readonly settled: Settled }
  /** The function has returned or thrown. `refused`: it returned what it may not. */
  | { readonly kind: "settled"; readonly id: number; readonly settled: Settled; readonly refused: boolean }
  /** What it was told cannot be read there: the state neither, or so it is taken. */
  | { readonly kind: "unread"; readonly id: number; readonly settled: Settled }
  /** The node has a question; it has no answer yet. */
  | { readonly kind: "asked"; readonly id: number; readonly index: number; readonly payload: Settled };
