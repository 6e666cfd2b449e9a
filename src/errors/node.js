/** What a node can do wrong while it runs. */
import { SuperstepError } from "./base.js";
import { recordOf } from "./record.js";
/** A node failed after its retries. `cause` is what the first failed node threw; `failures` lists all, in frontier order. */
export class NodeError extends SuperstepError {
    code = "NODE_FAILED";
    node;
    failures;
    constructor(first, failures) {
        const others = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
        super(`node "${first.task.node}" failed on attempt ${first.attempt}: ${recordOf(first.error).message}${others}`, {
            cause: first.error,
            help: "mend what `cause` says and run the session again; results of finished siblings are kept",
        });
        this.node = first.task.node;
        this.failures = failures;
    }
}
/** The cause of a NodeError whose node took longer than its `timeoutMs`. */
export class NodeTimeoutError extends SuperstepError {
    code = "NODE_TIMEOUT";
    node;
    timeoutMs;
    constructor(node, timeoutMs) {
        super(`node "${node}" did not finish within ${timeoutMs} ms`, {
            help: "raise `timeoutMs`, or make the node heed `ctx.signal`",
        });
        this.node = node;
        this.timeoutMs = timeoutMs;
    }
}
/** The cause of a NodeError whose node was aborted and still did not settle within the grace period. */
export class NodeStuckError extends SuperstepError {
    code = "NODE_STUCK";
    node;
    graceMs;
    constructor(node, graceMs, cause) {
        super(`node "${node}" was aborted and did not settle within ${graceMs} ms`, {
            cause,
            help: "make the node heed `ctx.signal`; what it does from now on is ignored",
        });
        this.node = node;
        this.graceMs = graceMs;
    }
}
/** The cause of a NodeError whose node returned something that is no update and no Command. */
export class NodeResultError extends SuperstepError {
    code = "NODE_RESULT_INVALID";
    node;
    constructor(node, found) {
        super(`node "${node}" returned ${found}`, {
            help: "return an object of channel updates, a Command, a list of Commands, or nothing; wrap a Send in new Command({ goto })",
        });
        this.node = node;
    }
}
