/** Input: the first checkpoint of a session, or the next invocation of one that stands. Folded through the reducers; no superstep. */
import { START } from "../graph/target.js";
import { tasksOf } from "../session/checkpoint.js";
import { seal } from "../state/seal.js";
import { applyBarrier } from "../superstep/barrier.js";
import { NO_PROGRESS } from "../superstep/frontier.js";
import { freshIncarnation, makeCheckpoint } from "./checkpointing.js";
import { leave, noteBehind, writeResult } from "./editing.js";
const NO_VERSIONS = Object.freeze({});
/** The checkpoint that an invocation begins with. Throws what the barrier and the routes of START throw, and RunAbortedError. */
export async function firstCheckpoint(engine, invocation) {
    const { sessionId, former, input, entry } = invocation;
    const { plan } = engine;
    const incarnation = former?.checkpoint.incarnation ?? freshIncarnation(engine.random, sessionId);
    const seq = (former?.checkpoint.seq ?? 0) + 1;
    const result = writeResult({ id: `${incarnation}-${seq}.input`, node: START }, "input", input);
    const state = former?.checkpoint.state ?? initialState(engine);
    const versions = former?.checkpoint.versions ?? NO_VERSIONS;
    const barrier = applyBarrier({ plan, state, versions, results: [result] });
    const frontier = entry === undefined
        ? await leave(engine, { ...invocation, result, state: barrier.state, progress: NO_PROGRESS })
        : { targets: [entry], progress: NO_PROGRESS, end: undefined };
    const place = {
        sessionId,
        incarnation,
        seq,
        parentSeq: former?.checkpoint.seq,
        source: "input",
        step: former?.checkpoint.step ?? 0,
        frontier: tasksOf(frontier.targets, incarnation, seq),
        progress: frontier.progress,
        ran: [],
    };
    return makeCheckpoint(engine, place, barrier, noteBehind(frontier, former?.note.issued ?? 0));
}
function initialState({ plan }) {
    const state = {};
    for (const [name, channel] of plan.channels) {
        const value = channel.initial();
        seal(value, [name]);
        state[name] = value;
    }
    return Object.freeze(state);
}
