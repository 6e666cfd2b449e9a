/** What can be wrong with a call on a session. */
import { SuperstepError } from "./base.js";

/** An option or argument that means nothing. */
export class InvalidOptionError extends SuperstepError {
  static readonly name = "InvalidOptionError";
  readonly code = "INVALID_OPTION";
  readonly option: string;
  constructor(option: string, problem: string, help: string) {
    super(`option "${option}" ${problem}`, { help });
    this.option = option;
  }
}

/** A node was named that the graph does not have. */
export class UnknownNodeError extends SuperstepError {
  static readonly name = "UnknownNodeError";
  readonly code = "UNKNOWN_NODE";
  readonly node: string;
  constructor(node: string, where: string, known: readonly string[]) {
    super(`unknown node "${node}" in ${where}`, { help: `name one of: ${known.join(", ")}` });
    this.node = node;
  }
}

/** The call committed as many supersteps as `maxSteps` allows and the session is not finished; it can go on. */
export class StepLimitError extends SuperstepError {
  static readonly name = "StepLimitError";
  readonly code = "STEP_LIMIT";
  readonly sessionId: string;
  readonly maxSteps: number;
  constructor(sessionId: string, maxSteps: number) {
    super(`session "${sessionId}" committed ${maxSteps} supersteps in this call and is not finished`, {
      help: "run it again to go on, raise `maxSteps`, or look for a cycle that never reaches END",
    });
    this.sessionId = sessionId;
    this.maxSteps = maxSteps;
  }
}

/** The runner drains: it takes no session any more until `undrain`. Nothing was run; another runner may take the session. */
export class RunnerDrainingError extends SuperstepError {
  static readonly name = "RunnerDrainingError";
  readonly code = "RUNNER_DRAINING";
  readonly sessionId: string;
  constructor(sessionId: string) {
    super(`session "${sessionId}" was not taken: the runner is draining`, {
      help: "run it on another runner or in another process, or call `undrain` first",
    });
    this.sessionId = sessionId;
  }
}

/** A runner drains and could not wait any longer for what runs. It goes on draining; these sessions pause when their superstep ends. */
export class DrainTimeoutError extends SuperstepError {
  static readonly name = "DrainTimeoutError";
  readonly code = "DRAIN_TIMEOUT";
  readonly timeoutMs: number;
  /** Who still runs. */
  readonly sessions: readonly string[];
  constructor(timeoutMs: number, sessions: readonly string[]) {
    const names = sessions.map((id) => `"${id}"`).join(", ");
    super(`sessions still run after ${timeoutMs} ms of draining: ${names}`, {
      help: "call `drain` again to wait on, `cancel` them, or let the process end: each stands at its last committed superstep",
    });
    this.timeoutMs = timeoutMs;
    this.sessions = sessions;
  }
}

/** The caller's signal was aborted (`cause` is its reason). Nothing half-done was committed; finished tasks are kept. */
export class RunAbortedError extends SuperstepError {
  static readonly name = "RunAbortedError";
  readonly code = "RUN_ABORTED";
  readonly sessionId: string;
  constructor(sessionId: string, cause: unknown) {
    super(`run of session "${sessionId}" was aborted`, {
      cause,
      help: "run the session again to go on where it stood",
    });
    this.sessionId = sessionId;
  }
}

/** No session of that id is stored. */
export class SessionNotFoundError extends SuperstepError {
  static readonly name = "SessionNotFoundError";
  readonly code = "SESSION_NOT_FOUND";
  readonly sessionId: string;
  constructor(sessionId: string) {
    super(`session "${sessionId}" does not exist`, { help: "create it with `createSession` or `invoke`" });
    this.sessionId = sessionId;
  }
}

/** A session of that id is stored already. */
export class SessionExistsError extends SuperstepError {
  static readonly name = "SessionExistsError";
  readonly code = "SESSION_EXISTS";
  readonly sessionId: string;
  constructor(sessionId: string) {
    super(`session "${sessionId}" exists already`, {
      help: 'choose another id, or pass `ifExists: "resume"` or `"replace"`',
    });
    this.sessionId = sessionId;
  }
}

/** Another call drives the session at this moment. */
export class SessionBusyError extends SuperstepError {
  static readonly name = "SessionBusyError";
  readonly code = "SESSION_BUSY";
  readonly sessionId: string;
  /** Who drives it: host, process and runner, or a call of the same runner. */
  readonly owner: string;
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  constructor(sessionId: string, owner: string, since: number) {
    super(`session "${sessionId}" is being driven by ${owner} since ${timeOf(since)}`, {
      help: "wait for that call to settle, then try again; what a dead process held is free after 5 s at most",
    });
    this.sessionId = sessionId;
    this.owner = owner;
    this.since = since;
  }
}

/** Somebody called `cancel`: what `ctx.signal.reason` is, and the `cause` of the RunAbortedError that the driving call gets. */
export class SessionCancelledError extends SuperstepError {
  static readonly name = "SessionCancelledError";
  readonly code = "SESSION_CANCELLED";
  readonly sessionId: string;
  /** Who asked: host, process and runner. */
  readonly by: string;
  readonly reason: string | undefined;
  constructor(sessionId: string, by: string, reason: string | undefined) {
    super(`session "${sessionId}" was cancelled by ${by}${reason === undefined ? "" : `: ${reason}`}`, {
      help: "run the session again to go on where it stood",
    });
    this.sessionId = sessionId;
    this.by = by;
    this.reason = reason;
  }
}

/** A store may have given back any number. */
function timeOf(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/** New input came for a session that has not finished with the former one. */
export class SessionNotFinishedError extends SuperstepError {
  static readonly name = "SessionNotFinishedError";
  readonly code = "SESSION_NOT_FINISHED";
  readonly sessionId: string;
  readonly status: string;
  constructor(sessionId: string, status: string) {
    super(`session "${sessionId}" is ${status} and cannot take new input`, {
      help: "finish it (`runUntilComplete`, `resume`), or pass `restart: true` to give up what is open",
    });
    this.sessionId = sessionId;
    this.status = status;
  }
}

const GOING_ON: Readonly<Record<string, string>> = {
  completed: "call `invoke` to begin the next invocation",
  failed: "call `runUntilComplete` to try the superstep again",
};

/** `resume` was called on a session that is not paused. */
export class NotPausedError extends SuperstepError {
  static readonly name = "NotPausedError";
  readonly code = "NOT_PAUSED";
  readonly sessionId: string;
  readonly status: string;
  constructor(sessionId: string, status: string) {
    super(`session "${sessionId}" is ${status}, not paused`, {
      help: GOING_ON[status] ?? "call `runUntilComplete` to go on",
    });
    this.sessionId = sessionId;
    this.status = status;
  }
}

/** An answer that fits no open interrupt, or no answer where one is due. Nothing was run; `open` lists what is open. */
export class InterruptAnswerError extends SuperstepError {
  static readonly name = "InterruptAnswerError";
  readonly code = "INTERRUPT_ANSWER";
  readonly sessionId: string;
  readonly open: readonly { readonly id: string; readonly node: string }[];
  constructor(sessionId: string, problem: string, open: readonly { readonly id: string; readonly node: string }[]) {
    const ids = open.map((one) => `"${one.id}" (${one.node})`).join(", ");
    super(`session "${sessionId}": ${problem}; open: ${ids || "none"}`, {
      help: "answer with `resume(sessionId, answer)` when one is open, or `resume(sessionId, { [id]: answer })`",
    });
    this.sessionId = sessionId;
    this.open = open.map(({ id, node }) => ({ id, node }));
  }
}

/** A predicate that was to say whether a run stops threw, or answered with neither true nor false. Its superstep is committed, and the session can go on. */
export class PredicateError extends SuperstepError {
  static readonly name = "PredicateError";
  readonly code = "PREDICATE_FAILED";
  /** Its name among the runner's `predicates`; "when" for the target of `runUntil`. */
  readonly predicate: string;
  readonly sessionId: string;
  constructor(sessionId: string, predicate: string, cause: unknown, help: string) {
    super(`predicate "${predicate}" failed on session "${sessionId}"`, { cause, help });
    this.sessionId = sessionId;
    this.predicate = predicate;
  }
}

/** A checkpoint needs nodes or channels that the graph no longer has. */
export class GraphMismatchError extends SuperstepError {
  static readonly name = "GraphMismatchError";
  readonly code = "GRAPH_MISMATCH";
  readonly sessionId: string;
  readonly missingNodes: readonly string[];
  readonly missingChannels: readonly string[];
  /** Of a subgraph that is open in the session: the nodes that lead to it. Empty: of the session's own graph. */
  readonly path: readonly string[];
  /** `cause`: what a migration threw. */
  constructor(
    sessionId: string,
    {
      missingNodes,
      missingChannels,
      path,
      cause,
    }: Pick<GraphMismatchError, "missingNodes" | "missingChannels" | "path" | "cause">,
  ) {
    const missing = [...missingNodes.map((n) => `node "${n}"`), ...missingChannels.map((c) => `channel "${c}"`)].join(
      ", ",
    );
    const graph = path.length === 0 ? "the graph" : `the graph within "${path.join(" / ")}"`;
    const what =
      cause === undefined ? `needs ${missing}, which ${graph} does not have` : `could not be migrated to ${graph}`;
    super(`session "${sessionId}" ${what}`, {
      help: "run it with the graph that made it, bring back what is missing, or mend the runner's `migrate`",
      ...(cause !== undefined && { cause }),
    });
    this.sessionId = sessionId;
    this.missingNodes = missingNodes;
    this.missingChannels = missingChannels;
    this.path = path;
  }
}

/** A session was to go on with another configuration than the one it runs with. */
export class ConfigMismatchError extends SuperstepError {
  static readonly name = "ConfigMismatchError";
  readonly code = "CONFIG_MISMATCH";
  readonly sessionId: string;
  /** The fields that differ, or are missing. */
  readonly fields: readonly string[];
  constructor(sessionId: string, fields: readonly string[]) {
    super(`session "${sessionId}" runs with another configuration: ${fields.join(", ")}`, {
      help: "pass the `config` that it began with, name what may change in the runner's `freeConfig`, or pass `allowConfigChange: true`",
    });
    this.sessionId = sessionId;
    this.fields = fields;
  }
}
