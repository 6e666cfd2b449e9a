/** What came of a superstep's tasks as a whole: all finished, some failed, some asked, or it was aborted. Pure. */
import { NodeError } from "../errors.js";
/** A failure beats an abort's leftovers and every question (S6); errors name the first failure in frontier order. */
export function verdictOf({ settled }, aborted) {
    if (settled.every((one) => one.kind === "finished"))
        return { kind: "finished", results: settled };
    if (aborted)
        return { kind: "aborted" };
    const failures = settled.filter((one) => one.kind === "failed");
    const [first] = failures;
    if (first !== undefined) {
        const error = new NodeError(first, failures.map(({ task, attempt, error }) => ({ task, attempt, error })));
        return { kind: "failed", error, task: first.task, attempt: first.attempt };
    }
    const unstorable = settled.find((one) => one.kind === "unstorable");
    if (unstorable !== undefined)
        return { kind: "failed", error: unstorable.error, task: unstorable.task, attempt: unstorable.attempt };
    const asks = settled.filter((one) => one.kind === "asked");
    return asks.length > 0 ? { kind: "asked", asks } : { kind: "aborted" };
}
/** The results that are worth keeping when the superstep does not commit. */
export function finishedOf(settled) {
    return settled.filter((one) => one.kind === "finished");
}
