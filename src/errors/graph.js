/** What is wrong with a graph before anything runs. */
import { SuperstepError } from "./base.js";
/** A graph that cannot run; thrown by `compile()` with every issue it found. */
export class GraphValidationError extends SuperstepError {
    code = "GRAPH_INVALID";
    issues;
    constructor(graph, issues) {
        const lines = issues.map((issue) => `\n  - ${issue.message}: ${issue.help}`).join("");
        super(`graph "${graph}" has ${issues.length} issue${issues.length === 1 ? "" : "s"}${lines}`, {
            help: "mend every listed issue and compile again",
        });
        this.issues = issues;
    }
}
