/** What can be wrong with results: at the barrier, on the way to the next frontier, and with values nobody can store. */
import { SuperstepError } from "./base.js";
import { recordOf } from "./record.js";
/** A reducer threw, or refused what was written to it. */
export class ReducerError extends SuperstepError {
    code = "REDUCER_FAILED";
    channel;
    constructor(channel, node, cause) {
        super(`reducer of channel "${channel}" failed on a write by node "${node}": ${recordOf(cause).message}`, {
            cause,
            help: "mend the reducer or the write and run the session again; no node runs twice",
        });
        this.channel = channel;
    }
}
/** Two tasks of one superstep wrote a channel that takes one writer. */
export class ConcurrentWriteError extends SuperstepError {
    code = "CONCURRENT_WRITE";
    channel;
    nodes;
    constructor(channel, nodes) {
        super(`channel "${channel}" was written by ${nodes.map((node) => `"${node}"`).join(" and ")} in one superstep`, {
            help: "give the channel a reducer (append, merge, sum, reducer), or let one node write it",
        });
        this.channel = channel;
        this.nodes = nodes;
    }
}
/** An update named a channel that the graph does not have. */
export class UnknownChannelError extends SuperstepError {
    code = "UNKNOWN_CHANNEL";
    channel;
    constructor(channel, node, known) {
        super(`node "${node}" wrote to unknown channel "${channel}"`, {
            help: `declare it, or write one of: ${known.join(", ")}`,
        });
        this.channel = channel;
    }
}
/** A channel's schema refused its value. */
export class ChannelSchemaError extends SuperstepError {
    code = "CHANNEL_INVALID";
    channel;
    issues;
    constructor(channel, issues, context = {}) {
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
    code;
    origin;
    target;
    constructor(code, message, at) {
        super(message, at);
        this.code = code;
        this.origin = at.origin;
        this.target = at.target;
    }
    /** `origin` asked for a node that is not there, or not among its declared targets. */
    static unknownTarget(origin, target, allowed) {
        const help = `go to one of: ${allowed.join(", ")}`;
        return new RouteError("ROUTE_UNKNOWN_TARGET", `node "${origin}" leads to unknown target "${target}"`, {
            origin,
            target,
            help,
        });
    }
    /** The conditional edge of `origin` threw, or answered with something that is no target. */
    static failed(origin, cause) {
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
    code = "JOIN_STALLED";
    join;
    waitingFor;
    constructor(join, waitingFor) {
        super(`join into "${join}" still waits for ${waitingFor.map((node) => `"${node}"`).join(", ")} and nothing is left to run`, {
            help: "let every source of the join run, or lead the branch that skips one to END",
        });
        this.join = join;
        this.waitingFor = waitingFor;
    }
}
/** A value that cannot be stored without loss, or not be read back; `path` says where it stands (`messages[3].onClick`). */
export class SerializationError extends SuperstepError {
    code = "NOT_SERIALIZABLE";
    path;
    constructor(path, found, context = {}) {
        const { why = "which cannot be stored without loss", help = STORABLE, ...rest } = context;
        super(`${path} is ${found}, ${why}`, { ...rest, help });
        this.path = path;
    }
}
const STORABLE = "write plain data (objects, lists, Date, Map, Set, bigint, typed arrays, Buffer, URL, RegExp, errors of the language), " +
    "name the class with registerClass, or leave the value out";
