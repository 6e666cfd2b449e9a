/**
 * The barrier: folds the results of a superstep into the state (B1–B8). Pure and atomic: it gives a new value or throws,
 * and what it was given is untouched by reference.
 */
import { ConcurrentWriteError, ReducerError, SerializationError, UnknownChannelError, } from "../errors.js";
import { diff } from "../state/diff.js";
import { checkSchema } from "../state/schema.js";
/** Throws UnknownChannelError, ConcurrentWriteError, ReducerError, ChannelSchemaError or SerializationError. */
export function applyBarrier(input) {
    const open = new Map();
    if (input.keepsEphemeral !== true) {
        for (const name of input.plan.ephemeral)
            if (read(input.state, name) !== undefined)
                openChannel(open, input, name);
    }
    for (const { task, outcome } of input.results) {
        for (const update of outcome.updates)
            writeUpdate(open, input, task, update);
    }
    return close(input, open);
}
function writeUpdate(open, input, task, update) {
    for (const name of Object.keys(update)) {
        const write = update[name];
        if (write !== undefined)
            writeTo(open.get(name) ?? openChannel(open, input, name, task), task, write);
    }
}
function openChannel(open, { plan, state }, name, task) {
    const channel = plan.channels.get(name);
    if (channel === undefined)
        throw new UnknownChannelError(name, task?.node ?? "", [...plan.channels.keys()]);
    const current = channel.ephemeral === true ? undefined : read(state, name);
    const fold = foldOf(name, channel, current, task);
    const opened = { name, channel, fold, deltas: [], writer: undefined };
    open.set(name, opened);
    return opened;
}
function foldOf(name, channel, current, task) {
    if (channel.fold === undefined)
        return foldByDiff(name, channel, current);
    try {
        return channel.fold(current);
    }
    catch (error) {
        throw refusal(name, task, error);
    }
}
/** The plain fold: reduce, then tell what changed by reference. */
function foldByDiff(name, channel, current) {
    let value = current;
    return {
        write(write) {
            const next = channel.reduce(value, write);
            const delta = diff(value, next, name);
            if (delta !== undefined)
                value = next;
            return delta;
        },
        finish: () => value,
    };
}
function writeTo(open, task, write) {
    if (open.channel.exclusive === true && open.writer !== undefined && open.writer !== task) {
        throw new ConcurrentWriteError(open.name, [open.writer.node, task.node]);
    }
    open.writer = task;
    try {
        const delta = open.fold.write(write);
        if (delta !== undefined)
            open.deltas.push({ task, channel: open.name, delta });
    }
    catch (error) {
        throw refusal(open.name, task, error);
    }
}
function finish({ name, fold, writer }) {
    try {
        return fold.finish();
    }
    catch (error) {
        throw refusal(name, writer, error);
    }
}
/** What a fold throws is a ReducerError, unless it made what cannot be stored, and the error says where. */
function refusal(channel, task, error) {
    return error instanceof SerializationError ? error : new ReducerError(channel, task?.node ?? "", error);
}
function close(input, open) {
    const state = { ...input.state };
    const versions = { ...input.versions };
    const changed = [];
    for (const opened of open.values()) {
        const { name, channel } = opened;
        const value = finish(opened);
        if (channel.schema !== undefined)
            checkSchema(name, channel.schema, value);
        if (Object.is(value, read(input.state, name)))
            continue;
        state[name] = value;
        versions[name] = (Object.hasOwn(versions, name) ? (versions[name] ?? 0) : 0) + 1;
        changed.push(opened);
    }
    if (changed.length === 0)
        return { state: input.state, versions: input.versions, deltas: [], updatedChannels: [] };
    return {
        state: Object.freeze(state),
        versions: Object.freeze(versions),
        deltas: deltasOf(changed),
        updatedChannels: changed.map(({ name }) => name),
    };
}
/** Lists that live on are copied, so that none keeps the spare room that a list has which grew. */
function deltasOf(changed) {
    const [only] = changed;
    return changed.length === 1 && only !== undefined ? only.deltas.slice() : changed.flatMap(({ deltas }) => deltas);
}
function read(state, name) {
    return state[name];
}
