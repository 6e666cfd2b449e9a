/** How a session stands. One union, each arm with its own data. */
import type { ErrorRecord } from "../errors.js";
import type { PauseReason } from "../superstep/interrupts.js";

/** How a session stands between two calls. */
export type SessionStatus =
  | { readonly kind: "ready" }
  | { readonly kind: "paused"; readonly reason: PauseReason }
  | { readonly kind: "failed"; readonly error: ErrorRecord }
  | { readonly kind: "completed"; readonly endedBy: "end" | "emptyFrontier" };

export const READY: SessionStatus = Object.freeze({ kind: "ready" });
