/** What is wrong with a graph before anything runs. */
import { SuperstepError } from "./base.js";

/** One thing that is wrong with a graph, and what to do about it. */
export interface GraphIssue {
  readonly kind: string;
  readonly message: string;
  readonly help: string;
}

/** A graph that cannot run; thrown by `compile()` with every issue it found. */
export class GraphValidationError extends SuperstepError {
  static readonly name = "GraphValidationError";
  readonly code = "GRAPH_INVALID";
  readonly issues: readonly GraphIssue[];
  constructor(graph: string, issues: readonly GraphIssue[]) {
    const lines = issues.map((issue) => `\n  - ${issue.message}: ${issue.help}`).join("");
    super(`graph "${graph}" has ${issues.length} issue${issues.length === 1 ? "" : "s"}${lines}`, {
      help: "mend every listed issue and compile again",
    });
    this.issues = issues;
  }
}
