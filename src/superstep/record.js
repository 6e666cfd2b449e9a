/** Names a record within its checkpoint; a record replaces an earlier one of the same key. */
export function recordKey(record) {
    if (record.kind === "result")
        return `${record.taskId}|result`;
    return record.kind === "interrupt"
        ? `${record.taskId}|interrupt|${record.index}`
        : `${record.taskId}|once|${record.key}`;
}
/** The memory of every task that has one; undefined when there is none at all. */
export function memoriesOf(records) {
    if (records.length === 0)
        return undefined;
    const byTask = new Map();
    for (const record of records) {
        const list = byTask.get(record.taskId);
        if (list === undefined)
            byTask.set(record.taskId, [record]);
        else
            list.push(record);
    }
    return new Map([...byTask].map(([taskId, list]) => [taskId, memoryOf(list)]));
}
function memoryOf(records) {
    const interrupts = [];
    const memos = new Map();
    let outcome;
    for (const record of records) {
        if (record.kind === "result")
            outcome = record.outcome;
        else if (record.kind === "once")
            memos.set(record.key, record.value);
        else
            interrupts[record.index] = record;
    }
    return { interrupts, memos, ...(outcome && { outcome }) };
}
