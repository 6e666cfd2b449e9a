import { applyDeltas } from "../state/delta.js";
import { sealStored } from "../state/seal.js";
import { NO_PROGRESS } from "../superstep/frontier.js";
import { targetOf, taskId, tasksOf } from "./checkpoint.js";
import { decode, encode } from "./codec.js";
import { READY } from "./status.js";
/** What changed. `parentFrontier`: when it is what ran, it is not written again. `whole`: a snapshot goes with it, in place of the deltas. */
export function encodeBody(checkpoint, { parentFrontier, whole = false } = {}) {
    const { incarnation, seq, frontier, progress, ran, note, ephemeral, forkedFrom, updatedChannels } = checkpoint;
    const body = {
        f: toStoredTasks(frontier, incarnation, seq),
        d: toStoredDeltas(checkpoint),
        g: checkpoint.fingerprint,
    };
    if (updatedChannels.length > 0)
        body.v = grown(checkpoint.versions, updatedChannels);
    if (progress !== NO_PROGRESS)
        body.p = progress;
    if (ran.length > 0 && ran !== parentFrontier)
        body.r = toStoredTasks(ran, incarnation, checkpoint.parentSeq ?? seq);
    if (!isPlain(note))
        body.n = note;
    if (ephemeral.length > 0)
        body.e = ephemeral;
    if (forkedFrom !== undefined)
        body.o = { incarnation: forkedFrom.incarnation, seq: forkedFrom.seq };
    if (whole)
        body.w = true;
    return encode(body);
}
/** The whole state, without what is ephemeral. */
export function encodeSnapshot({ state, versions, ephemeral, }) {
    if (ephemeral.length === 0)
        return encode([state, versions]);
    const entries = Object.entries(state);
    const lasting = entries.map(([name, value]) => [name, ephemeral.includes(name) ? undefined : value]);
    return encode([Object.fromEntries(lasting), versions]);
}
/** Throws when the body was not made by `encodeBody`. */
export function decodeRecord(record) {
    return { record, body: decode(record.body) };
}
/** Whether what ran stands only in the parent's record, as its frontier. */
export function needsParent({ record, body }) {
    return body.r === undefined && record.source === "step" && record.parentSeq !== undefined;
}
/** The channels whose values are no part of the record. */
export function ephemeralOf({ body }) {
    return body.e ?? [];
}
/** All but the state. `parent` is asked only when `needsParent`. Without ephemeral values. */
export function outlineOf(decoded, parent) {
    const { record, body } = decoded;
    const { body: _body, snapshot: _snapshot, ...columns } = record;
    const ran = ranOf(decoded, parent);
    const outline = {
        ...columns,
        ...(body.o && { forkedFrom: body.o }),
        fingerprint: body.g,
        ephemeral: [],
        frontier: fromStoredTasks(body.f, record.incarnation, record.seq),
        progress: body.p ?? NO_PROGRESS,
        ran,
        deltas: body.d.map(([writer, channel, ops]) => ({
            task: writerOf(writer, ran),
            channel,
            delta: ops.map(fromStoredOp),
        })),
        updatedChannels: Object.keys(body.v ?? {}),
        note: body.n ?? { status: READY, passed: [], issued: 0 },
    };
    sealStored(outline);
    return outline;
}
/** The states of the last so many records of a chain that begins with a snapshot, oldest first, sharing what did not change. */
export function lastStates(chain, count) {
    const [base, ...later] = chain;
    const oldest = chain.length - count;
    const states = [forward(wholeState(base), later.slice(0, oldest))];
    for (const record of later.slice(oldest))
        states.push(forward(states[states.length - 1], [record]));
    return states.map(freeze);
}
/** The body of a record that lives on without its parent. */
export function withRan(decoded, parent) {
    const { incarnation, seq } = parent.record;
    const ran = ranOf(decoded, () => parent);
    return encode({ ...decoded.body, r: toStoredTasks(ran, incarnation, seq) });
}
function ranOf(decoded, parent) {
    const { record, body } = decoded;
    if (body.r !== undefined)
        return fromStoredTasks(body.r, record.incarnation, record.parentSeq ?? record.seq);
    if (!needsParent(decoded))
        return [];
    const { record: former, body: before } = parent();
    return fromStoredTasks(before.f, former.incarnation, former.seq);
}
function wholeState({ record }) {
    const [state, versions] = decode(record.snapshot ?? "");
    return { state, versions };
}
/** The state after these records; deltas of one channel are applied together. */
function forward(former, records) {
    const start = records.findLastIndex(({ body }) => body.w === true);
    const base = start < 0 ? former : wholeState(records[start]);
    const state = { ...base.state };
    const byChannel = new Map();
    let { versions } = base;
    for (const { body } of records.slice(start + 1)) {
        for (const channel of clearedBy(body)) {
            state[channel] = undefined;
            byChannel.delete(channel);
        }
        for (const [, channel, ops] of body.d) {
            const list = byChannel.get(channel) ?? [];
            list.push(ops.map(fromStoredOp));
            byChannel.set(channel, list);
        }
        versions = { ...versions, ...body.v };
    }
    for (const [channel, deltas] of byChannel)
        state[channel] = applyDeltas(state[channel], deltas);
    return { state: state, versions };
}
/** Channels that changed without a delta: their values are gone, or are ephemeral. They may have been kept before the graph changed. */
function clearedBy({ v = {}, d, e = [] }) {
    return [...Object.keys(v).filter((channel) => !d.some(([, written]) => written === channel)), ...e];
}
function freeze({ state, versions }) {
    for (const value of Object.values(state))
        sealStored(value);
    return Object.freeze({ state: Object.freeze(state), versions: Object.freeze(versions) });
}
function isPlain({ status, passed, issued, trace }) {
    return status.kind === "ready" && passed.length === 0 && issued === 0 && trace === undefined;
}
function grown(versions, channels) {
    const grown = {};
    for (const channel of channels)
        grown[channel] = versions[channel] ?? 0;
    return grown;
}
function toStoredDeltas({ ran, deltas, ephemeral }) {
    const kept = ephemeral.length === 0 ? deltas : deltas.filter(({ channel }) => !ephemeral.includes(channel));
    let last = 0;
    return kept.map(({ task, channel, delta }) => {
        const place = placeOf(task, ran, last);
        last = place ?? last;
        return [place ?? [task.id, task.node], channel, delta.map(toStoredOp)];
    });
}
/** Writers come in the order in which they ran, channel by channel: the next one is mostly found at once. */
function placeOf({ id }, ran, last) {
    for (let ahead = 0; ahead < ran.length; ahead++) {
        const place = (last + ahead) % ran.length;
        if (ran[place]?.id === id)
            return place;
    }
    return undefined;
}
function toStoredTasks(tasks, incarnation, seq) {
    return tasks.map((task, place) => task.id === taskId(incarnation, seq, place) ? targetOf(task) : [task.id, targetOf(task)]);
}
function fromStoredTasks(stored, incarnation, seq) {
    const placed = tasksOf(stored.map(targetIn), incarnation, seq);
    if (!stored.some(hasId))
        return placed;
    return Object.freeze(placed.map((task, place) => {
        const one = stored[place];
        return hasId(one) ? Object.freeze({ ...task, id: one[0] }) : task;
    }));
}
function hasId(stored) {
    return Array.isArray(stored);
}
function targetIn(stored) {
    return hasId(stored) ? stored[1] : stored;
}
function writerOf(writer, ran) {
    if (typeof writer !== "number")
        return { id: writer[0], node: writer[1] };
    return ran[writer] ?? { id: "", node: "" };
}
const LETTERS = { add: "a", replace: "r", remove: "d", append: "p" };
function toStoredOp(op) {
    if (op.op === "append")
        return [LETTERS.append, op.path, op.items];
    return [LETTERS[op.op], op.path, op.op === "remove" ? undefined : op.value];
}
function fromStoredOp([letter, path, value]) {
    if (letter === "p")
        return { op: "append", path, items: value };
    if (letter === "d")
        return { op: "remove", path };
    return { op: letter === "a" ? "add" : "replace", path, value };
}
