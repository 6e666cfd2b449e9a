/** What can be wrong with results: at the barrier, on the way to the next frontier, and with values nobody can store. */
import { type ErrorContext, SuperstepError } from "./base.js";
import { recordOf, type TaskRef } from "./record.js";

/** Writers that are no nodes: what a session begins with, and edits of it from outside. */
const OUTSIDE: Readonly<Record<string, string>> = { __start__: "the input", __update__: "the update" };

function nameOf(writer: TaskRef | undefined): string {
  if (writer === undefined) return "the graph";
  return Object.hasOwn(OUTSIDE, writer.node) ? `${OUTSIDE[writer.node]}` : `node "${writer.node}"`;
}

/** A reducer threw, or refused what was written to it. */
export class ReducerError extends SuperstepError {
  static readonly name = "ReducerError";
  readonly code = "REDUCER_FAILED";
  readonly channel: string;
  /** Whose write it was; of several that a fold took together, the last one's. */
  readonly task: TaskRef | undefined;
  constructor(channel: string, task: TaskRef | undefined, cause: unknown) {
    super(`reducer of channel "${channel}" failed on a write by ${nameOf(task)}: ${recordOf(cause).message}`, {
      cause,
      help: "mend the reducer or the write and run the session again; no node runs twice",
    });
    this.channel = channel;
    this.task = task;
  }
}

/** Two tasks of one superstep wrote a channel that takes one writer. */
export class ConcurrentWriteError extends SuperstepError {
  static readonly name = "ConcurrentWriteError";
  readonly code = "CONCURRENT_WRITE";
  readonly channel: string;
  readonly nodes: readonly string[];
  /** The second of them. */
  readonly task: TaskRef;
  constructor(channel: string, first: TaskRef, second: TaskRef) {
    const nodes = [first.node, second.node];
    const writers =
      first.node === second.node ? `two tasks of "${first.node}"` : `"${first.node}" and "${second.node}"`;
    super(`channel "${channel}" was written by ${writers} in one superstep`, {
      help: "give the channel a reducer (append, merge, sum, reducer), or let one node write it",
    });
    this.channel = channel;
    this.nodes = nodes;
    this.task = second;
  }
}

/** An update named a channel that the graph does not have. */
export class UnknownChannelError extends SuperstepError {
  static readonly name = "UnknownChannelError";
  readonly code = "UNKNOWN_CHANNEL";
  readonly channel: string;
  readonly task: TaskRef | undefined;
  constructor(channel: string, task: TaskRef | undefined, known: readonly string[]) {
    super(`${nameOf(task)} wrote to unknown channel "${channel}"`, {
      help: `declare it, or write one of: ${known.join(", ")}`,
    });
    this.channel = channel;
    this.task = task;
  }
}

/** A channel's schema refused its value. */
export class ChannelSchemaError extends SuperstepError {
  static readonly name = "ChannelSchemaError";
  readonly code = "CHANNEL_INVALID";
  readonly channel: string;
  readonly issues: readonly { readonly message: string; readonly path: string }[];
  constructor(
    channel: string,
    issues: readonly { readonly message: string; readonly path: string }[],
    context: { readonly cause?: unknown } = {},
  ) {
    const first = issues[0];
    super(`channel "${channel}" was refused by its schema${first ? ` at "${first.path}": ${first.message}` : ""}`, {
      ...context,
      help: "write a value that the schema takes; no node runs twice",
    });
    this.channel = channel;
    this.issues = issues;
  }
}

/** A route led nowhere (ROUTE_UNKNOWN_TARGET), or a route function threw (ROUTE_FAILED, with `cause`). */
export class RouteError extends SuperstepError {
  static readonly name = "RouteError";
  readonly code: "ROUTE_UNKNOWN_TARGET" | "ROUTE_FAILED";
  readonly origin: string;
  readonly target: string | undefined;
  private constructor(
    code: RouteError["code"],
    message: string,
    at: { origin: string; target?: string } & ErrorContext,
  ) {
    super(message, at);
    this.code = code;
    this.origin = at.origin;
    this.target = at.target;
  }
  /** `origin` asked for a node that is not there. */
  static unknownTarget(origin: string, target: string, allowed: readonly string[]): RouteError {
    const help = `go to one of: ${allowed.join(", ")}`;
    return new RouteError("ROUTE_UNKNOWN_TARGET", `node "${origin}" leads to unknown target "${target}"`, {
      origin,
      target,
      help,
    });
  }
  /** `origin` led to a node that is there, and that it does not declare among its targets. */
  static undeclaredTarget(origin: string, target: string, declared: readonly string[]): RouteError {
    const add = `add it to the node's \`ends\`, or to the targets of its conditional edges`;
    const help = `${add}; declared: ${declared.join(", ") || "none"}`;
    const message = `node "${origin}" leads to "${target}", which it does not declare`;
    return new RouteError("ROUTE_UNKNOWN_TARGET", message, { origin, target, help });
  }
  /** The conditional edge of `origin` threw, or answered with something that is no target. */
  static failed(origin: string, cause: unknown): RouteError {
    const help = "mend the route function and run the session again; no node runs twice";
    return new RouteError("ROUTE_FAILED", `conditional edge of "${origin}" failed: ${recordOf(cause).message}`, {
      origin,
      cause,
      help,
    });
  }
}

/** Nothing is left to run and a join still waits for sources that will not come. */
export class JoinStalledError extends SuperstepError {
  static readonly name = "JoinStalledError";
  readonly code = "JOIN_STALLED";
  readonly join: string;
  readonly waitingFor: readonly string[];
  constructor(join: string, waitingFor: readonly string[]) {
    super(
      `join into "${join}" still waits for ${waitingFor.map((node) => `"${node}"`).join(", ")} and nothing is left to run`,
      {
        help: "let every source of the join run, or lead the branch that skips one to END",
      },
    );
    this.join = join;
    this.waitingFor = waitingFor;
  }
}

/** A value that cannot be stored without loss, or not be read back; `path` says where it stands (`messages[3].onClick`). */
export class SerializationError extends SuperstepError {
  static readonly name = "SerializationError";
  readonly code = "NOT_SERIALIZABLE";
  readonly path: string;
  constructor(path: string, found: string, context: ErrorContext & { readonly why?: string } = {}) {
    const { why = "which cannot be stored without loss", help = STORABLE, ...rest } = context;
    super(`${path} is ${found}, ${why}`, { ...rest, help });
    this.path = path;
  }
}

const STORABLE =
  "write plain data (objects, lists, Date, Map, Set, bigint, typed arrays, Buffer, URL, RegExp, errors of the language), " +
  "name the class with registerClass, or leave the value out";
