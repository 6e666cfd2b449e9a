/** What can go wrong between a session and its store. */
import { SuperstepError } from "./base.js";
import { recordOf } from "./record.js";

/** The store failed to save or to read; `cause` is what it threw. Nothing is lost that was reported as committed. */
export class CheckpointError extends SuperstepError {
  readonly code = "CHECKPOINT_FAILED";
  readonly operation: string;
  constructor(operation: string, cause: unknown, help = "mend the store and run the session again") {
    super(`checkpointer failed to ${operation}: ${recordOf(cause).message}`, { cause, help });
    this.operation = operation;
  }
}

/** The session has moved on since this run read it. Nothing of this run was written. */
export class CheckpointConflictError extends SuperstepError {
  readonly code = "CHECKPOINT_CONFLICT";
  readonly sessionId: string;
  readonly expected: string | undefined;
  constructor(sessionId: string, expected: string | undefined) {
    super(`session "${sessionId}" has moved on from checkpoint "${expected ?? "none"}"`, {
      help: "another process drives this session; read it again before going on",
    });
    this.sessionId = sessionId;
    this.expected = expected;
  }
}

/** The session has no such checkpoint. */
export class CheckpointNotFoundError extends SuperstepError {
  readonly code = "CHECKPOINT_NOT_FOUND";
  constructor(sessionId: string, wanted: string) {
    super(`session "${sessionId}" has no checkpoint ${wanted}`, { help: "list them with `history(sessionId)`" });
  }
}

/** A stored record is not what was written. Other records stay readable. */
export class CheckpointCorruptError extends SuperstepError {
  readonly code = "CHECKPOINT_CORRUPT";
  constructor(what: string, cause?: unknown) {
    super(`${what} is damaged`, {
      ...(cause !== undefined && { cause }),
      help: "restore the file from a backup; earlier checkpoints can still be read with `at` and `history`",
    });
  }
}
