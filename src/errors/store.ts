/** What can go wrong between a session and its store. */
import { SuperstepError } from "./base.js";
import { recordOf } from "./record.js";

/** The store failed to save or to read; `cause` is what it threw. Nothing is lost that was reported as committed. */
export class CheckpointError extends SuperstepError {
  static readonly name = "CheckpointError";
  readonly code = "CHECKPOINT_FAILED";
  readonly operation: string;
  constructor(operation: string, cause: unknown, help = "mend the store and run the session again") {
    super(`checkpointer failed to ${operation}: ${recordOf(cause).message}`, { cause, help });
    this.operation = operation;
  }
}

/** The session has moved on since this run read it, or somebody else has taken it over. Nothing of this write was written. */
export class CheckpointConflictError extends SuperstepError {
  static readonly name = "CheckpointConflictError";
  readonly code = "CHECKPOINT_CONFLICT";
  readonly sessionId: string;
  readonly expected: string | undefined;
  /** Who took the session over, when it was taken over. */
  declare readonly takenBy?: string;
  constructor(sessionId: string, expected: string | undefined, takenBy?: string) {
    const what = takenBy === undefined ? "has moved on" : `was taken over by ${takenBy}`;
    const where = takenBy !== undefined && expected === undefined ? "" : ` from checkpoint "${expected ?? "none"}"`;
    super(`session "${sessionId}" ${what}${where}`, {
      help: "another process drives this session; read it again before going on",
    });
    this.sessionId = sessionId;
    this.expected = expected;
    if (takenBy !== undefined) this.takenBy = takenBy;
  }
}

/** The session has no such checkpoint. */
export class CheckpointNotFoundError extends SuperstepError {
  static readonly name = "CheckpointNotFoundError";
  readonly code = "CHECKPOINT_NOT_FOUND";
  readonly sessionId: string;
  constructor(sessionId: string, wanted: string) {
    super(`session "${sessionId}" has no checkpoint ${wanted}`, { help: "list them with `history(sessionId)`" });
    this.sessionId = sessionId;
  }
}

/** What is known of it. */
interface Damage {
  readonly cause?: unknown;
  readonly sessionId?: string | undefined;
  readonly step?: number | undefined;
}

/** A stored record is not what was written. Other records stay readable. */
export class CheckpointCorruptError extends SuperstepError {
  static readonly name = "CheckpointCorruptError";
  readonly code = "CHECKPOINT_CORRUPT";
  /** Whose it is, where one session's is damaged. */
  readonly sessionId: string | undefined;
  /** The step of the checkpoint, where it is one that is damaged. */
  readonly step: number | undefined;
  constructor(what: string, damage: Damage = {}) {
    const { cause, sessionId, step } = damage;
    super(`${what} is damaged`, {
      ...(cause !== undefined && { cause }),
      help: "restore the file from a backup; earlier checkpoints can still be read with `at` and `history`",
    });
    this.sessionId = sessionId;
    this.step = step;
  }
}

/** The store has no such artifact: it was never put there, or was removed when nothing referred to it any more. */
export class ArtifactNotFoundError extends SuperstepError {
  static readonly name = "ArtifactNotFoundError";
  readonly code = "ARTIFACT_NOT_FOUND";
  readonly digest: string;
  constructor(digest: string) {
    super(`artifact "${digest}" is not in the store`, {
      help: "put its content there again; what `put` answered stays only while something refers to it",
    });
    this.digest = digest;
  }
}

/** The content of an artifact is not what was put. Nothing of it was given to anybody. */
export class ArtifactCorruptError extends SuperstepError {
  static readonly name = "ArtifactCorruptError";
  readonly code = "ARTIFACT_CORRUPT";
  readonly digest: string;
  constructor(digest: string, cause?: unknown) {
    super(`artifact "${digest}" is damaged`, {
      ...(cause !== undefined && { cause }),
      help: "put the same content again, which mends it, or restore the store from a backup",
    });
    this.digest = digest;
  }
}
