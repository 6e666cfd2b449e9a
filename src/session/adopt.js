/** What is stored under the graph of today (T4): migrated if the caller knows how, and accepted while all that it needs still exists. */
import { GraphMismatchError } from "../errors.js";
import { seal } from "../state/seal.js";
import { migrateCheckpoint } from "./migration.js";
import { READY } from "./status.js";
/** Throws GraphMismatchError naming what is missing, after the migration too; SerializationError for migrated state that cannot be stored. */
export function adopt(checkpoint, plan, migrate) {
    if (checkpoint.fingerprint === plan.fingerprint)
        return { checkpoint: checkpoint, isRebased: false };
    const migrated = migrate === undefined ? checkpoint : migrateCheckpoint(migrate, checkpoint);
    checkMissing(migrated, plan);
    const joins = Object.fromEntries(Object.entries(migrated.progress.joins).filter(([id]) => plan.joins.has(id)));
    const state = withNewChannels(migrated.state, plan);
    return {
        checkpoint: { ...migrated, state, progress: { ...migrated.progress, joins } },
        isRebased: state !== checkpoint.state,
    };
}
/** The same for a whole session: what is kept of a task goes with the task, and is gone where the task is. */
export function adoptSession(stored, plan, migrate) {
    const adopted = adopt(stored.checkpoint, plan, migrate);
    const { frontier } = adopted.checkpoint;
    if (frontier === stored.checkpoint.frontier && stored.records.length === 0)
        return { ...stored, ...adopted };
    const nodes = new Map(frontier.map(({ id, node }) => [id, node]));
    return { ...adopted, note: noteOf(stored.note, nodes), records: stored.records.flatMap((one) => moved(one, nodes)) };
}
/** Nobody waits for the answer to a question whose task is gone. */
function noteOf(note, nodes) {
    const { status } = note;
    if (status.kind !== "paused" || status.reason.kind !== "interrupt")
        return note;
    const interrupts = status.reason.interrupts.flatMap((one) => moved(one, nodes));
    return {
        ...note,
        status: interrupts.length === 0 ? READY : { ...status, reason: { kind: "interrupt", interrupts } },
    };
}
function moved(kept, nodes) {
    const node = nodes.get(kept.taskId);
    if (node === undefined)
        return [];
    return ["node" in kept && kept.node !== node ? { ...kept, node } : kept];
}
function checkMissing(checkpoint, plan) {
    const waiting = [...checkpoint.frontier.map(({ node }) => node), ...checkpoint.progress.deferred.map(nameOf)];
    const missingNodes = [...new Set(waiting)].filter((node) => !plan.nodes.has(node));
    const missingChannels = Object.keys(checkpoint.state).filter((channel) => !plan.channels.has(channel));
    if (missingNodes.length + missingChannels.length > 0) {
        throw new GraphMismatchError(checkpoint.sessionId, missingNodes, missingChannels);
    }
}
function nameOf(target) {
    return typeof target === "string" ? target : target.node;
}
/** The same state when no channel is new. */
function withNewChannels(state, plan) {
    const added = {};
    for (const [name, channel] of plan.channels) {
        if (Object.hasOwn(state, name))
            continue;
        added[name] = channel.initial();
        seal(added[name], [name]);
    }
    if (Object.keys(added).length === 0)
        return state;
    return Object.freeze({ ...state, ...added });
}
