/**
 * Edits of a session from outside of its supersteps: an update of its state, and a fork (T2). Written through the reducers, as if a node
 * had returned it; whoever is named as that node decides who runs next.
 */
import { InvalidOptionError, JoinStalledError, recordOf, UnknownNodeError } from "../errors.js";
import { targetOf, tasksOf } from "../session/checkpoint.js";
import { READY } from "../session/status.js";
import { seal } from "../state/seal.js";
import { applyBarrier } from "../superstep/barrier.js";
import { computeNextFrontier } from "../superstep/frontier.js";
import { askRoutes } from "../superstep/routes.js";
import { isThenable } from "../superstep/thenable.js";
import { unlessAborted } from "./cancellation.js";
import { freshIncarnation, makeCheckpoint } from "./checkpointing.js";
/** Who writes when nobody is named. */
const NOBODY = "__update__";
/** The checkpoint after an update. Its step is that of the checkpoint it builds on. Throws what the barrier and the routes throw, and UnknownNodeError. */
export async function updatedCheckpoint(engine, { checkpoint: former, note }, edit) {
    const { sessionId, incarnation, step } = former;
    const seq = former.seq + 1;
    const task = { id: `${incarnation}-${seq}.update`, node: edit.asNode ?? NOBODY };
    const { barrier, frontier } = await write(engine, former, task, edit);
    const place = { sessionId, incarnation, seq, parentSeq: former.seq, source: "update", step, ran: [] };
    if (frontier === undefined) {
        const { frontier: tasks, progress } = former;
        return makeCheckpoint(engine, { ...place, frontier: tasks, progress }, barrier, note);
    }
    const tasks = tasksOf(frontier.targets, incarnation, seq);
    const behind = noteBehind(frontier, note.issued);
    return makeCheckpoint(engine, { ...place, frontier: tasks, progress: frontier.progress }, barrier, behind);
}
/** The first checkpoint of a new session that starts where another one stood. It asks and runs for itself: what was asked or kept there stays there. */
export async function forkedCheckpoint(engine, origin, edit) {
    const incarnation = freshIncarnation(engine.random, edit.as);
    const seq = origin.seq + 1;
    const task = { id: `${incarnation}-${seq}.fork`, node: edit.asNode ?? NOBODY };
    const { barrier, frontier } = await write(engine, origin, task, edit);
    const { targets, progress } = frontier ?? { targets: origin.frontier.map(targetOf), progress: origin.progress };
    const place = {
        sessionId: edit.as,
        incarnation,
        seq,
        parentSeq: undefined,
        forkedFrom: { incarnation: origin.incarnation, seq: origin.seq },
        source: "fork",
        step: origin.step,
        frontier: tasksOf(targets, incarnation, seq),
        progress,
        ran: [],
    };
    const note = frontier === undefined ? asForked(origin.note) : noteBehind(frontier, 0);
    return makeCheckpoint(engine, place, barrier, note);
}
/** A write from outside as the result of a task. Throws InvalidOptionError and SerializationError. */
export function writeResult(task, option, write) {
    const updates = write === undefined ? [] : [checkWrite(option, write)];
    return { task: Object.freeze(task), outcome: { updates, routes: [] } };
}
/** Who runs after a task that left by its edges. */
export async function leave({ plan }, from) {
    const { sessionId, result, state, progress, cancellation } = from;
    const asked = askRoutes(plan, [result], state);
    const answers = isThenable(asked) ? await unlessAborted(cancellation, sessionId, asked) : asked;
    return computeNextFrontier({ plan, results: [result], answers, progress });
}
/** The note of a session that stands before a new frontier. */
export function noteBehind({ end }, issued) {
    return { status: statusBehind(end), passed: [], issued };
}
function statusBehind(end) {
    if (end === undefined)
        return READY;
    if (end.kind !== "stalled")
        return { kind: "completed", endedBy: end.kind };
    return { kind: "failed", error: recordOf(new JoinStalledError(end.join, end.waitingFor)) };
}
async function write(engine, { sessionId, state, versions, progress }, task, { update, asNode, cancellation }) {
    const { plan } = engine;
    if (asNode !== undefined && !plan.nodes.has(asNode))
        throw new UnknownNodeError(asNode, "asNode", [...plan.nodes.keys()]);
    const result = writeResult(task, "update", update);
    const barrier = applyBarrier({ plan, state, versions, results: [result], keepsEphemeral: true });
    if (asNode === undefined)
        return { barrier, frontier: undefined };
    return {
        barrier,
        frontier: await leave(engine, { sessionId, result, state: barrier.state, progress, cancellation }),
    };
}
/** A pause, a question or a failed task belongs to the session that met it; an end does not. */
function asForked({ status }) {
    const isFinal = status.kind === "completed" || (status.kind === "failed" && status.error.code === "JOIN_STALLED");
    return { status: isFinal ? status : READY, passed: [], issued: 0 };
}
function checkWrite(option, write) {
    const prototype = typeof write === "object" && write !== null ? Object.getPrototypeOf(write) : write;
    const isPlain = prototype === null || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null);
    if (write === null || !isPlain) {
        throw new InvalidOptionError(option, "is no record of channel writes", "pass { [channel]: write }");
    }
    seal(write);
    return write;
}
