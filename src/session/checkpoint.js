/** The format that this version writes (T4). */
export const FORMAT = 1;
/** Names a checkpoint everywhere. */
export function checkpointId(incarnation, seq) {
    return `${incarnation}-${seq}`;
}
/** The id of the checkpoint that this one builds on. */
export function parentIdOf({ incarnation, parentSeq, forkedFrom }) {
    if (forkedFrom !== undefined)
        return checkpointId(forkedFrom.incarnation, forkedFrom.seq);
    return parentSeq === undefined ? undefined : checkpointId(incarnation, parentSeq);
}
/** What a checkpoint's id names; undefined for what never was one. */
export function parseCheckpointId(id) {
    const [, incarnation, digits] = /^([0-9a-z]+)-([1-9]\d*)$/.exec(id) ?? [];
    return incarnation === undefined ? undefined : { incarnation, seq: Number(digits) };
}
/** Names an interrupt everywhere. */
export function interruptId(incarnation, number) {
    return `${incarnation}-i${number}`;
}
/** Whether an interrupt of that id was ever issued to the session. */
export function wasIssued(incarnation, issued, id) {
    const prefix = `${incarnation}-i`;
    if (!id.startsWith(prefix))
        return false;
    const digits = id.slice(prefix.length);
    const number = Number(digits);
    return number >= 1 && number <= issued && String(number) === digits;
}
/** Names a task by its place in a frontier. The short end first: an engine keeps what is joined piece by piece as many pieces. */
export function taskId(incarnation, seq, place) {
    const end = `-${seq}.${place}`;
    return `${incarnation}${end}`;
}
/** Gives each target of a frontier its place: an id that is unique within the session. */
export function tasksOf(targets, incarnation, seq) {
    const tasks = targets.map((target, place) => {
        const id = taskId(incarnation, seq, place);
        return typeof target === "string"
            ? Object.freeze({ id, node: target })
            : Object.freeze({ id, node: target.node, input: target.input });
    });
    return Object.freeze(tasks);
}
/** Where a task leads, without its place. */
export function targetOf(task) {
    return "input" in task ? { node: task.node, input: task.input } : task.node;
}
/** The checkpoint as history keeps it: without its ephemeral values. */
export function withoutEphemeral(checkpoint) {
    if (checkpoint.ephemeral.length === 0)
        return checkpoint;
    const gone = new Set(checkpoint.ephemeral);
    const state = Object.fromEntries(Object.entries(checkpoint.state).map(([name, value]) => [name, gone.has(name) ? undefined : value]));
    const deltas = checkpoint.deltas.filter(({ channel }) => !gone.has(channel));
    return { ...checkpoint, state: Object.freeze(state), ephemeral: [], deltas };
}
