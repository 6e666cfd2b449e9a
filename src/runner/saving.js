/** What a run writes, and when (C1, C3). Whatever is written moves the run's standing along. */
import { crashPoint } from "../crash-point.js";
import { withoutEphemeral } from "../session/checkpoint.js";
import { recordKey } from "../superstep/record.js";
import { after } from "../superstep/thenable.js";
import { SPANS, within } from "./telemetry.js";
const NO_RECORDS = Object.freeze([]);
/** Commits a superstep. Under `durability: "exit"` one that goes straight on is held back until the run stops. */
export function commit(run, checkpoint) {
    const whole = run.unsaved === undefined ? checkpoint : squash(run.unsaved, checkpoint);
    if (run.engine.durability === "exit" && checkpoint.note.status.kind === "ready") {
        run.unsaved = whole;
        return stand(run, checkpoint);
    }
    return after(write(run, whole), () => stand(run, checkpoint));
}
/** Writes a note and records beside the head; supersteps that were held back go first. */
export async function annotate(run, note, records, options = {}) {
    const { checkpoint } = run.standing;
    if (run.unsaved !== undefined)
        await write(run, run.unsaved);
    const { sessionId, incarnation, seq } = checkpoint;
    const { engine, fence } = run;
    const at = engine.clock.now();
    crashPoint(note === undefined ? "pending.before" : "note.before");
    await engine.store.annotate({ sessionId, incarnation, seq, fence, records, at, ...(note && { note }), ...options });
    crashPoint(note === undefined ? "pending.after" : "note.after");
    const former = options.discardResults === true
        ? run.standing.records.filter(({ kind }) => kind !== "result")
        : run.standing.records;
    run.standing = { ...run.standing, note: note ?? run.standing.note, records: upsert(former, records) };
}
function write(run, checkpoint) {
    const attributes = () => ({ step: checkpoint.step });
    run.unsaved = undefined;
    return within(run.scope, SPANS.checkpoint, attributes, (span) => {
        const { engine, fence, isRebased } = run;
        return after(engine.store.commit(checkpoint, { fence, whole: isRebased }), (bytes) => {
            run.isRebased = false;
            span?.set({ bytes });
        });
    });
}
function stand(run, checkpoint) {
    run.standing = { checkpoint, note: checkpoint.note, records: NO_RECORDS };
}
/** Several supersteps as one checkpoint: the deltas of all, the state of the last. */
function squash(former, last) {
    const { parentSeq, ran, deltas, updatedChannels } = withoutEphemeral(former);
    return {
        ...last,
        parentSeq,
        ran: [...ran, ...last.ran],
        deltas: [...deltas, ...last.deltas],
        updatedChannels: [...new Set([...updatedChannels, ...last.updatedChannels])],
    };
}
function upsert(former, records) {
    if (records.length === 0)
        return former;
    const byKey = new Map(former.map((record) => [recordKey(record), record]));
    for (const record of records)
        byKey.set(recordKey(record), record);
    return [...byKey.values()];
}
