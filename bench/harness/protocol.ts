/** What the bench and the process of a cell say to each other: one request, one answer, in turn. */
import type { Outcome } from "./cell.js";

export type Request =
  /** The names of the module's cells. */
  | { readonly kind: "list"; readonly module: string }
  /** Makes a cell in place of the former one. */
  | { readonly kind: "make"; readonly module: string; readonly key: string; readonly size: number }
  /** Runs the cell until so much time has passed, once at least; before that, if it is to settle first, without keeping what comes of it. */
  | { readonly kind: "run"; readonly settleMs: number | undefined; readonly forMs: number }
  | { readonly kind: "close" };

export type Answer =
  | { readonly kind: "listed"; readonly keys: readonly string[] }
  | { readonly kind: "made" | "closed" }
  | { readonly kind: "ran"; readonly outcome: Outcome }
  | { readonly kind: "failed"; readonly message: string };
