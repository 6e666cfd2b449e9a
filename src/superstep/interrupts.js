/** Pauses: which option stops at a boundary (P1), which questions are open, and which answer belongs to which (P3). Pure. */
import { InterruptAnswerError } from "../errors.js";
/** `interruptBefore`: the first match in frontier order. */
export function pauseBefore(options, frontier) {
    const task = firstMatch(options.interruptBefore, frontier);
    return task && { kind: "beforeNode", node: task.node };
}
/** `interruptAfter`: the first match among what ran; then `interruptEachStep`. */
export function pauseAfter(options, ran, step) {
    const task = firstMatch(options.interruptAfter, ran);
    if (task !== undefined)
        return { kind: "afterNode", node: task.node };
    return options.interruptEachStep === true ? { kind: "afterStep", step } : undefined;
}
function firstMatch(nodes, tasks) {
    if (nodes === undefined || tasks.length === 0)
        return undefined;
    return nodes === "*" ? tasks[0] : tasks.find((task) => nodes.includes(task.node));
}
/** The questions that have no answer yet, in order of their records. */
export function openInterrupts(records) {
    return records.filter((record) => record.kind === "interrupt" && record.answer === undefined);
}
/** What callers see of an open question. */
export function toPending({ id, node, taskId, payload }) {
    return { id, node, taskId, payload };
}
/** Records for the questions asked in a superstep, in frontier order. One that was asked before keeps its id. */
export function recordAsks(asks, known, freshId) {
    return asks.map(({ task, ask }) => {
        const former = known.find((record) => record.kind === "interrupt" && record.taskId === task.id && record.index === ask.index);
        const id = former?.id ?? freshId();
        return { kind: "interrupt", taskId: task.id, node: task.node, index: ask.index, id, payload: ask.payload };
    });
}
/**
 * The open records that an answer answers, answered. A record is read as ids iff one of its keys was ever issued to this session.
 * Throws InterruptAnswerError for no answer, an unknown or used id, or a bare answer while several are open.
 */
export function matchAnswer(open, answer, wasIssued) {
    if (answer === undefined)
        throw new InterruptAnswerError("no answer was given", open);
    const byId = answersById(answer, wasIssued);
    if (byId === undefined) {
        const [only, another] = open;
        if (only === undefined || another !== undefined)
            throw new InterruptAnswerError(`one answer was given for ${open.length} interrupts`, open);
        return [{ ...only, answer: { value: answer } }];
    }
    return byId.map(([id, value]) => {
        const asked = open.find((record) => record.id === id);
        if (asked === undefined)
            throw new InterruptAnswerError(`interrupt "${id}" is not open`, open);
        if (value === undefined)
            throw new InterruptAnswerError(`no answer was given for interrupt "${id}"`, open);
        return { ...asked, answer: { value } };
    });
}
function answersById(answer, wasIssued) {
    if (typeof answer !== "object" || answer === null || Array.isArray(answer))
        return undefined;
    const entries = Object.entries(answer);
    return entries.some(([key]) => wasIssued(key)) ? entries : undefined;
}
