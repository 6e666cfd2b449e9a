/** What makes a stream resume a session instead of giving it input. Knows nothing of streams. */
/** A wish to resume instead of giving input. Branded: a channel may be called `resume` too. */
export interface Resume {
  readonly answer: unknown;
  readonly __resume: true;
}

/** Makes `stream` resume a paused session with this answer. */
export function resumeWith(answer?: unknown): Resume {
  return { answer, __resume: true };
}

export function isResume(value: unknown): value is Resume {
  return typeof value === "object" && value !== null && (value as { __resume?: unknown }).__resume === true;
}
