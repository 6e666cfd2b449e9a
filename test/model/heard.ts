/** What a caller of the runner hears, in the words of the reference. */
import { type PauseReason, type SessionView, SuperstepError } from "../../src/index.js";
import type { ModelChannels } from "./graph.js";
import { reasonIn } from "./seen.js";
import type { Answer } from "./shapes.js";

/** Undefined: nothing, for the runner is dead. */
export type Heard = { readonly value: unknown } | { readonly error: unknown } | undefined;
type View = SessionView<ModelChannels>;

/** All that runs and edits give. */
interface Value extends Partial<View> {
  readonly outcome?: "completed" | "paused";
  readonly reason?: PauseReason;
  readonly paused?: Value;
}

export function answerIn(heard: NonNullable<Heard>, numbers: ReadonlyMap<string, number>): Answer {
  if ("error" in heard) return { kind: "failed", code: codeOf(heard.error) };
  const { reason } = viewedIn(heard.value) ?? {};
  return reason === undefined ? { kind: "done" } : { kind: "paused", reason: reasonIn(reason, numbers) };
}

/** The session that a value shows, if it shows one. */
export function viewIn(value: unknown): Omit<View, "sessionId"> | undefined {
  const view = viewedIn(value);
  if (view?.state === undefined) return undefined;
  const { step, state, frontier, versions, status } = view as View;
  return { step, state, frontier, versions, status };
}

function viewedIn(value: unknown): Value | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Value).paused ?? (value as Value);
}

function codeOf(error: unknown): string {
  return SuperstepError.is(error) ? error.code : `not an error of the library: ${String(error)}`;
}
